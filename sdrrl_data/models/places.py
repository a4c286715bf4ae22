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
    named = _NAME.fullmatch(text)
    return HubName(named[1], named[2]) if named else None
