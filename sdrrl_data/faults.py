"""The log of a fault: its whole traceback in a file, which can be sent with a report."""

import os
import platform
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from sdrrl_data.shown import ADDRESSES, escaped_lines, without_passwords

# Variables and settings that hold secrets by their names, and tokens that can be told by their form.
_SECRET_NAME = r"[\w-]*(?:token|secret|passw(?:or)?d|credential|api[-_]?key|access[-_]?key|authorization|cookie)[\w-]*"
_SECRETS = re.compile(
    r"\b(?:hf_|sk-|ghp_|gho_|github_pat_|glpat-|xox[a-z]-|AKIA|eyJ)[\w.-]{8,}"
    r"|(?<=bearer )[^\s'\",}]+"
    rf"|(?<![\w-])({_SECRET_NAME}[\"']?\s*[:=]\s*(?:bearer\s+)?)(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"'(){{}}]+)",
    re.IGNORECASE,
)


def write_log(error: BaseException, run: Path | None = None) -> Path | None:
    """Write the traceback of an error into a new file that only this user can read.

    It lies in the run's folder; else among the user's state (XDG_STATE_HOME), or with temporary files.

    Args:
        error: what was raised.
        run: the folder of the run that was worked on, if there is one.

    Returns:
        The file; None if no place can be written to.
    """
    content = _content(error).encode("utf-8", "backslashreplace")
    name = f"fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    for folder in _folders(run):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = next(path for number in range(1000) if not (path := folder / f"{name}-{number}.log").exists())
            # With O_EXCL, a link that somebody else has put there is not followed.
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except (OSError, ValueError):
            continue
        try:
            with os.fdopen(file, "wb") as log:
                log.write(content)
        except OSError:
            path.unlink(missing_ok=True)
            continue
        return path
    return None


def without_secrets(text: str) -> str:
    """The text without passwords, tokens and keys, and without the values of variables that hold them."""
    for name, value in os.environ.items():
        if len(value) >= 8 and re.fullmatch(_SECRET_NAME, name, re.IGNORECASE):
            text = text.replace(value, "***")
    return _SECRETS.sub(lambda match: f"{match[1] or ''}***", without_passwords(text))


def _folders(run: Path | None) -> Iterator[Path]:
    # In another folder, a file would be in the way; that of a run in an object store is removed in the end.
    if run is not None and os.path.isfile(run / "manifest.json") and str(run) not in ADDRESSES:
        yield run
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    yield Path(state) / "sdrrl-data" / "faults"
    yield Path(tempfile.gettempdir())


def _content(error: BaseException) -> str:
    head: Sequence[str] = (
        f"sdrrl-data {version('sdrrl-data')}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {' '.join(map(repr, sys.argv))}",
        "",
    )
    return escaped_lines(without_secrets("\n".join([*head, *traceback.format_exception(error)])))
