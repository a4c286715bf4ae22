"""A run's folder."""

import json
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout
from pydantic import ValidationError

from sdrrl_data import languages
from sdrrl_data.errors import NotARun, RunBusy, UserError, VersionMismatch
from sdrrl_data.run.disk import SCHEMA_VERSION, digest_of, fingerprint_of, on_disk, write_parquet, written
from sdrrl_data.run.manifest import Manifest
from sdrrl_data.run.table import Table

TIMINGS = "timings.jsonl"


class Run:
    """A run's folder."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)

    def __fspath__(self) -> str:
        """The folder, so that a run may stand wherever a path may."""
        return str(self.path)

    def table(self, name: str) -> Table:
        """A table by its path in the run, such as `answers` or `pt/translations`."""
        return Table(self.path, name)

    def manifest(self) -> Manifest | None:
        """What made the run, or None where there is none yet.

        Raises:
            UserError: the folder holds something else, or a run of another schema version.
        """
        path = self.path / "manifest.json"
        if not path.exists():
            if self.path.is_file() or (self.path.is_dir() and _visible(self.path)):
                raise NotARun(f"{self.path} is there already and is not a run: choose another --out")
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["schema_version"] != SCHEMA_VERSION:
                raise VersionMismatch(
                    f"{path} has schema version {content['schema_version']}, this sdrrl-data reads version "
                    f"{SCHEMA_VERSION}: use the sdrrl-data that made it, or another folder"
                )
            return Manifest.model_validate(content)
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise NotARun(f"{path} cannot be read as a manifest: use another folder") from error

    def write_manifest(self, manifest: Manifest) -> None:
        """Write `manifest.json`."""
        self.write_text("manifest.json", manifest.model_dump_json(indent=2) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the run, whole or not at all."""
        path = self.path / name
        with written(path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def note_time(self, step: str, seconds: float, **more: Any) -> None:
        """Add a line to `timings.jsonl`: how long a part of a step took, or loading what it needs.

        It stands apart from the manifest, so that a repeated run has the same bytes everywhere else.
        """
        path = self.path / TIMINGS
        with on_disk(path), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "seconds": round(seconds, 3), **more}) + "\n")

    def timings(self) -> pl.DataFrame:
        """Every line of `timings.jsonl`: step, part (null: loading), rows, seconds."""
        path = self.path / TIMINGS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        whole = [json.loads(line) for line in lines if line.endswith("}")]  # the last one may be torn
        return pl.DataFrame(
            whole, schema={"step": pl.String, "part": pl.Int64, "rows": pl.Int64, "seconds": pl.Float64}
        )

    def kept(self, name: str, fingerprint: str, make: Callable[[Path], None]) -> Path:
        """A folder of files that a step has to find again as they were; `make` fills it the first time.

        It is there whole or not at all.
        """
        folder = self.path / name
        mark = folder / "fingerprint"
        if not mark.exists() or mark.read_text(encoding="utf-8") != fingerprint:
            temporary = folder.with_name(f".{folder.name}.tmp")
            with on_disk(folder):
                shutil.rmtree(temporary, ignore_errors=True)
                temporary.mkdir(parents=True)
                make(temporary)
                (temporary / mark.name).write_text(fingerprint, encoding="utf-8")
                shutil.rmtree(folder, ignore_errors=True)
                temporary.rename(folder)
        return folder

    def forget(self, name: str, but: Collection[str]) -> None:
        """Remove everything from a folder but these."""
        for path in (self.path / name).glob("*"):
            if path.name not in but:
                shutil.rmtree(path)

    def dataset_files(self, name: str, split: str = "") -> list[Path]:
        """What `write_dataset` wrote, of one split or of all, in order; nothing where it has not finished."""
        return sorted((self.path / name).glob(f"{split}*.parquet"))

    def dataset_done(self, name: str, fingerprint: str) -> bool:
        """Whether `write_dataset` has finished with this fingerprint."""
        files = self.dataset_files(name)
        return bool(files) and fingerprint_of(files[0]) == fingerprint

    def write_dataset(self, name: str, splits: dict[str, pl.DataFrame], fingerprint: str, shard_rows: int) -> None:
        """Write splits as shards that `datasets.load_dataset` finds by itself; all of them or none."""
        final = self.path / name
        temporary = final.with_name(f".{final.name}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        # A split without rows gets no file: `datasets` cannot load one. Only where all are empty, all get one.
        filled = {split: rows for split, rows in splits.items() if not rows.is_empty()}
        for split, rows in (filled or splits).items():
            shards = list(rows.iter_slices(shard_rows)) or [rows]
            for number, shard in enumerate(shards):
                file = temporary / f"{split}-{number:05}-of-{len(shards):05}.parquet"
                write_parquet(shard, file, fingerprint)
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)

    def read_dataset(self, name: str) -> pl.DataFrame:
        """The rows of all splits of a dataset."""
        return pl.concat([pl.read_parquet(path) for path in self.dataset_files(name)])

    def digests(self, name: str) -> dict[str, str]:
        """The SHA-256 of each file of a dataset, by its path in the run."""
        return {f"{name}/{path.name}": digest_of(path) for path in self.dataset_files(name)}

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run, so that two processes never write into it at once."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self.path} cannot be made ({error.strerror}): choose another --out") from None
        try:
            with FileLock(self.path / ".lock", timeout=0):
                yield
        except Timeout:
            raise RunBusy(f"another sdrrl-data is working on {self.path}: wait for it, or stop it") from None

    @property
    def targets(self) -> list[str]:
        """The tags of the run's target languages; empty where there is no run yet."""
        manifest = self.manifest()
        return list(manifest.signatures) if manifest else []

    def transfer_set(self, target: str) -> pl.DataFrame:
        """The rows of a target's transfer set, of both splits (column `split`: train, test).

        Args:
            target: a target language of the run, by any of its names.

        Raises:
            UserError: the run has no such target, or its transfer set is not made yet.
        """
        tag, targets = languages.find(target).tag, self.targets
        if tag not in targets:
            raise UserError(f"{self.path} has no target {tag}: it has {', '.join(targets) or 'none yet'}")
        if not self.dataset_files(f"{tag}/transfer_set"):
            raise UserError(f"{self.path} has no transfer set of {tag} yet: run `generate` again to finish it")
        return self.read_dataset(f"{tag}/transfer_set")


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]
