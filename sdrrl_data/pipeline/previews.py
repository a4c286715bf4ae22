"""What was made to try a recipe out, beside the run's folder: its answers and translations count for the run."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UserError
from sdrrl_data.run import Run, fingerprint, unused


def folders(out: Path) -> Iterator[Path]:
    """The folders that the next preview may take, the first that is not of another model: RUN-preview, RUN-preview-2.

    Args:
        out: the run's folder.
    """
    yield out.with_name(f"{out.name}-preview")
    yield from (out.with_name(f"{out.name}-preview-{number}") for number in count(2))


def probe_folder(out: Path, recipe: Any, ids: Sequence[str]) -> Path:
    """The folder of the probe of a recipe with these seeds: the same for the same."""
    return out.with_name(f"{out.name}-probe-{fingerprint(recipe, ids)[:8]}")


def states(out: Path) -> list[Run]:
    """All previews and probes of a run, with their earlier states."""
    names = re.compile(rf"{re.escape(out.name)}-(preview(-\d+)?|probe-[0-9a-f]{{8}})")
    beside = sorted(out.parent.iterdir()) if out.parent.is_dir() else []
    runs = [Run(folder) for folder in beside if names.fullmatch(folder.name) and folder.is_dir()]
    return [state for run in runs if _is_readable(run) for state in (run, *unused.states(run))]


def _is_readable(run: Run) -> bool:
    with suppress(UserError):
        return run.manifest() is not None
    return False
