"""Sets of texts with which a run's texts are compared: files, and datasets on the Hub, as raw rows.

No code of a dataset is run: `datasets` refuses datasets that are made by a script.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import DatasetNotFound, UserError
from sdrrl_data.models.hub import HubRequest
from sdrrl_data.models.places import HubName, place_of
from sdrrl_data.protocols import Ingredient
from sdrrl_data.sources import hub_rows
from sdrrl_data.sources.hub_rows import HubDataset
from sdrrl_data.sources.object_files import local
from sdrrl_data.sources.row_files import ENDINGS, open_file, reader_of
from sdrrl_data.suggestions import path_instead

INSTEAD = "give a local file, or take it out of the recipe"
TRAINING = re.compile(r"(^|[_-])train")  # names of splits that are not for testing


class TextSet(NamedTuple):
    """A set of texts that is known to exist."""

    role: str  # what it is for, for error messages and the manifest: "test set"
    name: str  # of the file, or of the dataset on the Hub
    place: Path | HubDataset
    config: str | None
    revision: str  # a commit of the Hub, or a digest of the file
    licence: str | None
    configs: tuple[str, ...]  # of a dataset, as listed in its card

    def ingredient(self) -> Ingredient:
        """The set's entry in the manifest and the card."""
        name = f"{self.name}:{self.config}" if self.config else self.name
        return Ingredient(self.role, name, self.revision, self.licence)


def find(source: str, role: str) -> TextSet:
    """Find a file or a dataset on the Hub (`org/name`, `org/name:config`) without reading it.

    Raises:
        DatasetNotFound: it does not exist, or this user may not read it.
        HubUnavailable: the Hub cannot be reached, and the dataset was not fetched before.
        UserError: it cannot be read.
    """
    place = place_of(source, ENDINGS)
    if isinstance(place, Path):
        return _file(local(place, role), role)
    if place is None:
        raise DatasetNotFound(
            f"{role} {source}: there is no such file, and it is not a dataset on the Hub (org/name)"
            f"{path_instead(source)}"
        )
    return _on_hub(place, role)


def rows(text_set: TextSet, splits: Callable[[Sequence[str]], Sequence[str]]) -> Iterator[tuple[str, Any]]:
    """The rows of a set: the place of each in the set, and its content (a dict of columns; for JSON, any value).

    Rows are counted from 1: "17", or "devtest:17" if several splits are read.

    Args:
        text_set: the set to read.
        splits: chooses which of a dataset's splits are read.

    Raises:
        UserError: while iterating: the set cannot be read.
    """
    if isinstance(text_set.place, Path):
        yield from _read(text_set.place, text_set.role)
        return
    dataset = hub_rows.load(text_set.place, text_set.config)
    wanted = splits(list(dataset))
    for split in wanted:
        prefix = f"{split}:" if len(wanted) > 1 else ""
        yield from ((f"{prefix}{number}", content) for number, content in enumerate(dataset[split], 1))


def every(splits: Sequence[str]) -> Sequence[str]:
    """All splits of a dataset."""
    return splits


def held_out(splits: Sequence[str]) -> Sequence[str]:
    """The splits of a dataset that are not for training; all splits if all are for training."""
    return [split for split in splits if not TRAINING.search(split)] or splits


def strings(value: Any) -> Iterator[str]:
    """The texts in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(strings, value.values()))
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(strings, value))


def _file(path: Path, role: str) -> TextSet:
    reader_of(path, role)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8))
    except OSError as error:
        raise UserError(f"{role} {path}: cannot be read ({error.strerror})") from None
    return TextSet(role, path.name, path, None, digest.hexdigest(), None, ())


def _on_hub(place: HubName, role: str) -> TextSet:
    request = HubRequest("dataset", place.name, None, role, "the name", INSTEAD)
    dataset = hub_rows.find(request, place.config)
    repository = dataset.repository
    return TextSet(role, place.name, dataset, place.config, repository.commit, repository.licence, repository.configs)


def _read(path: Path, role: str) -> Iterator[tuple[str, Any]]:
    """The rows of a file."""
    for row in open_file(path, role).rows:
        if row.problem:
            raise UserError(f"{role} {path}: row {row.number} cannot be read ({row.problem}): correct the file")
        yield str(row.number), row.content
