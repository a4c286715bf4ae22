"""The transfer set of one target: which rows are taken, in which shares, in which split."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data.recipe import MixConfig, draws
from sdrrl_data.run import Kind
from sdrrl_data.steps.schemas import MESSAGES, SWITCHED, Schema

CROSSINGS = ("src->src", "src->tgt", "tgt->src", "tgt->tgt")
OTHERS = ("code_switched", "translate", "complete")
ADDED = ("pivot", "contrast")  # made from seeds, where a recipe asks for them
KINDS = (*CROSSINGS, *OTHERS, *ADDED)
OF_PAIRS = ("translate", "complete")  # tasks of rows that are made from a parallel corpus

CANDIDATES: Schema = {
    "id": pl.String,
    "seed_id": pl.String,
    "kind": pl.String,  # the name of its share in the recipe's mix
    "task": pl.String,
    "direction": pl.String,
    "prompt": MESSAGES,
    "completion": MESSAGES,
    "code_switched": pl.Boolean,
    "switched": SWITCHED,
    "weight": pl.Float64,  # above 0; 1.0: counts in full
    "source": pl.String,
}

_NUMBERS: Schema = {  # of a candidate
    "kind": pl.Enum(KINDS),
    "turn": pl.UInt16,  # 1, unless the same seed or pair has given rows of this kind before
    "key": pl.Float64,  # of equal turns the least key is taken first
    "side": pl.Float64,  # the draw of the seed between train and test
    "order": pl.Int64,
}
_NO_NUMBERS = pl.DataFrame(schema=_NUMBERS)

CONTENT: Schema = {name: dtype for name, dtype in CANDIDATES.items() if name not in ("kind", "source")}
PROVENANCE: Schema = dict.fromkeys(("generator", "translator", "source", "signature", "split"), pl.String)
# Between them comes "scores": a struct of the values of the run's scorers.
SCHEMA: Schema = CONTENT | PROVENANCE


class Drawn(NamedTuple):
    """Which candidates are taken, and where they go."""

    kinds: list[Kind]
    taken: NDArray[np.bool_]  # of each candidate
    is_test: NDArray[np.bool_]  # of each candidate
    order: NDArray[np.int64]  # of each candidate: rows are shuffled by it

    def orders(self) -> dict[str, NDArray[np.int64]]:
        """The order of every row that is taken, by split."""
        return {
            "train": self.order[self.taken & ~self.is_test],
            "test": self.order[self.taken & self.is_test],
        }


class Draw:
    """Takes rows in given shares, and splits them. Of each candidate only a few numbers are in memory.

    The four crossings keep their proportions exactly, so that no direction outweighs another; the other kinds reach
    their share if there are enough rows. Which rows are taken depends only on the seed, their ids and their weights; a
    row of twice the weight is twice as likely to be taken before another. A second row of the same seed or pair is only
    taken when each has given one, and the two kinds that are made from pairs take different pairs as far as possible.

    Rows are split by seed id, so that no seed is on both sides, and a seed keeps its side when the run grows. With few
    seeds, none may fall into a test split that was asked for: then the seed with the smallest draw makes it.

    Source: Efraimidis and Spirakis 2006, https://doi.org/10.1016/j.ipl.2005.11.003, who take the largest u^(1/weight).

    Args:
        seed: the recipe's.
        blocks: gives the candidates, some at a time, always the same: `id`, `seed_id`, `kind` and `weight`. All rows of
            a seed or a pair are in one block.
    """

    def __init__(self, seed: int, blocks: Callable[[], Iterable[pl.DataFrame]]) -> None:
        self._seed = seed
        self._blocks = blocks
        self._numbers = pl.concat([_NO_NUMBERS, *map(self._of_block, blocks())], rechunk=True)

    def drawn(self, shares: MixConfig, test_share: float) -> Drawn:
        """Draw the rows.

        Args:
            shares: of each kind.
            test_share: of the test split.
        """
        share_of = shares.model_dump(by_alias=True)
        available = dict.fromkeys(KINDS, 0) | dict(self._numbers.group_by("kind").len().iter_rows())
        sizes = {kind: available[kind] / share_of[kind] for kind in KINDS if share_of[kind] > 0}
        crossings = [size for kind, size in sizes.items() if kind in CROSSINGS]
        # How many rows the complete set would have. Without crossings, the other kinds alone make the set.
        total = min(crossings) if crossings else max(sizes.values(), default=0.0)
        figures = [
            Kind(kind=kind, asked=share_of[kind], available=rows, taken=min(rows, round(share_of[kind] * total)))
            for kind, rows in available.items()
            if kind not in ADDED or share_of[kind]
        ]
        taken = np.zeros(self._numbers.height, dtype=bool)
        for figure in figures:
            taken[self._first(figure.kind, figure.taken)] = True
        sides = self._numbers["side"].to_numpy()
        is_test = sides < _bound(sides[taken], test_share)
        return Drawn(figures, taken, is_test, self._numbers["order"].to_numpy())

    def _of_block(self, keys: pl.DataFrame) -> pl.DataFrame:
        """The numbers of each candidate of a block (see `_NUMBERS`)."""
        seeds = keys.select(pl.col("seed_id").unique(maintain_order=True))
        # One draw per seed, the same for every kind: where weights are equal, all directions hold the same seeds as far
        # as possible. With u = 1 - draw, the least -log(u) / weight is the largest u^(1/weight).
        seeds = seeds.with_columns(
            draw=pl.Series([draws.share(self._seed, "mix", id) for id in seeds["seed_id"]], dtype=pl.Float64),
            side=pl.Series(_sides(seeds["seed_id"], self._seed), dtype=pl.Float64),
        )
        # A seed gives one row of each crossing, and of what is added.
        several = keys["kind"].is_in((*CROSSINGS, *ADDED)).not_()
        numbers = [
            draws.number(self._seed, "mix row", id) if more else 0 for id, more in zip(keys["id"], several, strict=True)
        ]
        return (
            keys.join(seeds, on="seed_id", maintain_order="left")
            .with_columns(
                turn=pl.Series(numbers, dtype=pl.Int64),
                draw=pl.when(kind="complete").then(1 - pl.col("draw")).otherwise("draw"),
                order=order_of(keys, self._seed),
            )
            .with_columns(
                turn=pl.col("turn").rank("ordinal").over("kind", "seed_id"),
                key=-(-pl.col("draw")).log1p() / pl.col("weight"),
            )
            .select(*_NUMBERS)
            .cast(pl.Schema(_NUMBERS))
        )

    def _first(self, kind: str, size: int) -> NDArray[np.int64]:
        """The places of the candidates of a kind that are taken before the others; of equal ones by their ids."""
        places = (self._numbers["kind"] == kind).arg_true().to_numpy().astype(np.int64)
        if size in (0, len(places)):
            return places[:size]
        keys, turns = self._numbers["key"].to_numpy()[places], self._numbers["turn"].to_numpy()[places]
        ordered = np.lexsort((keys, turns))
        last = ordered[size - 1]
        equal = (keys == keys[last]) & (turns == turns[last])
        before = (turns < turns[last]) | ((turns == turns[last]) & (keys < keys[last]))
        equal_places = places[equal]
        if before.sum() + len(equal_places) > size:
            ids = self._ids(equal_places)
            equal_places = np.array(sorted(equal_places, key=ids.__getitem__))[: size - before.sum()]
        return np.concatenate([places[before], equal_places])

    def _ids(self, places: NDArray[np.int64]) -> dict[int, str]:
        """The ids of a few candidates, read again."""
        ids: dict[int, str] = {}
        start = 0
        for block in self._blocks():
            in_block = places[(places >= start) & (places < start + block.height)]
            ids |= {place: block["id"][int(place - start)] for place in in_block}
            start += block.height
        return ids


def split_again(seed_ids: pl.Series, test_seeds: Iterable[str], test_share: float, seed: int) -> pl.Series:
    """The split of each row of another dataset, so that a seed is on the side where the transfer set has it.

    Args:
        seed_ids: of the rows.
        test_seeds: of the transfer set's test rows.
        test_share: of the test split.
        seed: the recipe's.
    """
    sides = _sides(test_seeds, seed)
    bound = max(test_share, math.nextafter(sides.max(), 1)) if len(sides) else test_share
    return pl.Series(np.where(_sides(seed_ids, seed) < bound, "test", "train"), dtype=pl.String)


def _sides(seed_ids: Iterable[str], seed: int) -> NDArray[np.float64]:
    return np.array([draws.share(seed, "split", id) for id in seed_ids], dtype=np.float64)


def _bound(sides: NDArray[np.float64], test_share: float) -> float:
    """Seeds with a lesser draw make the test split; if no seed had one, the seed with the least draw does."""
    several = test_share and len(sides) and sides.min() < sides.max()
    return max(test_share, math.nextafter(sides.min(), 1)) if several else test_share


def order_of(rows: pl.DataFrame, seed: int) -> pl.Series:
    """The number by which each row is shuffled; rows with the same number are ordered by their ids."""
    return pl.Series([draws.number(seed, "order", id) for id in rows["id"]], dtype=pl.Int64)


def finish(
    rows: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    generators: Mapping[str, str],
    translators: Mapping[str, str],
    signature: str,
    content: Iterable[str] = CONTENT,
) -> pl.DataFrame:
    """The columns of the transfer set: what a trainer reads, then where each row came from.

    Rows of the parallel corpus are not answers: they have no scores, no generator and no translator. If the reference
    answer replaces the model's answer, there is no generator either.

    Args:
        rows: as in `CANDIDATES`, with a column `split`.
        tables: answers, translations and scores of the same seeds.
        generators: describes each model that answered, by its name in the answers, if several did.
        translators: describes each translator, by its name in the translations.
        signature: the target's signature.
        content: the columns that a trainer reads, if it is another dataset.
    """
    is_answer = pl.col("task").is_in(OF_PAIRS).not_()
    judged = tables["scores"].lazy().select(seed_id="id", scores=pl.struct(pl.exclude("id")))
    answers = tables["answers"]
    answered = pl.lit(next(iter(generators.values())))
    if "generator" in answers.columns:
        answered = pl.col("generator").replace_strict(generators, default=None, return_dtype=pl.String)
    is_by_model = pl.col("author") == "model"
    written = answers.lazy().select(seed_id="id", generator=pl.when(is_by_model).then(answered))
    first, second = (pl.col(f"{text}_translator").replace_strict(translators) for text in ("question", "answer"))
    translated = (
        tables["translations"]
        .lazy()
        .select(
            seed_id="id",
            translator=pl.when(first == second).then(first).otherwise(pl.coalesce(first + " + " + second, first)),
        )
    )
    return (
        rows.lazy()
        .join(judged, on="seed_id", how="left", maintain_order="left")
        .join(written, on="seed_id", how="left", maintain_order="left")
        .join(translated, on="seed_id", how="left", maintain_order="left")
        .select(
            *content,
            pl.when(is_answer).then("scores").alias("scores"),
            pl.when(is_answer).then("generator").alias("generator"),
            pl.when(is_answer).then("translator").alias("translator"),
            "source",
            pl.lit(signature).alias("signature"),
            "split",
        )
        .collect()
    )
