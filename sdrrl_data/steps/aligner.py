"""What a word aligner learns from a run: once per growth, so that a resumed run switches the same words."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import polars as pl

from sdrrl_data import alignment
from sdrrl_data.errors import FileDamaged
from sdrrl_data.protocols import Advance, Aligner
from sdrrl_data.recipe import Recipe
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, Task
from sdrrl_data.steps import code_switching
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import Needs, TargetStep, Work, each
from sdrrl_data.steps.target import Target

SCHEMA: Schema = {"file": pl.String, "content": pl.Binary}  # the files that the aligner saves


@dataclass(frozen=True, kw_only=True)
class AlignerStep(TargetStep):
    """Trains the aligner on the run's own pairs and on the parallel corpus."""

    version: ClassVar[int] = 2
    makes: ClassVar[Literal["growth"]] = "growth"
    needs: ClassVar[Needs] = Needs(whole_tables=True)

    @property
    def settings(self) -> Any:
        """The settings of the aligner."""
        return self.recipe.code_switching.aligner.model_dump(mode="json")

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Each part is trained on all pairs that the run had after that growth."""
        corpus = [run.table(name).read_all() for name in self.whole]

        def learn(task: Task) -> Part:
            seeds, answers, translations = (run.table(name).read_all(self.bounds[task.part]) for name in self.inputs)
            pairs = code_switching.training_pairs(seeds, answers, translations, self.src, self.tgt)
            for table in corpus:
                pairs += code_switching.external_pairs(table, self.src, self.tgt)
            aligner = build(self.recipe, self.target)
            aligner.train(pairs)
            advance(task.rows)
            return Part(_saved(aligner), NOTHING_SET_ASIDE)

        yield each(learn)


def build(recipe: Recipe, target: Target) -> Aligner:
    """The recipe's aligner, not trained yet."""
    return alignment.build(recipe.code_switching.aligner, recipe.translator, target.src, target.tgt)


@contextmanager
def loaded(aligner: Aligner, rows: pl.DataFrame) -> Iterator[Aligner]:
    """The aligner with what it learned (rows as in `SCHEMA`); its temporary files are removed at the end."""
    with tempfile.TemporaryDirectory(prefix="sdrrl-data-aligner-") as folder:
        for name, content in rows.iter_rows():
            (Path(folder) / Path(name).name).write_bytes(content)
        try:
            aligner.load(Path(folder))
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
            zipfile.BadZipFile,
        ) as error:
            raise FileDamaged(
                f"what the aligner learned cannot be read ({type(error).__name__}: {error}): delete the folder aligner "
                "of the target in the run, then type `sdrrl-data generate --out RUN`, which learns it anew"
            ) from error
        yield aligner


@contextmanager
def learned(step: TargetStep, run: Run, growth: int) -> Iterator[Aligner]:
    """The aligner of a step that aligns words. If it learns, `step.learned` names the table of what it learned.

    Args:
        step: with the recipe and the target.
        run: with the table.
        growth: the growth of the run after which it was trained.
    """
    aligner = build(step.recipe, step.target)
    with ExitStack() as stack:
        for name in step.learned:
            stack.enter_context(loaded(aligner, run.table(name).read(growth)))
        yield aligner


def _saved(aligner: Aligner) -> pl.DataFrame:
    with tempfile.TemporaryDirectory(prefix="sdrrl-data-aligner-") as folder:
        aligner.save(Path(folder))
        files = sorted(path for path in Path(folder).iterdir() if path.is_file() and not path.name.startswith("."))
        return pl.DataFrame([(path.name, path.read_bytes()) for path in files], schema=SCHEMA, orient="row")
