"""Fixtures that more than one folder of tests uses."""

from pathlib import Path

import pytest
from hypothesis import settings

# On a machine that does other things, too, no test is wrong for being slow.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SHARED_DATA = Path(__file__).parents[1] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real texts that stand beside the repository; what needs them is skipped where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    return SHARED_DATA.resolve()
