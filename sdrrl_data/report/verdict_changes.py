"""Which pairs two settings of thresholds judge differently, and by which filters."""

from typing import NamedTuple

import polars as pl

from sdrrl_data.run import Run
from sdrrl_data.steps.verdicts import TEXTS

GAINED, LOST = "gained", "lost"


class FilterChange(NamedTuple):
    """The pairs whose verdict a filter had a part in changing."""

    filter: str
    gained: int  # it drops them in the other setting
    lost: int  # it drops them in this one


class VerdictChanges(NamedTuple):
    """The pairs that one setting keeps in full and the other does not."""

    pairs: int  # that both have
    gained: int  # kept by this setting alone
    lost: int  # kept by the other alone
    by_filter: list[FilterChange]  # those with most pairs first; a pair may fail several
    ids: dict[str, str]  # id of a pair -> "gained" or "lost"


def read(run: Run, tag: str) -> pl.DataFrame:
    """The verdicts of a target, as far as they are there."""
    table = run.table(f"{tag}/verdicts")
    return table.read_all(columns=("id", *TEXTS, "failures")) if table.parts() else pl.DataFrame()


def compare(this: pl.DataFrame, other: pl.DataFrame) -> VerdictChanges:
    """What changes from the verdicts of the other setting to those of this one.

    Args:
        this: `id`, the weight of each of `TEXTS`, and `failures`; or an empty table.
        other: the same.
    """
    if this.is_empty() or other.is_empty():
        return VerdictChanges(0, 0, 0, [], {})
    here, there = (verdicts.select("id", "failures", whole=pl.min_horizontal(TEXTS) > 0) for verdicts in (this, other))
    both = here.join(there, on="id", suffix="_there", maintain_order="left")
    gained, lost = both.filter("whole", ~pl.col("whole_there")), both.filter("whole_there", ~pl.col("whole"))
    dropping = {GAINED: _filters(gained["failures_there"]), LOST: _filters(lost["failures"])}
    changes = [
        FilterChange(name, *(dropping[change].get(name, 0) for change in (GAINED, LOST)))
        for name in sorted({*dropping[GAINED], *dropping[LOST]})
    ]
    changes.sort(key=lambda change: -(change.gained + change.lost))
    ids = dict.fromkeys(gained["id"], GAINED) | dict.fromkeys(lost["id"], LOST)
    return VerdictChanges(both.height, gained.height, lost.height, changes, ids)


def _filters(failures: pl.Series) -> dict[str, int]:
    """The filters that drop a text -> pairs."""
    pairs = pl.DataFrame({"failures": failures}).with_row_index("pair").explode("failures").unnest("failures")
    return dict(pairs.filter(weight=0).unique(["pair", "filter"]).group_by("filter").len().iter_rows())
