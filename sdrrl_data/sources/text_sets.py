"""Sets of texts that a run's own are compared with: files, and datasets of the Hub, as rows not understood yet.

Nothing of a dataset is run: `datasets` refuses those that are made by a script.
"""

import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import UserError
from sdrrl_data.models.locating import asking_hub, in_hub_cache
from sdrrl_data.protocols import Ingredient
from sdrrl_data.sources.row_files import is_file, open_file, reader_of

TRAINING = re.compile(r"(^|[_-])train")  # names of splits that test nothing


class TextSet(NamedTuple):
    """A set of texts that is known to be there."""

    role: str  # what it is for, for the errors' sentences and the manifest: "test set"
    name: str  # of the file, or of the dataset on the Hub
    file: Path | None
    config: str | None
    revision: str  # a commit of the Hub, or a digest of the file
    licence: str | None
    configs: tuple[str, ...]  # of a dataset, as its card lists them

    def ingredient(self) -> Ingredient:
        """What the manifest and the card say of it."""
        name = f"{self.name}:{self.config}" if self.config else self.name
        return Ingredient(self.role, name, self.revision, self.licence)


class Row(NamedTuple):
    """A row of a set, and where it stands in it: "17", or "devtest:17" where several splits are read."""

    place: str
    content: Any  # a dict of columns; of JSON, whatever it holds


def find(source: str, role: str) -> TextSet:
    """Find a file or a dataset of the Hub (`org/name`, `org/name:config`) without reading it.

    Raises:
        UserError: it is not there, or may not be read.
    """
    if is_file(source):
        return _file(Path(os.path.expanduser(source)), role)
    name, _, config = source.partition(":")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise UserError(f"{role} {source}: there is no such file, and it is no name of a dataset on the Hub (org/name)")
    return _on_hub(name, config or None, role)


def rows(found: TextSet, splits: Callable[[Sequence[str]], Sequence[str]]) -> Iterator[Row]:
    """The rows of a set, counted from 1 in each split.

    Args:
        found: what to read.
        splits: picks those of a dataset's splits that are read.

    Raises:
        UserError: it cannot be read, while iterating.
    """
    if found.file:
        yield from _read(found.file, found.role)
        return
    dataset = _load(found)
    wanted = splits(list(dataset))
    for split in wanted:
        prefix = f"{split}:" if len(wanted) > 1 else ""
        yield from (Row(f"{prefix}{number}", content) for number, content in enumerate(dataset[split], 1))


def every(splits: Sequence[str]) -> Sequence[str]:
    """All splits of a dataset."""
    return splits


def held_out(splits: Sequence[str]) -> Sequence[str]:
    """Those splits of a dataset that are not for training; all of them where there are no others."""
    return [split for split in splits if not TRAINING.search(split)] or splits


def strings(value: Any) -> Iterator[str]:
    """The texts in a value, however deep."""
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


def _on_hub(name: str, config: str | None, role: str) -> TextSet:
    from huggingface_hub import HfApi, errors

    api = HfApi()
    try:
        with asking_hub(f"{role} {name}", f"datasets/{name}", None, "the name"):
            info = api.dataset_info(name, timeout=10)
            if info.gated:  # anybody may see that it is there
                api.auth_check(name, repo_type="dataset")
    except (errors.HTTPError, errors.HfHubHTTPError, errors.OfflineModeIsEnabled, OSError):  # type: ignore[attr-defined]
        return _in_cache(name, config, role)
    return _with_card(name, config, role, str(info.sha), info.card_data or {})


def _in_cache(name: str, config: str | None, role: str) -> TextSet:
    """A dataset that was downloaded before, as it was last, for when the Hub cannot be reached."""
    from huggingface_hub import metadata_load

    path = in_hub_cache(name, "dataset", None)
    if path is None:
        raise UserError(
            f"{role} {name} is not in the cache and the Hugging Face Hub cannot be reached: "
            "give a local file, or take it out of the recipe"
        )
    card = path / "README.md"
    return _with_card(name, config, role, path.name, (metadata_load(card) if card.is_file() else None) or {})


def _with_card(name: str, config: str | None, role: str, commit: str, card: Any) -> TextSet:
    """`card` is the head of the dataset's card: a mapping, or as much of one as the Hub's client gives."""
    licence = card.get("license")
    configs = tuple(str(own["config_name"]) for own in card.get("configs") or [] if "config_name" in own)
    # A dataset may have several licences.
    return TextSet(
        role, name, None, config, commit, ", ".join(licence) if isinstance(licence, list) else licence, configs
    )


def _load(found: TextSet) -> Any:
    """All splits of a dataset."""
    import datasets

    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(found.name, found.config, revision=found.revision)
    except Exception as error:  # of three libraries and their network: there is no list of what they raise
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        raise UserError(
            f"{found.role} {found.name}: the dataset cannot be read from the Hugging Face Hub: check its config "
            f"(org/name:config), or give a local file ({reason})"
        ) from error


def _read(path: Path, role: str) -> Iterator[Row]:
    """The rows of a file."""
    for row in open_file(path, role).rows:
        if row.problem:
            raise UserError(f"{role} {path}: row {row.number} cannot be read ({row.problem}): mend the file")
        yield Row(str(row.number), row.content)
