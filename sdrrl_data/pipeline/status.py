"""How far a run is: what is finished, what is being made and where, how fast, and how long it will take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.leases import Leases

RECENT = 64  # parts that a rate is computed from
_BY_SEED = re.compile(
    r"(?:.*/)?(?:texts|text_translations|seeds|answers|samples.*|sample_scores|code_switched|verdicts"
    r"|(?:translations|references|scores-).*)"
)
_PART = re.compile(r"\.part-(\d+)")


@dataclass(frozen=True)
class Working:
    """What a process has taken: a part, or a whole table whose parts are made in order."""

    table: str
    part: int | None
    host: str
    pid: int
    alive: bool | None  # None: it has not been seen to work yet, as on another machine at the first look


@dataclass(frozen=True)
class TableStatus:
    """How far a table is."""

    table: str
    parts: int  # that exist
    of: int  # that it will have
    rows: int | None  # that are done, also in unfinished parts of the answers; None where rows are not counted
    rows_wanted: int | None  # that it will have, but for those that are set aside
    set_aside: int  # rows of it
    rows_per_second: float | None  # of all who work on it; where nobody does, when somebody did; None if not measured
    seconds_left: float | None  # at this rate; None if nothing is left


@dataclass(frozen=True)
class Status:
    """How far a run is."""

    state: str
    command: str | None  # that began it
    locked_by: str | None  # the process that decides what the run becomes, and finishes it
    tables: list[TableStatus]
    working: list[Working]


def status(run: Run, manifest: Manifest, leases: Leases | None = None) -> Status:
    """How far a run is. Only folders are listed, and rows that were set aside counted; nothing is changed.

    Args:
        run: the run.
        manifest: of the run.
        leases: of this process. With the same ones a later call knows which processes on other machines work.
    """
    leases = leases or Leases()
    working = []
    for place, holder in leases.seen(run.path).items():
        if place != run.lock_place:
            table, part = _of_lease(run, place)
            alive = True if leases.is_renewed(place) else None
            working.append(Working(table, part, holder.host, holder.pid, alive))
    locked_by = leases.holder(run.lock_place)
    sizes = [size for growth in manifest.growths for size in growth]
    worked_on = {work.table for work in working}
    noted = run.timings().filter(pl.col("part").is_not_null())
    measured = {
        step: (rows, seconds)
        for step, rows, seconds in noted.group_by("step").sum().select("step", "rows", "seconds").iter_rows()
    }
    tables = [
        _table(run, name, parts, sizes, name in worked_on, _answered(run, manifest, name), measured.get(name, (0, 0)))
        for name, parts in manifest.tables.items()
    ]
    return Status(
        state=manifest.state,
        command=manifest.command,
        locked_by=str(locked_by) if locked_by else None,
        tables=tables,
        working=working,
    )


def _table(
    run: Run,
    name: str,
    parts: int,
    sizes: Sequence[int],
    worked_on: bool,
    journaled: int,
    measured: tuple[int, float],
) -> TableStatus:
    table = run.table(name)
    times = table.times()
    done = len(times) or len(run.dataset(name).existing())
    by_rows = _BY_SEED.fullmatch(name) is not None
    left = sum(size for part, size in enumerate(sizes) if part not in times) - journaled if by_rows else 0
    rate = (_rate(times, sizes) if worked_on else None) or _earlier_rate(run, name, journaled, measured)
    return TableStatus(
        table=name,
        parts=done,
        of=parts,
        rows=sum(sizes) - left if by_rows else None,
        rows_wanted=sum(sizes) if by_rows else None,
        set_aside=table.set_aside_rows(),
        rows_per_second=rate if by_rows else None,
        seconds_left=left / rate if rate and left else None,
    )


def _answered(run: Run, manifest: Manifest, table: str) -> int:
    """The questions that are answered in unfinished parts of a table; 0 where no model answers in it."""
    if not (table == "answers" or table.partition("-")[0] == "samples"):
        return 0
    answers, samples = run.table(table), manifest.recipe.get("answers", {}).get("samples", 1)
    existing = answers.existing()
    return sum(answers.lines(part) // samples for part in answers.numbers() if part not in existing)


def _rate(times: Mapping[int, float], sizes: Sequence[int]) -> float | None:
    """Rows a second between the first and the last of the parts that were written last."""
    last = sorted(times, key=lambda part: times[part])[-RECENT:]
    seconds = times[last[-1]] - times[last[0]] if last else 0.0
    return sum(sizes[part] for part in last[1:]) / seconds if seconds > 0 else None


def _earlier_rate(run: Run, name: str, journaled: int, measured: tuple[int, float]) -> float | None:
    """Rows a second of a process that has worked on a table, as it noted; since then, as its journals have grown."""
    table, (rows, seconds) = run.table(name), measured
    journals = [path for part in table.numbers() if (path := table.files(part)[1]).exists()]
    if journaled and journals:
        latest = max(path.stat().st_mtime for path in journals)
        seconds += max(0.0, latest - run.time_noted())
    return (rows + journaled) / seconds if seconds > 0 and rows + journaled else None


def _of_lease(run: Run, place: Path) -> tuple[str, int | None]:
    """The table and the part of a lease."""
    folder = place.parent.relative_to(run.path)
    if match := _PART.fullmatch(place.name):
        return folder.as_posix(), int(match[1])
    if place.name == ".table":
        return folder.as_posix(), None
    return (folder / place.name.removeprefix(".")).as_posix(), None  # a dataset
