"""The step that mixes the transfer set of one target from its tables."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data.protocols import Advance, Ingredient
from sdrrl_data.recipe import Recipe
from sdrrl_data.run import NOTHING_SET_ASIDE, Kind, Part, Run, Task, provenance
from sdrrl_data.run.dataset import Dataset
from sdrrl_data.steps import answer_rows, parallel_rows, scores, transfer_set
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.prompts import PromptChooser
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import TargetStep, Work, each
from sdrrl_data.steps.verdicts import TEXTS

PAIRS = 5_000  # of a parallel corpus that are made into rows together


@dataclass(frozen=True, kw_only=True)
class TransferSetStep(TargetStep):
    """Takes rows by the verdicts and the mix, for train and test. `whole` names all tables that it reads."""

    version: ClassVar[int] = 3  # 3: further scores beside the rows
    makes: ClassVar[Literal["table"]] = "table"

    generators: Mapping[str, Ingredient]  # that answered, by their names in the answers
    signature: str

    @property
    def settings(self) -> Any:
        """The mix, the seed of its draws, and the signature in each row."""
        return [self.recipe.transfer_set.shaping(), self.recipe.seed, self.signature]

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
            settings, blocks = self.recipe.transfer_set, Blocks(run, self.recipe, self.tgt)
            drawn = transfer_set.Draw(self.recipe.seed, blocks.keys).drawn(self.recipe.mix, settings.test_share)
            shuffled = self.output(run).shuffled(drawn.orders())
            translators = {
                name: provenance.described(translator) for name, translator in self.target.translators.items()
            }
            generators = {name: provenance.described(part) for name, part in self.generators.items()}
            scorers = [table for table in self.whole if table.rpartition("/")[2].startswith("scores-")]
            for rows, places, tables in blocks.rows(drawn.taken, scorers):
                split = np.where(drawn.is_test[places], "test", "train")
                finished = transfer_set.finish(
                    rows.with_columns(split=pl.Series(split, dtype=pl.String)),
                    tables,
                    generators,
                    translators,
                    self.signature,
                )
                shuffled.add(finished, pl.Series(drawn.order[places]))
            advance(task.rows)
            figures = {"mix": [kind.model_dump() for kind in drawn.kinds]}
            return Part(shuffled.no_rows, NOTHING_SET_ASIDE, figures, shuffled=shuffled)

        yield each(make)


class Blocks:
    """The rows that the mix may take, those of one part of the seeds at a time, and then those of the parallel corpus.

    Args:
        run: has the target's tables.
        recipe: of the run.
        tgt: the tag of the target.
    """

    def __init__(self, run: Run, recipe: Recipe, tgt: str) -> None:
        self._run = run
        self._recipe = recipe
        self._tgt = tgt
        self._parts = range(run.table("seeds").parts())
        self._choose_prompt = PromptChooser(run.table(f"{tgt}/prompts").read_all(), recipe.seed)
        self._switched = [f"{tgt}/code_switched"] if recipe.mix.code_switched else []
        self._added = [kind for kind in transfer_set.ADDED if getattr(recipe.mix, kind)]

    def keys(self) -> Iterator[pl.DataFrame]:
        """Every row without its texts (`answer_rows.KEYS`)."""
        verdicts = self._table(f"{self._tgt}/verdicts", ["id", *TEXTS])
        switched = [self._table(name, ["id", "matrix", "switched"]) for name in self._switched]
        for judged, *switched_rows in zip(verdicts, *switched, strict=True):
            yield self._keys(judged, switched_rows)
        for pairs in self._pairs():
            yield self._of_pairs(pairs).select(answer_rows.KEYS)

    def rows(
        self, taken: NDArray[np.bool_], scorers: Sequence[str]
    ) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64], Mapping[str, pl.DataFrame]]]:
        """The rows that are taken, as in `CANDIDATES`.

        Args:
            taken: of each row that `keys` yields, whether it is.
            scorers: the tables of scores.

        Yields:
            Rows; their places among all rows; and the same part of answers, translations and scores.
        """
        names = ["verdicts", "seeds", "answers", "translations", *(["code_switched"] if self._switched else [])]
        paths = [name if name in ("seeds", "answers") else f"{self._tgt}/{name}" for name in names]
        start, tables = 0, dict[str, pl.DataFrame]()
        for read in zip(*(self._table(path) for path in (*paths, *scorers)), strict=True):
            tables = dict(zip(names, read, strict=False))
            tables["scores"] = scores.joined(read[len(names) :])
            switched = [tables["code_switched"]] if self._switched else []
            keys = self._keys(tables["verdicts"], switched)
            of_block = taken[start : start + keys.height]
            src, tgt = self._recipe.src, self._tgt
            made = answer_rows.make(tables, keys.filter(of_block), self._choose_prompt, src, tgt, self._added)
            yield made, start + np.flatnonzero(of_block), tables
            start += keys.height
        no_rows = {name: table.clear() for name, table in tables.items()}
        for pairs in self._pairs():
            rows = self._of_pairs(pairs)
            of_block = taken[start : start + rows.height]
            yield rows.filter(of_block), start + np.flatnonzero(of_block), no_rows
            start += rows.height

    def _table(self, path: str, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        return self._run.table(path).read_each(self._parts, columns)

    def _keys(self, verdicts: pl.DataFrame, switched: Sequence[pl.DataFrame]) -> pl.DataFrame:
        src, tgt = self._recipe.src, self._tgt
        native = self._recipe.native is not None
        return answer_rows.keys(verdicts, switched[0] if switched else None, src, tgt, self._added, native)

    def _pairs(self) -> Iterator[pl.DataFrame]:
        return self._run.table(f"{self._tgt}/parallel").read_all().iter_slices(PAIRS)

    def _of_pairs(self, pairs: pl.DataFrame) -> pl.DataFrame:
        return parallel_rows.make(pairs, self._choose_prompt, self._recipe.src, self._tgt, self._recipe.seed)


def mix_of(run: Run, recipe: Recipe, tgt: str) -> list[Kind]:
    """How a target's rows are mixed, computed again: for each kind, the rows available and the rows taken."""
    draw = transfer_set.Draw(recipe.seed, Blocks(run, recipe, tgt).keys)
    return draw.drawn(recipe.mix, recipe.transfer_set.test_share).kinds
