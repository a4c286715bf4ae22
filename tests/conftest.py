"""Fixtures that more than one folder of tests uses."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.internal.conjecture import providers

# On a machine that does other things, too, no test is wrong for being slow.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
FAILED = Path(__file__).parents[1] / ".hypothesis" / "examples"
settings.register_profile("repeatable", derandomize=True, database=None, max_examples=100, **PATIENT)
settings.register_profile(
    "fuzz", derandomize=False, database=DirectoryBasedExampleDatabase(FAILED), max_examples=1000, **PATIENT
)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Without `--hypothesis-profile=fuzz`, a test draws the same examples every time."""
    if config.getoption("--hypothesis-profile") != "fuzz":
        # Hypothesis also draws constants of those of our modules that happen to have been imported, so that the
        # examples of one test would depend on which others ran before it in the same process.
        providers._get_local_constants = providers.Constants


SHARED_DATA = Path(__file__).parents[1] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real texts that stand beside the repository; what needs them is skipped where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    return SHARED_DATA.resolve()


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a test trusts is not remembered for whoever runs it."""
    with patch.dict(os.environ, {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}):
        yield
