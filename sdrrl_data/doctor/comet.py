"""The environment in which COMET runs, which uv makes."""

import shlex
from collections.abc import Iterator

from sdrrl_data.doctor.check import Check
from sdrrl_data.errors import UserError
from sdrrl_data.scoring import comet_process


def checks() -> Iterator[Check]:
    """Whether the environment is there; nothing if there is no uv, which the check of the extra says."""
    try:
        is_made = comet_process.is_made()
    except UserError:
        return
    if is_made:
        yield Check("COMET", "ok", "for scorer comet: its environment is ready")
        return
    says = "for scorer comet: its environment is not there yet; a run makes it before its first answer (1 GB)"
    yield Check("COMET", "missing", says, f"uv sync --script {shlex.quote(str(comet_process.WORKER))}")
