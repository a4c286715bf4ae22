"""Makes datasets equal in size: cut by whole rows to the same number of completion tokens.

Of each row only a few numbers are needed, and those of one dataset at a time are in memory.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel

from sdrrl_data.run.dataset import SPLITS
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.transfer_set import OF_PAIRS

Equal = Literal["total", "target"]
NEAR = 0.05  # of the budget: rows are not cut, so a small budget may not be reached exactly
CountTokens = Callable[[Sequence[str]], Sequence[int]]  # how many tokens each text has
NUMBERS: Schema = {  # of a row
    "split": pl.Enum(SPLITS),
    "order": pl.Int64,  # rows are taken by it; equal ones in the order of the numbers
    "tokens": pl.Int64,
    "target_tokens": pl.Int64,  # in the target language
    "seed": pl.UInt64,  # stands for the seed that the row was made from; null for a row of a parallel corpus
}


class ControlFigures(BaseModel):
    """The figures of one dataset, each by split. Tokens are those of completions."""

    equal: Equal  # which of the two numbers of tokens is equal to that of the other datasets
    rows: dict[str, int]
    seeds: dict[str, int]  # whose rows these are
    tokens: dict[str, int]
    target_tokens: dict[str, int]  # of completions in the target language

    def is_near(self, budget: Mapping[str, int]) -> bool:
        """Whether the tokens of the training rows are the budget's, to within one in twenty."""
        tokens = self.target_tokens if self.equal == "target" else self.tokens
        return abs(tokens["train"] - budget["train"]) <= NEAR * budget["train"]


class EqualDatasets(NamedTuple):
    """The figures of datasets after the cut, by name; the budget of each split, and how much of each is left."""

    figures: dict[str, ControlFigures]
    budget: dict[str, int]
    smallest: str  # the dataset that has no more training tokens than the budget
    left: dict[str, tuple[int, int]]  # of each dataset: training rows after and before the cut


def numbers(rows: pl.DataFrame, order: pl.Series, tgt: str, label: str, count: CountTokens) -> pl.DataFrame:
    """The numbers of each row (see `NUMBERS`).

    Args:
        rows: as in a transfer set.
        order: of the rows.
        tgt: tag of the target language. The language of a row is that of its answer, also if the answer has words of
            the other language. Of a row of the kind `pivot`, only the part after `label` is in the target language.
        label: the line before the answer in the target language.
        count: counts with the tokenizer.
    """
    contents = pl.col("completion").list.eval(pl.element().struct.field("content")).list.join("\n")
    texts = rows.select(contents).to_series().to_list()
    tokens = list(count(texts))
    target_tokens = [
        number if direction.endswith(f"->{tgt}") else 0
        for number, direction in zip(tokens, rows["direction"], strict=True)
    ]
    pivots = (rows["task"] == "pivot").arg_true().to_list()
    parts = count([texts[place].rpartition(f"\n\n{label}\n")[2] for place in pivots])
    for place, number in zip(pivots, parts, strict=True):
        target_tokens[place] = number
    return rows.select(
        "split",
        order=order,
        tokens=pl.Series(tokens, dtype=pl.Int64),
        target_tokens=pl.Series(target_tokens, dtype=pl.Int64),
        seed=pl.when(~pl.col("task").is_in(OF_PAIRS)).then(pl.col("seed_id").hash()),
    ).cast(pl.Schema(NUMBERS))


def cut(arms: Mapping[str, Callable[[], pl.DataFrame]], equal: Equal) -> EqualDatasets:
    """Cut every dataset to the tokens that the smallest dataset has (the budget), each split by itself.

    Rows are taken from the beginning of each dataset, as many as bring their tokens nearest to the budget. No row is
    cut, and none is repeated.

    Args:
        arms: gives the numbers of each dataset's rows (see `NUMBERS`).
        equal: which tokens of the completions are equal: all, or those in the target language. A dataset without tokens
            in the target language gets as many tokens in total as the others have in the target language.
    """
    equal_in: dict[str, Equal] = {}
    sizes: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    for name, read in arms.items():
        rows = read()
        equal_in[name] = equal if rows["target_tokens"].sum() else "total"
        for split in SPLITS:
            sizes[split][name] = int(rows.filter(split=split)[_column(equal_in[name])].sum())
    budget = {split: min(sizes[split].values()) for split in SPLITS}
    figures, left = {}, {}
    for name, read in arms.items():
        rows = read()
        figures[name] = _figures(rows.filter(taken(rows, equal_in[name], budget)), equal_in[name])
        left[name] = figures[name].rows["train"], rows.filter(split="train").height
    return EqualDatasets(figures, budget, min(sizes["train"], key=lambda name: sizes["train"][name]), left)


def taken(rows: pl.DataFrame, equal: Equal, budget: Mapping[str, int]) -> NDArray[np.bool_]:
    """Which rows of a dataset are taken: in their order, as many as come nearest to the budget.

    Of equally near numbers of rows, the largest is taken.

    Args:
        rows: their numbers (see `NUMBERS`).
        equal: which tokens count.
        budget: of each split.
    """
    is_taken = np.zeros(rows.height, dtype=bool)
    for split in SPLITS:
        places = (rows["split"] == split).arg_true().to_numpy()
        ordered = places[np.argsort(rows["order"].to_numpy()[places], kind="stable")]
        reached = np.concatenate([[0], np.cumsum(rows[_column(equal)].to_numpy()[ordered])])
        distances = np.abs(reached - budget[split])
        is_taken[ordered[: len(distances) - 1 - int(distances[::-1].argmin())]] = True
    return is_taken


def together(numbers: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The numbers of all rows from those of some at a time."""
    return pl.concat([pl.DataFrame(schema=NUMBERS), *numbers])


def _column(equal: Equal) -> str:
    return "target_tokens" if equal == "target" else "tokens"


def _figures(rows: pl.DataFrame, equal: Equal) -> ControlFigures:
    by_split = {split: rows.filter(split=split) for split in SPLITS}
    return ControlFigures(
        equal=equal,
        rows={split: part.height for split, part in by_split.items()},
        seeds={split: part["seed"].drop_nulls().n_unique() for split, part in by_split.items()},
        tokens={split: int(part["tokens"].sum()) for split, part in by_split.items()},
        target_tokens={split: int(part["target_tokens"].sum()) for split, part in by_split.items()},
    )
