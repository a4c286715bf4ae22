"""Finished parts that a run does not use any more. They stay in its folder `unused` until they are pruned.

Before such parts are replaced, all parts of the run are linked into a folder there, which is a run itself: an earlier
state of the run. What is finished in it can be used again.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from sdrrl_data.run import working_folder
from sdrrl_data.run.disk import on_disk, remove, sync
from sdrrl_data.run.folder import MANIFEST, MANIFEST_COPY, Run
from sdrrl_data.run.manifest import Manifest
from sdrrl_data.run.table import is_file_of_table

FOLDER = "unused"
_STATE = re.compile(r"\d{5,}")  # the name of a state's folder
_TEMPORARY = re.compile(r"\.\d{5,}\.tmp")  # of a state's folder that is being written


def states(run: Run) -> list[Run]:
    """The earlier states of a run that are kept, the latest first."""
    if not os.path.isdir(run.path / FOLDER):  # `Path.glob` raises for what cannot be a path
        return []
    folders = (folder for folder in (run.path / FOLDER).glob("[0-9]*") if _STATE.fullmatch(folder.name))
    return [Run(folder) for folder in sorted(folders, reverse=True)]


def is_kept(run: Run, table: str, part: int) -> bool:
    """Whether an earlier state has a part of a table as it is now."""
    path, journal = run.table(table).files(part)
    now = run.table(table).fingerprint(part)
    return any(
        state.table(table).fingerprint(part) == now and (path.exists() or _same_size(journal, state, table, part))
        for state in states(run)
    )


def keep(run: Run, manifest: Manifest) -> None:
    """Keep all parts of a run as they are now.

    Args:
        run: with parts that will be replaced.
        manifest: of the run as it is now.

    Raises:
        DiskFailed: the disk fails.
    """
    names = [int(state.path.name) for state in states(run)]
    folder = run.path / FOLDER / f"{max(names, default=-1) + 1:05}"
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    with on_disk(folder):
        Run(temporary).write_manifest(manifest)
        store = working_folder.of(run.path)
        if store:  # first the manifest: without some of its parts, a state is one, and without a manifest it is none
            for name in (MANIFEST_COPY, MANIFEST):
                store.put(folder / name, temporary / name)
        for path in _parts(run.path):
            _copy(path, temporary / path.relative_to(run.path))
            if store:
                store.copy(path, folder / path.relative_to(run.path))
        for place, _, _ in os.walk(temporary):
            sync(Path(place))
        temporary.rename(folder)
        sync(folder.parent)  # before what is kept here is replaced


def prune(run: Run) -> int:
    """Delete what the run does not use any more; files that it did not put there stay.

    Returns:
        How many bytes this frees.

    Raises:
        DiskFailed: the disk fails.
        UserError: another process works on the run.
    """
    folder, freed = run.path / FOLDER, 0
    with run.lock(), on_disk(folder):
        for state in folder.glob("*[0-9]*"):
            if not (_STATE.fullmatch(state.name) or _TEMPORARY.fullmatch(state.name)):
                continue
            manifests = filter(Path.exists, [state / MANIFEST, state / MANIFEST_COPY])
            for path in [*_parts(state), *manifests]:
                freed += path.stat().st_size if path.stat().st_nlink == 1 else 0
                remove(path)
            for place, _, _ in os.walk(state, topdown=False):
                if not any(Path(place).iterdir()):
                    Path(place).rmdir()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return freed


def _parts(root: Path) -> Iterator[Path]:
    """The parts and journals of all tables of a run."""
    for folder, folders, files in os.walk(root):
        if Path(folder) == root and FOLDER in folders:
            folders.remove(FOLDER)
        for name in sorted(files):
            if is_file_of_table(Path(name)):
                yield Path(folder, name)


def _copy(path: Path, copy: Path) -> None:
    """Copy a file; a part, which never changes, is linked where the disk can do this, and takes no room."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        try:
            os.link(path, copy)
            return
        except OSError:
            pass
    shutil.copyfile(path, copy)
    sync(copy)


def _same_size(journal: Path, state: Run, table: str, part: int) -> bool:
    """Whether the journal in an earlier state has as many bytes."""
    kept_journal = state.table(table).files(part)[1]
    return kept_journal.exists() and kept_journal.stat().st_size == journal.stat().st_size
