"""Rows that were streamed from the Hub, written down so that they are there without it.

`datasets` keeps nothing of what it streams, and what it keeps it fetches whole: 20,000 pairs of a corpus of a terabyte
would cost all of it.
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
    """The rows of a split of a dataset at one commit: all of them, or the first ones, as far as they were ever read."""

    def __init__(self, repository: Repository, config: str | None, split: str) -> None:
        """Where the rows are kept: among the assets of the Hub's client, each dataset with a folder of its own."""
        from huggingface_hub import constants

        assets = Path(constants.HF_ASSETS_CACHE).expanduser() / "sdrrl-data"
        self._folder = assets / repository.name.replace("/", "--") / "rows"
        # A config's name may come from a recipe of elsewhere: it is never a path.
        key = hashlib.blake2b(json.dumps([repository.commit, config, split]).encode(), digest_size=16).hexdigest()
        self._all = self._folder / f"{key}.jsonl"
        self._first = self._folder / f"{key}.first.jsonl"

    @property
    def complete(self) -> bool:
        """Whether all rows are here."""
        return self._all.is_file()

    def __bool__(self) -> bool:
        return self.complete or self._first.is_file()

    def rows(self) -> Iterator[Any]:
        """The rows that are here; values that JSON does not have, such as dates, are None."""
        path = self._all if self.complete else self._first
        return (row.content for row in open_file(path, "cache").rows)

    def keep(self, rows: Iterator[Any]) -> Iterator[Any]:
        """The rows; those that are taken are written down, unless this cannot be done."""
        if self.complete:
            yield from rows
            return
        written = _Written(self._folder)
        try:
            for row in rows:
                written.add(row)
                yield row
            written.become(self._all)
        finally:
            # The same rows in the same order: the larger file has all of the smaller one, and more.
            if not self.complete and not (self._first.is_file() and self._first.stat().st_size >= written.size):
                written.become(self._first)
            written.discard()
            if self.complete:
                with suppress(OSError):
                    self._first.unlink(missing_ok=True)


class _Written:
    """A file that is being written; a full disk, or one that cannot be written, ends it without a word."""

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
        """Put what was written where it belongs."""
        if self._file and self.size:
            with suppress(OSError):
                self._file.close()
                Path(self._file.name).replace(target)

    def discard(self) -> None:
        """Leave nothing that is not where it belongs."""
        if self._file:
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                Path(self._file.name).unlink(missing_ok=True)
            self._file = None
