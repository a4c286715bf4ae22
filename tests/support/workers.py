"""What tests of several processes on one run share."""

from pathlib import Path

from sdrrl_data.pipeline import worker
from tests.support import small_models


def work(run: str | Path) -> None:
    """Work on a run with the small models, as `sdrrl-data work` does with real ones."""
    worker.work(run, small_models.models(), poll=0.1)


def contents(run: Path) -> dict[str, bytes]:
    """Every file of a run with its bytes, except the recorded times."""
    files = (path for path in run.rglob("*") if path.is_file() and not path.name.startswith("timings"))
    return {str(path.relative_to(run)): path.read_bytes() for path in files}
