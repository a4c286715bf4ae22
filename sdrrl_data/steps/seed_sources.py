"""Where seeds come from: a file or a dataset of the Hub, as rows that are not understood yet."""

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import Seeds
from sdrrl_data.row_files import Row, Source, is_file, open_file


def name_of(source: str) -> str:
    """What rows from a source call it: the name of a file, or of a dataset on the Hub."""
    return Path(source).name if is_file(source) else source


def open_source(settings: Seeds) -> Source:
    """Open a file or a dataset of the Hub.

    Raises:
        UserError: it is not there, or is not what it says it is. Iterating over the rows raises it too.
    """
    if is_file(settings.source):
        return open_file(Path(os.path.expanduser(settings.source)), "seeds")
    if re.fullmatch(r"[\w.-]+/[\w.-]+", settings.source):
        return _hub(settings)
    raise UserError(
        f"seeds {settings.source}: there is no such file, and it is no name of a dataset on the Hub (org/name)"
    )


def _hub(settings: Seeds) -> Source:
    from huggingface_hub import HfApi

    name = settings.source
    with _hub_errors(name):
        commit = HfApi().dataset_info(name, revision=settings.revision, timeout=10).sha
        from datasets import load_dataset  # takes seconds, so only once the dataset is known to be there

        dataset = load_dataset(name, settings.config, split=settings.split, revision=commit, streaming=True)
        examples = iter(dataset)
        first = next(examples, None)
    columns = list(first) if first else []
    examples = itertools.chain([first] if first else [], examples)
    return Source(f"{name}@{commit}", columns, _hub_rows(name, examples))


def _hub_rows(name: str, examples: Iterator[dict[str, Any]]) -> Iterator[Row]:
    with _hub_errors(name):
        yield from itertools.starmap(Row, enumerate(examples, 1))


@contextmanager
def _hub_errors(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # of three libraries and their network: there is no list of what they raise
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        raise UserError(
            f"seeds {name}: the dataset cannot be read from the Hugging Face Hub: check its name, config, "
            f"split and revision, or give a local file with --seeds ({reason})"
        ) from error
