"""Whether a string names a path, or something on the Hub."""

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

_NAME = re.compile(r"([\w.-]+/[\w.-]+)(?::(.+))?", re.DOTALL)


class HubName(NamedTuple):
    """A model or dataset on the Hub: `org/name`, or `org/name:config`."""

    name: str
    config: str | None = None


def place_of(text: str, endings: Collection[str] = ()) -> Path | HubName | None:
    """What a string names; None: neither a path nor a name on the Hub.

    It is a path if there is a file or folder of this name, if it starts with `/`, `.` or `~`, or has a known ending.

    Args:
        text: as the user wrote it.
        endings: of files, in lower case, such as ".jsonl".
    """
    path = os.path.expanduser(text)
    if os.path.exists(path) or Path(path).suffix.lower() in endings or text.startswith(("/", ".", "~")):
        return Path(path)
    return hub_name(text)


def hub_name(text: str) -> HubName | None:
    """The dataset or model on the Hub that a string names, by the Hub's own rule for names; None: it names none."""
    named = _NAME.fullmatch(text)
    if named is None:
        return None
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(named[1])
    except HFValidationError:
        return None
    return HubName(named[1], named[2])
