"""The transfer set of one target: which rows are taken, in which shares, in which split."""

import math
from collections.abc import Mapping

import polars as pl

from sdrrl_data.recipe import MixConfig, draws
from sdrrl_data.run import Kind
from sdrrl_data.steps.schemas import MESSAGES, SWITCHED, Schema

CROSSINGS = ("src->src", "src->tgt", "tgt->src", "tgt->tgt")
OTHERS = ("code_switched", "translate", "complete")

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

SCHEMA: Schema = {
    "id": pl.String,
    "seed_id": pl.String,
    "task": pl.String,
    "direction": pl.String,
    "prompt": MESSAGES,
    "completion": MESSAGES,
    "code_switched": pl.Boolean,
    "switched": SWITCHED,
    "weight": pl.Float64,
    # "scores" comes here: a struct of the values of the run's scorers
    "generator": pl.String,
    "translator": pl.String,
    "source": pl.String,
    "signature": pl.String,
    "split": pl.String,
}


def mix(candidates: pl.DataFrame, shares: MixConfig, seed: int) -> tuple[pl.DataFrame, list[Kind]]:
    """Take rows in the given shares; returns them with the figures of each kind.

    The four crossings keep their proportions exactly, so that no direction outweighs another; the other kinds reach
    their share if there are enough rows. Which rows are taken depends only on the seed, their ids and their weights; a
    row of twice the weight is twice as likely to be taken before another. A second row of the same seed or pair is only
    taken when each has given one, and the two kinds that are made from pairs take different pairs as far as possible.

    Source: Efraimidis and Spirakis 2006, https://doi.org/10.1016/j.ipl.2005.11.003, who take the largest u^(1/weight).
    """
    share_of = shares.model_dump(by_alias=True)
    available = {kind: candidates.filter(kind=kind).height for kind in (*CROSSINGS, *OTHERS)}
    sizes = {kind: available[kind] / share_of[kind] for kind in available if share_of[kind] > 0}
    crossings = [size for kind, size in sizes.items() if kind in CROSSINGS]
    # How many rows the complete set would have. Without crossings, the other kinds alone make the set.
    total = min(crossings) if crossings else max(sizes.values(), default=0.0)
    figures = [
        Kind(kind=kind, asked=share_of[kind], available=rows, taken=min(rows, round(share_of[kind] * total)))
        for kind, rows in available.items()
    ]
    # One draw per seed, the same for every kind: where weights are equal, all directions hold the same seeds as far as
    # possible. With u = 1 - draw, the least -log(u) / weight is the largest u^(1/weight).
    draw = pl.Series([draws.share(seed, "mix", id) for id in candidates["seed_id"]], dtype=pl.Float64)
    number = pl.Series([draws.number(seed, "mix row", id) for id in candidates["id"]], dtype=pl.Int64)
    drawn = (
        candidates.with_columns(draw=draw, number=number)
        .with_columns(
            turn=pl.col("number").rank("ordinal").over("kind", "seed_id"),
            draw=pl.when(kind="complete").then(1 - pl.col("draw")).otherwise("draw"),
        )
        .sort("turn", -(-pl.col("draw")).log1p() / pl.col("weight"), "id")
    )
    taken = [drawn.filter(kind=figure.kind).head(figure.taken) for figure in figures]
    return pl.concat(taken).drop("draw", "number", "turn"), figures


def split(rows: pl.DataFrame, test_share: float, seed: int) -> pl.DataFrame:
    """Add `split` by seed id, so that no seed is on both sides, and shuffle.

    A seed keeps its side when the run grows. With few seeds, none may fall into a test split that was asked for: then
    the seed with the smallest draw makes the test split.
    """
    drawn = {id: draws.share(seed, "split", id) for id in rows["seed_id"].unique()}
    bound = test_share
    if test_share and len(drawn) > 1:
        bound = max(test_share, math.nextafter(min(drawn.values()), 1))
    return (
        rows.with_columns(
            split=pl.Series(["test" if drawn[id] < bound else "train" for id in rows["seed_id"]], dtype=pl.String),
            order=pl.Series([draws.number(seed, "order", id) for id in rows["id"]], dtype=pl.Int64),
        )
        .sort("order", "id")
        .drop("order")
    )


def finish(
    rows: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    generator: str,
    translators: Mapping[str, str],
    signature: str,
) -> pl.DataFrame:
    """The columns of the transfer set: what a trainer reads, then where each row came from.

    Rows of the parallel corpus are not answers: they have no scores, no generator and no translator. If the reference
    answer replaces the model's answer, there is no generator either.

    Args:
        rows: the rows that `split` returned.
        tables: all rows of answers, translations and scores.
        generator: describes the model that answered.
        translators: describes each translator, by its name in the translations.
        signature: the target's signature.
    """
    is_answer = pl.col("task") == "answer"
    judged = tables["scores"].select(seed_id="id", scores=pl.struct(pl.exclude("id")))
    written = tables["answers"].select("author", seed_id="id")
    first, second = (pl.col(f"{text}_translator").replace_strict(translators) for text in ("question", "answer"))
    translated = tables["translations"].select(
        seed_id="id", translator=pl.when(first == second).then(first).otherwise(first + " + " + second)
    )
    return (
        rows.join(judged, on="seed_id", how="left", maintain_order="left")
        .join(written, on="seed_id", how="left", maintain_order="left")
        .join(translated, on="seed_id", how="left", maintain_order="left")
        .select(
            "id",
            "seed_id",
            "task",
            "direction",
            "prompt",
            "completion",
            "code_switched",
            "switched",
            "weight",
            pl.when(is_answer).then("scores").alias("scores"),
            pl.when(is_answer, pl.col("author") == "model").then(pl.lit(generator)).alias("generator"),
            pl.when(is_answer).then("translator").alias("translator"),
            "source",
            pl.lit(signature).alias("signature"),
            "split",
        )
    )
