"""A run on disk: its manifest, and its tables as Parquet parts. Only this room touches the disk."""

from sdrrl_data.run.folder import Run
from sdrrl_data.run.journal import Journal
from sdrrl_data.run.manifest import (
    Contaminated,
    Count,
    Counts,
    DirectCount,
    FilterCount,
    Kind,
    Manifest,
    PairCount,
    TargetCount,
)
from sdrrl_data.run.opening import opened, recipe_of, refuse_unfinished, select_targets, trust_run
from sdrrl_data.run.parts import (
    NOTHING_SET_ASIDE,
    SET_ASIDE,
    SOURCE_ID,
    Part,
    Task,
    fingerprint,
    fingerprint_of_rows,
    set_aside,
    sort_out,
    together,
)
from sdrrl_data.run.table import Table

__all__ = [
    "NOTHING_SET_ASIDE",
    "SET_ASIDE",
    "SOURCE_ID",
    "Contaminated",
    "Count",
    "Counts",
    "DirectCount",
    "FilterCount",
    "Journal",
    "Kind",
    "Manifest",
    "PairCount",
    "Part",
    "Run",
    "Table",
    "TargetCount",
    "Task",
    "fingerprint",
    "fingerprint_of_rows",
    "opened",
    "recipe_of",
    "refuse_unfinished",
    "select_targets",
    "set_aside",
    "sort_out",
    "together",
    "trust_run",
]
