"""Reads every file of a run's tables and datasets again, and moves those away that are damaged."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sdrrl_data.errors import FileDamaged
from sdrrl_data.run.dataset import SHARD
from sdrrl_data.run.disk import digest_of, on_disk, read_parquet
from sdrrl_data.run.folder import Run
from sdrrl_data.run.manifest import Manifest
from sdrrl_data.run.table import is_file_of_table

FOLDER = "damaged"  # in the run: files that were moved away
ASIDE = "set_aside"
# Tables that have not one part for each part of the seeds; of what was learned, only what is read has to exist.
ONE_PART, LEARNED = ("parallel", "prompts", "counts", "shared_counts"), ("aligner", "usual")


class Damage(NamedTuple):
    """A file of a run that cannot be used."""

    path: str  # in the run
    problem: str  # such as "is damaged"


def damages(run: Run, manifest: Manifest) -> Iterator[Damage]:
    """Every file that is damaged, was changed, or is gone; one file is in memory at a time.

    Args:
        run: may be unfinished, and may have lost files.
        manifest: of the run.
    """
    seen: set[tuple[int, int]] = set()  # an earlier state of the run has links to the same files
    for path in _files(run.path):
        place = path.relative_to(run.path).as_posix()
        status = path.stat()
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        try:
            read_parquet([path])
        except FileDamaged:
            yield Damage(place, "is damaged")
            continue
        if place in manifest.files and digest_of(path) != manifest.files[place]:
            yield Damage(place, "was changed since the run made it")
    for place in manifest.files:
        if not (run.path / place).exists():
            yield Damage(place, "is gone")
    if manifest.state == "finished":
        yield from _lost_parts(run, manifest)


def move_away(run: Run, damaged: Iterable[Damage]) -> list[str]:
    """Move damaged files into the run's folder `damaged`, so that `generate` makes them again; nothing is deleted.

    The rows that a part has set aside go with the part: they are made together.

    Returns:
        Where the files are now, as paths in the run.

    Raises:
        DiskFailed: the disk fails.
        UserError: another process works on the run.
    """
    moved = []
    with run.lock():
        for damage in damaged:
            place = Path(damage.path)
            places = [place]
            if place.parent.parent.name == ASIDE:
                places.append(place.parent.parent.parent / place.parent.name / place.name)
            for source in places:
                if not (run.path / source).exists():
                    continue
                target = run.path / FOLDER / source
                while target.exists():
                    target = target.with_name(f"{target.name}~")
                with on_disk(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    (run.path / source).rename(target)
                moved.append(target.relative_to(run.path).as_posix())
    return moved


def _files(root: Path) -> Iterator[Path]:
    """The Parquet files of all tables and datasets, also of the earlier states that are kept."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not (Path(folder) == root and name in (FOLDER, ".push")))
        for name in sorted(names):
            if name.endswith(".parquet") and (is_file_of_table(Path(name)) or SHARD.fullmatch(name)):
                yield Path(folder, name)


def _lost_parts(run: Run, manifest: Manifest) -> Iterator[Damage]:
    """The parts that a finished run should have and that do not exist."""
    parts = sum(map(len, manifest.growths))
    folders = [run.path, *(run.path / tag for tag in manifest.signatures)]
    existing = [path.relative_to(run.path).as_posix() for folder in folders for path in sorted(folder.glob("*"))]
    for name in dict.fromkeys([*manifest.counts.steps, *(name for name in existing if run.table(name).parts())]):
        table, last = run.table(name), name.rpartition("/")[2]
        for part in range(1) if last in ONE_PART else range(0 if last in LEARNED else parts):
            if not table.has(part):
                yield Damage(table.files(part)[0].relative_to(run.path).as_posix(), "is gone")
