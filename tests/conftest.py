"""Fixtures that more than one folder of tests uses."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.internal.conjecture import providers

from tests.support import real_texts as texts

# On a machine that does other things, too, no test is wrong for being slow.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
FAILED = Path(__file__).parents[1] / ".hypothesis" / "examples"
LONG = "\npytestmark = pytest.mark.long\n"
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


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file in which all tests are long is not imported where they are left out: most load torch."""
    left_out = config.option.markexpr == "not long" and collection_path.suffix == ".py"
    return True if left_out and LONG in collection_path.read_text(encoding="utf-8") else None


@pytest.fixture(scope="session")
def real_texts() -> Path:
    """The folder of the real texts that are part of the repository."""
    return texts.folder()


@pytest.fixture(scope="session")
def flores(real_texts) -> Callable[..., list[tuple[str, ...]]]:
    """Returns the same sentences of FLORES-200 dev in several languages."""

    def read(*languages: str, sample: int = 997) -> list[tuple[str, ...]]:
        files = [real_texts / "flores-dev" / f"{language}.txt" for language in languages]
        rows = list(zip(*(file.read_text(encoding="utf-8").splitlines() for file in files), strict=True))
        return random.Random(1).sample(rows, sample)

    return read


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What needs the corpora is skipped where there are none; if CORPORA says that there are, it fails."""
    if item.get_closest_marker("corpora") and texts.corpora() is None:
        (pytest.fail if "CORPORA" in os.environ else pytest.skip)(texts.NO_CORPORA)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line says how many tests were skipped, and what they lack."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        named = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"{reasons.total()} skipped: {named}", yellow=True)


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a test trusts is not remembered for whoever runs it."""
    with patch.dict(os.environ, {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}):
        yield
