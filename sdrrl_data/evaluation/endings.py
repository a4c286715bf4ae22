"""How generated texts ended: whether two models' texts can be compared at all."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sdrrl_data.evaluation.bootstrap import Statistics, change

Ending = Literal["cut", "empty"]


class Endings(NamedTuple):
    """How many of a model's texts are cut or empty; one may be both."""

    cut: int  # they reached the limit of tokens
    empty: int  # nothing was written, or nothing but a reasoning section
    differing: tuple[Ending, ...] = ()  # of which there are more, or fewer, than of the base's


def compare(texts: Mapping[str, pl.DataFrame], base: str, counted: Sequence[Ending], seed: int) -> dict[str, Endings]:
    """How each model's texts ended, and where that differs from the base.

    It differs if the interval of the change of the share, by the resamples that the figures have too, does not contain
    0. A change of a figure may then come from how many answers were finished, which the limit of tokens and the
    template's options decide, rather than from what the model learned.

    Args:
        texts: by model, for the same items: columns `text` and `cut`.
        base: the base's name.
        counted: the endings that shape the figure.
        seed: for the resampling.
    """
    flags = {model: _flags(table) for model, table in texts.items()}
    return {
        model: Endings(
            int(flags_of_model["cut"].sum()),
            int(flags_of_model["empty"].sum()),
            tuple(ending for ending in counted if _differ(flags[base][ending], flags_of_model[ending], seed)),
        )
        for model, flags_of_model in flags.items()
    }


def _flags(table: pl.DataFrame) -> dict[Ending, NDArray[np.float64]]:
    return {
        "cut": table["cut"].cast(pl.Float64).to_numpy(),
        "empty": (table["text"] == "").cast(pl.Float64).to_numpy(),
    }


def _differ(base: NDArray[np.float64], tuned: NDArray[np.float64], seed: int) -> bool:
    if not (base != tuned).any():
        return False
    share = change(_shares(base), _shares(tuned), lambda sums: float(sums[0] / sums[1]), seed)
    return share.low > 0 or share.high < 0


def _shares(flags: NDArray[np.float64]) -> Statistics:
    return np.column_stack([flags, np.ones_like(flags)])
