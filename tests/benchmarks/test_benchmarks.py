"""A short form of every benchmark runs without the Hub, so that none of them rots."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES, figures_in, page, run

ROOT = Path(__file__).parents[2]
MARKS = {
    "emphasis": [pytest.mark.corpora],
    "unfenced_code": [pytest.mark.corpora],
}
# They load large models, or start engines: `make bench SHORT=1`, which is a step of its own in CI.
IN_CI = ("aligners", "encoders", "generation", "planted_faults", "scale", "translation")
WITH_PACKAGES_OF_OTHERS = ("heuristics", "language")


pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH", "short")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in NAMES if name not in IN_CI])
def test_a_benchmark_runs_and_reports_figures_with_versions(name: str) -> None:
    code, rows = run(name)

    assert code == 0
    assert rows
    for row in rows:
        assert row["compared"]
        assert any(character.isdigit() for character in row["value"])
        assert row["versions"].startswith("Python ")


@pytest.mark.parametrize("file", [".ci/run", ".github/workflows/tests.yml"])
def test_ci_runs_the_others(file: str) -> None:
    assert f'make bench SHORT=1 ARGS="{" ".join(IN_CI)}"\n' in (ROOT / file).read_text("utf-8")
    assert set(IN_CI) <= {*NAMES}


@pytest.mark.parametrize("name", WITH_PACKAGES_OF_OTHERS)
def test_a_benchmark_goes_on_where_the_packages_of_others_cannot_be_installed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    for variable in ("UV_FIND_LINKS", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(variable, raising=False)

    code, rows = run(name)

    assert code == 0
    assert rows
    sentences = [line for line in capfd.readouterr().out.splitlines() if line.startswith("Not compared with")]
    assert len(sentences) == 1


def test_the_table_names_the_machine_and_what_failed() -> None:
    row = {"benchmark": "a", "compared": "b|c", "value": "1.00", "wanted": "2", "versions": "Python 3"}

    lines = page([row], ["broken"]).splitlines()

    assert lines[-1] == "| a | b&#124;c | 1.00 | 2 | Python 3 |"
    assert "Failed: broken." in lines
    assert any("cores of" in line and "GiB" in line for line in lines)


def test_an_unknown_name_is_refused_before_anything_runs() -> None:
    command = [sys.executable, "-m", "benchmarks", "no-such"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)

    assert done.returncode == 2
    assert "unknown benchmark: no-such" in done.stderr


def test_the_figures_of_other_benchmarks_stay_in_the_table_if_they_are_of_the_same_machine(tmp_path: Path) -> None:
    table = tmp_path / "results.md"
    row = {"compared": "b|c", "value": "1.00", "wanted": "2", "versions": "Python 3"}
    rows = [{"benchmark": name} | row for name in ("firefox", "gone")]

    assert figures_in(table) == []
    table.write_text(page(rows, []), encoding="utf-8")
    kept = figures_in(table)
    assert [kept_row["benchmark"] for kept_row in kept] == ["firefox"]
    assert page(kept, []) == page(rows[:1], [])

    table.write_text(page(rows, []).replace("cores of", "cores of another"), encoding="utf-8")
    assert figures_in(table) == []
