"""Datasets of equal size: cut by whole rows to the same number of completion tokens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from pydantic import BaseModel

Equal = Literal["total", "target"]
Count = Callable[[Sequence[str]], Sequence[int]]  # how many tokens each text has

SPLITS = ("train", "test")


class Arm(BaseModel):
    """The figures of one dataset, each by split. Tokens are those of completions."""

    equal: Equal  # which of both numbers of tokens it has in common with the others
    rows: dict[str, int]
    seeds: dict[str, int]  # that are in these rows
    tokens: dict[str, int]
    target_tokens: dict[str, int]  # of completions in the target language


class Cut(NamedTuple):
    """Datasets after the cut, by name, their figures, and the budget of each split."""

    rows: dict[str, pl.DataFrame]
    figures: dict[str, Arm]
    budget: dict[str, int]


def cut(arms: Mapping[str, pl.DataFrame], tgt: str, equal: Equal, count: Count) -> Cut:
    """Cut every dataset to the budget, each split by itself: what the smallest dataset has.

    Rows are taken from the first on, and as many as come nearest to the budget; no row is cut, none is repeated.

    Args:
        arms: rows as a transfer set has them, in the order in which they are to be taken.
        tgt: tag of the target language. A row is in the language of its answer, whatever words of another are in it.
        equal: which tokens of the completions are held equal: all, or those in the target language. A dataset that
            has none in the target language is then given as many in total as the others have in it.
        count: of the tokenizer; it is asked once for each text.
    """
    counted = _counted(arms, tgt, count)
    holds = {name: equal if rows["target_tokens"].sum() else "total" for name, rows in counted.items()}
    columns = {name: "target_tokens" if held == "target" else "tokens" for name, held in holds.items()}
    budget = {
        split: min(int(rows.filter(split=split)[columns[name]].sum()) for name, rows in counted.items())
        for split in SPLITS
    }
    taken = {
        name: pl.concat([_nearest(rows.filter(split=split), columns[name], budget[split]) for split in SPLITS])
        for name, rows in counted.items()
    }
    figures = {name: _figures(rows, holds[name]) for name, rows in taken.items()}
    return Cut({name: rows.drop("tokens", "target_tokens") for name, rows in taken.items()}, figures, budget)


def _counted(arms: Mapping[str, pl.DataFrame], tgt: str, count: Count) -> dict[str, pl.DataFrame]:
    """The rows with their `tokens` and `target_tokens`."""
    contents = pl.col("completion").list.eval(pl.element().struct.field("content")).list.join("\n")
    texts = {name: rows.select(contents).to_series().to_list() for name, rows in arms.items()}
    distinct = list(dict.fromkeys(text for own in texts.values() for text in own))
    tokens = dict(zip(distinct, count(distinct), strict=True))
    in_target = pl.col("direction").str.ends_with(f"->{tgt}")
    return {
        name: rows.with_columns(tokens=pl.Series([tokens[text] for text in texts[name]], dtype=pl.Int64)).with_columns(
            target_tokens=pl.when(in_target).then("tokens").otherwise(0)
        )
        for name, rows in arms.items()
    }


def _nearest(rows: pl.DataFrame, column: str, budget: int) -> pl.DataFrame:
    """The first rows, as many as come nearest to the budget; of equally near numbers the largest."""
    reached = np.concatenate([[0], rows[column].cum_sum().to_numpy()])
    distances = np.abs(reached - budget)
    return rows.head(len(distances) - 1 - int(distances[::-1].argmin()))


def _figures(rows: pl.DataFrame, equal: Equal) -> Arm:
    splits = {split: rows.filter(split=split) for split in SPLITS}
    return Arm(
        equal=equal,
        rows={split: own.height for split, own in splits.items()},
        seeds={split: own.filter(task="answer")["seed_id"].n_unique() for split, own in splits.items()},
        tokens={split: int(own["tokens"].sum()) for split, own in splits.items()},
        target_tokens={split: int(own["target_tokens"].sum()) for split, own in splits.items()},
    )
