"""The step that switches words of questions and answers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from sdrrl_data.protocols import Advance, Aligner
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.steps import aligner, code_switching
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import TargetStep, Work, each


@dataclass(frozen=True, kw_only=True)
class CodeSwitchingStep(TargetStep):
    """Switches words with the help of an aligner. If the aligner learns, `learned` names the table for that."""

    version: ClassVar[int] = 3

    @property
    def settings(self) -> Any:
        """What to switch, and the model or dictionary behind the aligner."""
        settings = self.recipe.code_switching.shaping()
        identity = self.target.aligner.identity() if self.target.aligner else None
        return [settings, identity, self.recipe.seed]

    @property
    def schema(self) -> Schema:
        """See `code_switching.SCHEMA`."""
        return code_switching.SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the aligner, once per growth."""
        with ExitStack() as stack:

            @lru_cache(maxsize=1)
            def aligner_after(growth: int) -> Aligner:
                return stack.enter_context(aligner.learned(self, run, growth))

            def switch(task: Task) -> Part:
                seeds, answers, translations = task.tables
                switched = code_switching.switch(
                    seeds,
                    answers,
                    translations,
                    aligner_after(self.growth_of(task.part)),
                    self.recipe.code_switching,
                    self.src,
                    self.tgt,
                    self.recipe.seed,
                )
                advance(translations.height)
                return Part(switched, NOTHING_SET_ASIDE)

            yield each(switch)
