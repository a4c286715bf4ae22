"""How far a run is: what is finished, what is being made and where, how fast, and how long it will take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.leases import Leases

RECENT = 64  # parts that a rate is computed from
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
    set_aside: int  # rows of it
    rows_per_second: float | None  # in its last parts; None where nobody works on it, or it has too few parts
    seconds_left: float | None  # at this rate


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
    return Status(
        state=manifest.state,
        command=manifest.command,
        locked_by=str(locked_by) if locked_by else None,
        tables=[_table(run, name, parts, sizes, name in worked_on) for name, parts in manifest.tables.items()],
        working=working,
    )


def _table(run: Run, name: str, parts: int, sizes: Sequence[int], worked_on: bool) -> TableStatus:
    table = run.table(name)
    times = table.times()
    done = len(times) or len(run.dataset(name).existing())
    rate = _rate(times, sizes) if worked_on and parts == len(sizes) else None
    left = sum(size for part, size in enumerate(sizes) if part not in times)
    return TableStatus(
        table=name,
        parts=done,
        of=parts,
        set_aside=table.set_aside_rows(),
        rows_per_second=rate,
        seconds_left=left / rate if rate else None,
    )


def _rate(times: Mapping[int, float], sizes: Sequence[int]) -> float | None:
    """Rows a second between the first and the last of the parts that were written last."""
    last = sorted(times, key=lambda part: times[part])[-RECENT:]
    seconds = times[last[-1]] - times[last[0]] if last else 0.0
    return sum(sizes[part] for part in last[1:]) / seconds if seconds > 0 else None


def _of_lease(run: Run, place: Path) -> tuple[str, int | None]:
    """The table and the part of a lease."""
    folder = place.parent.relative_to(run.path)
    if match := _PART.fullmatch(place.name):
        return folder.as_posix(), int(match[1])
    if place.name == ".table":
        return folder.as_posix(), None
    return (folder / place.name.removeprefix(".")).as_posix(), None  # a dataset
