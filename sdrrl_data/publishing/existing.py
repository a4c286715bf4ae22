"""What a repository holds besides the targets of runs, and what a push would do to it."""

from collections.abc import Collection, Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from sdrrl_data.cards import merging
from sdrrl_data.errors import UserError

PARQUET = ".parquet"
DATA = {PARQUET, ".csv", ".tsv", ".jsonl", ".arrow"}  # files that `datasets` takes for data wherever they lie


def refuse_other_formats(repo: str, card: str, files: Collection[str]) -> None:
    """Refuse a repository that has configs of other files than Parquet.

    `datasets` reads all configs of a repository as the first one, so these could no longer be loaded.

    Args:
        repo: the dataset on the Hub.
        card: its README.md as it would be after the push.
        files: paths in the repository, before the push.

    Raises:
        UserError: it has.
    """
    head, _ = merging.split(card)
    for config in merging.configs_of(head):
        formats = {suffix for path in merging.paths_of(config) for suffix in _suffixes(path, files)} - {PARQUET}
        if formats:
            raise UserError(
                f"{repo} has a config {merging.name_of(config)} of {min(formats)} files, and `datasets` reads all "
                "configs of a repository in one format, which is Parquet here: push to another repository"
            )


def warnings(repo: str, new_card: str, old_card: str, files: Collection[str]) -> Iterator[str]:
    """What can be loaded now, and not after the push, a sentence each.

    Args:
        repo: the dataset on the Hub.
        new_card: its README.md as it would be after the push.
        old_card: as it is.
        files: paths in the repository, before the push.
    """
    old_configs, new_configs = _configs(old_card), _configs(new_card)
    data = sorted(path for path in files if PurePosixPath(path).suffix in DATA)
    if data and not old_configs:
        yield (
            f"{repo} has data files that no config names, such as {data[0]}; `load_dataset` will not find them beside "
            "the configs of this run: name them in a config in README.md"
        )
    for name in [name for name in old_configs if name in new_configs]:
        old_paths, new_paths = (set(merging.paths_of(configs[name])) for configs in (old_configs, new_configs))
        replaced = sorted(path for path in old_paths - new_paths if not merging.PUSHED_FILES.match(path))
        if replaced:
            yield (
                f"the config {name} of {repo} was that of {replaced[0]}; now it is that of this run. "
                "The files stay: name them in a config with another name in README.md"
            )


def _configs(card: str) -> dict[str, Any]:
    head, _ = merging.split(card)
    return {merging.name_of(config): config for config in merging.configs_of(head)}


def _suffixes(pattern: str, files: Collection[str]) -> set[str]:
    """The suffixes of the files that a pattern of a config stands for."""
    suffix = PurePosixPath(pattern).suffix
    if suffix and "*" not in suffix:
        return {suffix}
    return {PurePosixPath(path).suffix for path in files if fnmatch(path, pattern)} - {""}
