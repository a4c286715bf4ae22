"""Reads every file of a run's tables and datasets again, and moves those away that are damaged."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sdrrl_data.errors import FileDamaged
from sdrrl_data.run import unused, working_folder
from sdrrl_data.run.dataset import SHARD
from sdrrl_data.run.disk import digest_of, is_of_controls, on_disk, read_parquet
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
    for folder in sorted(run.path.glob("*/controls-*")):
        dataset = run.dataset(folder.relative_to(run.path).as_posix())
        if folder.is_dir() and not any(folder.iterdir()):
            yield Damage(dataset.name, "has no files")
        with suppress(FileDamaged):  # which was said above
            for path in dataset.gone():
                yield Damage(path.relative_to(run.path).as_posix(), "is gone")
    if manifest.state == "finished":
        yield from _lost_parts(run, manifest)


def move_away(run: Run, damaged: Iterable[Damage]) -> list[str]:
    """Move damaged files into the run's folder `damaged`, so that `generate` makes them again; nothing is deleted.

    The rows that a part has set aside go with the part: they are made together. If an earlier state of the run has a
    link to a file, that is moved, too.

    Returns:
        Where the files are now, as paths in the run.

    Raises:
        DiskFailed: the disk fails.
        UserError: another process works on the run.
    """
    moved = []
    with run.lock():
        links = _links(run.path)
        for damage in damaged:
            for source in _with_parts(links.get(Path(damage.path), [Path(damage.path)])):
                if not (run.path / source).is_file():
                    continue
                target = run.path / FOLDER / source
                while target.exists():
                    target = target.with_name(f"{target.name}~")
                with on_disk(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    if store := working_folder.of(run.path):
                        store.move(run.path / source, target)
                    (run.path / source).rename(target)
                moved.append(target.relative_to(run.path).as_posix())
    return moved


def still(run: Run, manifest: Manifest, damaged: Iterable[Damage]) -> Iterator[Damage]:
    """What is damaged after these files were moved away and `generate` was called, and what it does not make."""
    again = list(damages(run, manifest))
    yield from (damage for damage in again if not is_of_controls(Path(damage.path)))
    now = {damage.path for damage in again}
    for path in dict.fromkeys(damage.path for damage in (*damaged, *again)):
        if is_of_controls(Path(path)) and (path in now or not (run.path / path).exists()):
            yield Damage(path, "is not made again here: the same `sdrrl-data controls` command as before makes it")


def unneeded(run: Run, damaged: Iterable[Damage]) -> Iterator[Damage]:
    """Which of these files were not made again, because nothing reads them now."""
    for damage in damaged:
        place = Path(damage.path)
        if not (run.path / place).exists():
            if place.parts[0] == unused.FOLDER:
                yield Damage(damage.path, "was moved away: it was of an earlier state, which the run does not need")
            elif place.parent.name in LEARNED:
                yield Damage(damage.path, "was moved away: it is learned again when new rows are made with it")


def _links(root: Path) -> dict[Path, list[Path]]:
    """All names of each file that has several, by each of them: an earlier state has links to a run's files."""
    names: dict[tuple[int, int], list[Path]] = {}
    for path in _files(root):
        status = path.stat()
        if status.st_nlink > 1:
            names.setdefault((status.st_dev, status.st_ino), []).append(path.relative_to(root))
    return {name: same for same in names.values() for name in same}


def _with_parts(places: Iterable[Path]) -> Iterator[Path]:
    """These files, and after rows that were set aside the part that they belong to."""
    for place in places:
        yield place
        if place.parent.parent.name == ASIDE:
            yield place.parent.parent.parent / place.parent.name / place.name


def _files(root: Path) -> Iterator[Path]:
    """The Parquet files of all tables and datasets, also of the earlier states that are kept."""
    for folder, folders, names in os.walk(root):
        is_root = Path(folder) == root
        folders[:] = sorted(name for name in folders if not (is_root and name in (FOLDER, ".push")))
        if is_root:
            folders.sort(key=unused.FOLDER.__eq__)  # a file is named by where it is used
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
