"""A run's folder."""

import json
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data import languages
from sdrrl_data.errors import FileDamaged, NotARun, UserError
from sdrrl_data.run import manifest as manifests
from sdrrl_data.run import working_folder
from sdrrl_data.run.dataset import SHARD_ROWS, Dataset
from sdrrl_data.run.disk import on_disk, written
from sdrrl_data.run.leases import Leases
from sdrrl_data.run.manifest import Manifest, parsed
from sdrrl_data.run.table import Table
from sdrrl_data.suggestions import instead

MANIFEST, MANIFEST_COPY, TIMINGS = "manifest.json", ".manifest.json", "timings.jsonl"


class Run:
    """A run's folder; for a run in an object store, the working folder of this process."""

    def __init__(self, path: str | PathLike[str], worker: str = "") -> None:
        """Write nothing.

        Args:
            path: of the folder, or the address of one in an object store: `s3://BUCKET/RUN`, `gs://` or `az://`.
            worker: the name of this process, if others work on the run, too; what it measures has a file of its own.

        Raises:
            StoreUnavailable: the object store cannot be used.
        """
        self.path = working_folder.place(path)
        self._timings = f"timings-{worker}.jsonl" if worker else TIMINGS

    def __fspath__(self) -> str:
        """The folder, so that a run can be used wherever a path can."""
        return str(self.path)

    def look(self) -> None:
        """See what other processes have made, where the run is in an object store."""
        if folder := working_folder.of(self.path):
            folder.look()

    def share_timings(self) -> None:
        """Put the recorded times where the run is, if that is an object store."""
        if folder := working_folder.of(self.path):
            for path in self.path.glob("timings*.jsonl"):
                folder.put(path, path)

    def table(self, name: str) -> Table:
        """A table by its path in the run, such as `answers` or `pt/translations`."""
        return Table(self.path, name)

    def manifest(self) -> Manifest | None:
        """What made the run; None if it has no manifest yet.

        Raises:
            UserError: the folder holds something else, or a run that this version cannot read.
        """
        path = self.path / MANIFEST
        if not os.path.exists(path):  # `Path` raises for a name that is too long
            if os.path.isfile(self.path) or (os.path.isdir(self.path) and _visible(self.path)):
                self._refuse_damaged("is gone")
                raise NotARun(f"{self.path} already exists and is not a run: choose another --out")
            return None
        try:
            return parsed(path.read_bytes(), str(path), "use another folder")
        except NotARun:
            self._refuse_damaged("is damaged")
            raise
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror})") from None

    def manifest_bytes(self) -> bytes:
        """The bytes of `manifest.json`, by which another process sees that it has changed.

        Raises:
            UserError: it cannot be read.
        """
        path = self.path / "manifest.json"
        if folder := working_folder.of(path):
            folder.renew(path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror})") from None

    def write_manifest(self, manifest: Manifest) -> None:
        """Write `manifest.json`, and before it a copy, so that one of them is always whole."""
        text = manifests.written(manifest)
        for name in (MANIFEST_COPY, MANIFEST):
            self.write_text(name, text)

    def _refuse_damaged(self, problem: str) -> None:
        """If there is a copy of the manifest, refuse to go on without it.

        Raises:
            FileDamaged: there is one.
        """
        copy, path = self.path / MANIFEST_COPY, self.path / MANIFEST
        try:
            parsed(copy.read_bytes(), str(copy), "")
        except (OSError, ValueError, UserError):
            return
        command = f"cp {shlex.quote(str(copy))} {shlex.quote(str(path))}"
        raise FileDamaged(f"{path} {problem}: type `{command}`, which puts its copy there; then go on as before")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the run, completely or not at all."""
        path = self.path / name
        with written(path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def note_time(self, step: str, seconds: float, **more: Any) -> None:
        """Add a line to `timings.jsonl`: how long it took to make a part of a step, or to load its models.

        Times are not in the manifest, so that a repeated run has the same bytes everywhere else.
        """
        path = self.path / self._timings
        with on_disk(path), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "seconds": round(seconds, 3), **more}) + "\n")

    def timings(self) -> pl.DataFrame:
        """Every line of `timings.jsonl`, and of the workers' files: step, part (null: loading), rows, seconds."""
        lines = [line for path in self._timing_files() for line in path.read_bytes().splitlines()]
        timings = [timing for timing in map(_timing, lines) if timing]
        return pl.DataFrame(
            timings, schema={"step": pl.String, "part": pl.Int64, "rows": pl.Int64, "seconds": pl.Float64}
        )

    def time_noted(self) -> float:
        """When a time was noted last, by the clock of whoever serves the file; 0 if none was."""
        return max((path.stat().st_mtime for path in self._timing_files()), default=0.0)

    def _timing_files(self) -> list[Path]:
        return [path for path in [self.path / TIMINGS, *sorted(self.path.glob("timings-*.jsonl"))] if path.exists()]

    def dataset(self, name: str, shard_rows: int = SHARD_ROWS) -> Dataset:
        """A dataset by its path in the run, such as `pt/transfer_set`."""
        return Dataset(self.path, name, shard_rows)

    @property
    def lock_place(self) -> Path:
        """The place of the lease of the process that decides what the run becomes."""
        return self.path / ".lock"

    @contextmanager
    def lock(self) -> Iterator[Leases]:
        """Lock the run, so that two processes never decide at the same time what it becomes.

        Gives the leases of this process.

        Raises:
            RunBusy: another process has locked it.
            UserError: its folder cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise UserError(f"{self.path} cannot be created ({why}): choose another --out") from None
        busy = (
            f"another sdrrl-data process is working on {self.path}: wait for it, or stop it; `sdrrl-data status "
            f"{shlex.quote(str(self.path))}` shows how far it is"
        )
        with ExitStack() as stack:
            try:
                leases = stack.enter_context(Leases())
                stack.enter_context(leases.held(self.lock_place, busy))
            except OSError as error:
                raise UserError(
                    f"{self.path} cannot be written to ({error.strerror or error}): choose another --out"
                ) from None
            self.look()
            yield leases

    def refuse_without(self, name: str, tags: Sequence[str]) -> None:
        """Refuse to go on if a target has no such dataset: an earlier version, or somebody else, made the run.

        Args:
            name: of the dataset, such as `preferences`.
            tags: of the targets.

        Raises:
            UserError: it is missing.
        """
        for tag in tags:
            if not self.dataset(f"{tag}/{name}").exists():
                raise UserError(
                    f"{self.path} has no {tag}/{name}: `{self.command}` makes it from the tables, and asks no model"
                )

    @property
    def targets(self) -> list[str]:
        """The tags of the run's target languages; empty if there is no run yet."""
        manifest = self.manifest()
        return list(manifest.signatures) if manifest else []

    @property
    def is_worked_on(self) -> bool:
        """Whether a process that may live is making it."""
        return bool(Leases().seen(self.path))

    @property
    def goes_on(self) -> str:
        """How an unfinished run goes on: by the process that is making it, or else with a command."""
        if self.is_worked_on:
            return f"it is being made now, and `sdrrl-data status {shlex.quote(str(self.path))}` shows how far it is"
        return f"`{self.command}` goes on with it"

    @property
    def command(self) -> str:
        """What goes on with the run, or makes it anew where it has to be: its recipe has all other settings."""
        return f"sdrrl-data generate --out {shlex.quote(str(self.path))}"

    def transfer_set(self, target: str) -> pl.DataFrame:
        """The rows of a target's transfer set, of both splits (column `split`: train, test).

        Args:
            target: a target language of the run, by any of its names.

        Raises:
            UserError: the run has no such target, or its transfer set has not been made yet.
        """
        tag, targets = languages.find(target).tag, self.targets
        if tag not in targets:
            raise UserError(f"{self.path} has no target {tag}: {instead(tag, targets)}")
        if not self.dataset(f"{tag}/transfer_set").exists():
            raise UserError(f"{self.path} has no transfer set of {tag} yet: {self.goes_on}")
        return self.dataset(f"{tag}/transfer_set").read()


def _timing(line: bytes) -> dict[str, Any] | None:
    """A line of `timings.jsonl`; None if it is cut off or damaged."""
    try:
        timing = json.loads(line)
    except (ValueError, RecursionError):
        return None
    numbers = {"part": int | None, "rows": int | None, "seconds": int | float}
    fits = isinstance(timing, dict) and all(isinstance(timing.get(key), kind) for key, kind in numbers.items())
    return timing if fits and isinstance(timing.get("step"), str) else None


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]
