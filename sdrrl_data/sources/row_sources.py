"""Where seeds and sentence pairs come from: a file or a dataset of the Hub, as rows that are not understood yet."""

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import ParallelConfig, SeedsConfig
from sdrrl_data.sources.row_files import Row, Source, is_file, open_file


def name_of(source: str) -> str:
    """What rows from a source call it: the name of a file, or of a dataset on the Hub."""
    return Path(source).name if is_file(source) else source


def on_hub(source: str) -> bool:
    """Whether a source is no file, and has the form of a name on the Hub."""
    return not is_file(source) and bool(re.fullmatch(r"[\w.-]+/[\w.-]+", source))


def open_source(settings: SeedsConfig | ParallelConfig, role: str, instead: str) -> Source:
    """Open a file or a dataset of the Hub. Of a dataset, no more is fetched than the rows that are asked for.

    Args:
        settings: what to read.
        role: what it is for, for the errors' sentences ("seeds").
        instead: what the user can do where a dataset cannot be read ("give a local file with --seeds").

    Raises:
        UserError: it is not there, or is not what it says it is. Iterating over the rows raises it too.
    """
    if is_file(settings.source):
        return open_file(Path(os.path.expanduser(settings.source)), role)
    if on_hub(settings.source):
        return _hub(settings, role, instead)
    raise UserError(
        f"{role} {settings.source}: there is no such file, and it is no name of a dataset on the Hub (org/name)"
    )


@cache
def licence_on_hub(name: str, commit: str) -> str | None:
    """The licence in the head of a dataset's card; of several, all; None where it names none.

    Raises:
        UserError: the Hub cannot be reached.
    """
    from huggingface_hub import HfApi

    try:
        card: Any = HfApi().dataset_info(name, revision=commit, timeout=10).card_data or {}
    except Exception as error:  # of several libraries: there is no list of what they raise
        raise UserError(f"{name}: the Hugging Face Hub does not say its licence ({_reason(error)})") from error
    licence = card.get("license")
    return ", ".join(licence) if isinstance(licence, list) else licence


def _hub(settings: SeedsConfig | ParallelConfig, role: str, instead: str) -> Source:
    from huggingface_hub import HfApi

    name = settings.source
    with _hub_errors(settings, role, instead):
        commit = HfApi().dataset_info(name, revision=settings.revision, timeout=10).sha
        from datasets import load_dataset  # takes seconds, so only once the dataset is known to be there

        dataset = load_dataset(name, settings.config, split=settings.split, revision=commit, streaming=True)
        examples = iter(dataset)
        first = next(examples, None)
    columns = list(first) if first else []
    examples = itertools.chain([first] if first else [], examples)
    return Source(f"{name}@{commit}", columns, _hub_rows(examples, settings, role, instead))


def _hub_rows(
    examples: Iterator[dict[str, Any]], settings: SeedsConfig | ParallelConfig, role: str, instead: str
) -> Iterator[Row]:
    with _hub_errors(settings, role, instead):
        yield from itertools.starmap(Row, enumerate(examples, 1))


@contextmanager
def _hub_errors(settings: SeedsConfig | ParallelConfig, role: str, instead: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # of three libraries and their network: there is no list of what they raise
        what = f"{role} {settings.source}"
        if settings.config and f"BuilderConfig '{settings.config}' not found" in str(error):
            raise UserError(f"{what}: the Hub has no config {settings.config} of this dataset: {instead}") from error
        raise UserError(
            f"{what}: the dataset cannot be read from the Hugging Face Hub: check its name, config, "
            f"split and revision, or {instead} ({_reason(error)})"
        ) from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
