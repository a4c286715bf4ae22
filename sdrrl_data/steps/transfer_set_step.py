"""The step that mixes the transfer set of one target from its tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import polars as pl

from sdrrl_data.protocols import Advance, Ingredient
from sdrrl_data.recipe import Recipe
from sdrrl_data.run import NOTHING_SET_ASIDE, Kind, Part, Run, Task, provenance
from sdrrl_data.run.dataset import Dataset
from sdrrl_data.steps import answer_rows, parallel_rows, scores, transfer_set
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.prompts import PromptChooser
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import Needs, TargetStep, Work, each


@dataclass(frozen=True, kw_only=True)
class TransferSetStep(TargetStep):
    """Takes rows by the verdicts and the mix, for train and test. `whole` names all tables that it reads."""

    version: ClassVar[int] = 3  # 3: further scores beside the rows
    makes: ClassVar[Literal["table"]] = "table"
    needs: ClassVar[Needs] = Needs(whole_tables=True)

    generator: Ingredient
    signature: str

    @property
    def settings(self) -> Any:
        """The mix, the seed of its draws, and the signature in each row."""
        return [self.recipe.transfer_set.model_dump(mode="json", by_alias=True), self.recipe.seed, self.signature]

    @property
    def schema(self) -> Schema:
        """See `transfer_set.SCHEMA`; the scores are those of the tables."""
        return transfer_set.SCHEMA

    def output(self, run: Run) -> Dataset:
        """A dataset with one file per split, or several."""
        return run.dataset(self.table, self.recipe.transfer_set.shard_rows)

    def planned_rows(self) -> list[int]:
        """All seeds."""
        return [sum(self.sizes)]

    def rows(self, run: Run) -> list[int]:
        """The pairs that were judged."""
        return [run.table(self.target.table("verdicts")).count()]

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Nothing has to be loaded."""

        def make(task: Task) -> Part:
            tables = {table.rpartition("/")[2]: run.table(table).read_all() for table in self.whole}
            rows, kinds = transfer_set.mix(
                candidates(tables, self.recipe, self.tgt), self.recipe.transfer_set.mix, self.recipe.seed
            )
            tables["scores"] = scores.joined([table for name, table in tables.items() if name.startswith("scores-")])
            rows = transfer_set.finish(
                transfer_set.split(rows, self.recipe.transfer_set.test_share, self.recipe.seed),
                tables,
                provenance.described(self.generator),
                {name: provenance.described(translator) for name, translator in self.target.translators.items()},
                self.signature,
            )
            advance(task.rows)
            return Part(rows, NOTHING_SET_ASIDE, {"mix": [kind.model_dump() for kind in kinds]})

        yield each(make)


def candidates(tables: Mapping[str, pl.DataFrame], recipe: Recipe, tgt: str) -> pl.DataFrame:
    """Every row that the mix may take: columns of `transfer_set.CANDIDATES`.

    Args:
        tables: seeds, answers, translations, prompts, verdicts, parallel and, if the mix has it, code_switched.
        recipe: the run's recipe.
        tgt: the tag of the target.
    """
    choose_prompt = PromptChooser(tables["prompts"], recipe.seed)
    return pl.concat(
        [
            answer_rows.make(tables, choose_prompt, recipe.src, tgt),
            parallel_rows.make(tables["parallel"], choose_prompt, recipe.src, tgt, recipe.seed),
        ]
    )


def mix_of(run: Run, recipe: Recipe, tgt: str) -> list[Kind]:
    """How a target's rows are mixed, computed again: for each kind, the rows available and the rows taken."""
    names = ["translations", "verdicts", "prompts", "parallel"]
    if recipe.transfer_set.mix.code_switched:
        names.append("code_switched")
    tables = {name: run.table(f"{tgt}/{name}").read_all() for name in names}
    tables |= {name: run.table(name).read_all() for name in ("seeds", "answers")}
    return transfer_set.mix(candidates(tables, recipe, tgt), recipe.transfer_set.mix, recipe.seed)[1]
