"""Makes datasets equal in size: cut by whole rows to the same number of completion tokens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from pydantic import BaseModel

from sdrrl_data.run.dataset import SPLITS

Equal = Literal["total", "target"]
NEAR = 0.05  # of the budget: rows are not cut, so a small budget may not be reached exactly
CountTokens = Callable[[Sequence[str]], Sequence[int]]  # how many tokens each text has


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
    """Datasets after the cut, by name; their figures; the budget of each split, and how much of each is left."""

    rows: dict[str, pl.DataFrame]
    figures: dict[str, ControlFigures]
    budget: dict[str, int]
    smallest: str  # the dataset that has no more training tokens than the budget
    left: dict[str, tuple[int, int]]  # of each dataset: training rows after and before the cut


def cut(arms: Mapping[str, pl.DataFrame], tgt: str, equal: Equal, count: CountTokens) -> EqualDatasets:
    """Cut every dataset to the tokens that the smallest dataset has (the budget), each split by itself.

    Rows are taken from the beginning of each dataset, as many as bring their tokens nearest to the budget. No row is
    cut, and none is repeated.

    Args:
        arms: rows as in a transfer set, in the order in which they are taken.
        tgt: tag of the target language. The language of a row is that of its answer, also if the answer has words of
            the other language.
        equal: which tokens of the completions are equal: all, or those in the target language. A dataset without tokens
            in the target language gets as many tokens in total as the others have in the target language.
        count: counts with the tokenizer; it is called once for each text.
    """
    counted = _counted(arms, tgt, count)
    equal_in = {name: equal if rows["target_tokens"].sum() else "total" for name, rows in counted.items()}
    columns = {name: "target_tokens" if which == "target" else "tokens" for name, which in equal_in.items()}
    sizes = {
        split: {name: int(rows.filter(split=split)[columns[name]].sum()) for name, rows in counted.items()}
        for split in SPLITS
    }
    budget = {split: min(sizes[split].values()) for split in SPLITS}
    taken = {
        name: pl.concat([_nearest(rows.filter(split=split), columns[name], budget[split]) for split in SPLITS])
        for name, rows in counted.items()
    }
    figures = {name: _figures(rows, equal_in[name]) for name, rows in taken.items()}
    return EqualDatasets(
        rows={name: rows.drop("tokens", "target_tokens") for name, rows in taken.items()},
        figures=figures,
        budget=budget,
        smallest=min(sizes["train"], key=lambda name: sizes["train"][name]),
        left={name: (figures[name].rows["train"], rows.filter(split="train").height) for name, rows in counted.items()},
    )


def _counted(arms: Mapping[str, pl.DataFrame], tgt: str, count: CountTokens) -> dict[str, pl.DataFrame]:
    """The rows with their `tokens` and `target_tokens`."""
    contents = pl.col("completion").list.eval(pl.element().struct.field("content")).list.join("\n")
    texts = {name: rows.select(contents).to_series().to_list() for name, rows in arms.items()}
    distinct = list(dict.fromkeys(text for texts_of_arm in texts.values() for text in texts_of_arm))
    tokens = dict(zip(distinct, count(distinct), strict=True))
    in_target = pl.col("direction").str.ends_with(f"->{tgt}")
    return {
        name: rows.with_columns(tokens=pl.Series([tokens[text] for text in texts[name]], dtype=pl.Int64)).with_columns(
            target_tokens=pl.when(in_target).then("tokens").otherwise(0)
        )
        for name, rows in arms.items()
    }


def _nearest(rows: pl.DataFrame, column: str, budget: int) -> pl.DataFrame:
    """The first rows, as many as come nearest to the budget; of equally near numbers, the largest."""
    reached = np.concatenate([[0], rows[column].cum_sum().to_numpy()])
    distances = np.abs(reached - budget)
    return rows.head(len(distances) - 1 - int(distances[::-1].argmin()))


def _figures(rows: pl.DataFrame, equal: Equal) -> ControlFigures:
    by_split = {split: rows.filter(split=split) for split in SPLITS}
    return ControlFigures(
        equal=equal,
        rows={split: part.height for split, part in by_split.items()},
        seeds={split: part.filter(task="answer")["seed_id"].n_unique() for split, part in by_split.items()},
        tokens={split: int(part["tokens"].sum()) for split, part in by_split.items()},
        target_tokens={split: int(part["target_tokens"].sum()) for split, part in by_split.items()},
    )
