"""Rows that were streamed from the Hub, stored so that they can be read offline.

`datasets` does not store the rows that it streams; what it does store, it fetches completely. 20,000 pairs of a corpus
of a terabyte would cost the whole terabyte.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sdrrl_data.models.hub import Repository
from sdrrl_data.sources.row_files import open_file


class RowCache:
    """The rows of a split of a dataset at one commit: all rows, or the first ones, as far as they were ever read."""

    def __init__(self, repository: Repository, config: str | None, split: str) -> None:
        """Rows are stored among the assets of the Hub's client, in one folder per dataset."""
        from huggingface_hub import constants

        assets = Path(constants.HF_ASSETS_CACHE).expanduser() / "sdrrl-data"
        self._folder = assets / repository.name.replace("/", "--") / "rows"
        # A config's name may come from somebody else's recipe: it is never used as a path.
        key = hashlib.blake2b(json.dumps([repository.commit, config, split]).encode(), digest_size=16).hexdigest()
        self._all = self._folder / f"{key}.jsonl"
        self._first = self._folder / f"{key}.first.jsonl"

    @property
    def complete(self) -> bool:
        """Whether all rows are stored."""
        return self._all.is_file()

    def __bool__(self) -> bool:
        return self.complete or self._first.is_file()

    def rows(self) -> Iterator[Any]:
        """The stored rows; values that JSON does not have, such as dates, are None."""
        path = self._all if self.complete else self._first
        return (row.content for row in open_file(path, "cache").rows)

    def keep(self, rows: Iterator[Any]) -> Iterator[Any]:
        """The same rows; those that are read are also stored, if the disk allows it."""
        if self.complete:
            yield from rows
            return
        new_file = _NewFile(self._folder)
        try:
            for row in rows:
                new_file.add(row)
                yield row
            new_file.become(self._all)
        finally:
            # Both files hold the same rows in the same order, so the larger one contains the smaller one.
            if not self.complete and not (self._first.is_file() and self._first.stat().st_size >= new_file.size):
                new_file.become(self._first)
            new_file.discard()
            if self.complete:
                with suppress(OSError):
                    self._first.unlink(missing_ok=True)


class _NewFile:
    """A file that is being written; if the disk is full or read-only, it is given up silently."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._file = None
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False, encoding="ascii")  # noqa: SIM115

    def add(self, row: Any) -> None:
        if self._file:
            try:
                self.size += self._file.write(json.dumps(row, default=lambda value: None) + "\n")
            except OSError:
                self.discard()

    def become(self, target: Path) -> None:
        """Move the file to its final path."""
        if self._file and self.size:
            with suppress(OSError):
                self._file.close()
                Path(self._file.name).replace(target)

    def discard(self) -> None:
        """Remove the file, unless it was moved."""
        if self._file:
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                Path(self._file.name).unlink(missing_ok=True)
            self._file = None
