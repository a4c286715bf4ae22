"""What tests of several processes on one run share."""

import sys
from pathlib import Path

# Works on the run that its argument names, with the small models, as `sdrrl-data work` does with real ones.
WORK = """
import sys
from sdrrl_data.pipeline.worker import work
from tests.support import small_models
work(sys.argv[1], small_models.models(), poll=0.1)
"""
COMMAND = [sys.executable, "-c", WORK]


def contents(run: Path) -> dict[str, bytes]:
    """Every file of a run with its bytes, except the recorded times."""
    files = (path for path in run.rglob("*") if path.is_file() and not path.name.startswith("timings"))
    return {str(path.relative_to(run)): path.read_bytes() for path in files}
