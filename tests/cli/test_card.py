import shutil

import pytest

from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run

BY_HAND = "## What we think of it\n\nIt is small.\n"


@pytest.fixture
def run(small_run, tmp_path):
    """A copy of a run."""
    return Run(shutil.copytree(small_run[1].path, tmp_path / "run"))


def test_a_card_is_written_and_checked(command, run):
    path = run.path / "README.md"
    path.write_text(path.read_text(encoding="utf-8") + f"\n{BY_HAND}", encoding="utf-8")
    result = command("card", run.path, "--licence", "cc-by-4.0", HF_ENDPOINT="http://127.0.0.1:9")
    assert result.returncode == 0, result.stderr
    assert f"written  {path}, croissant.json and a picture of each target's scores\n" in result.stdout
    assert "asked    nobody: the Hub cannot be reached (" in result.stdout
    assert result.stdout.endswith("result   no problems\n")
    assert BY_HAND in path.read_text(encoding="utf-8")
    assert "\nlicense: cc-by-4.0\n" in path.read_text(encoding="utf-8")
    assert {"croissant.json", "pt"} <= {file.name for file in run.path.iterdir()}
    assert (run.path / "pt" / "scores.png").read_bytes().startswith(b"\x89PNG")


def test_offline_is_named_and_a_doubtful_licence_is_not_called_right(command, run):
    first = command("card", run.path, "--licence", "mit2", HF_HUB_OFFLINE="1")
    assert "asked    nobody: the Hub cannot be reached (HF_HUB_OFFLINE is set)\n" in first.stdout
    assert "mit2 is no licence that the Hub knows" in first.stderr
    assert "licence  mit2\n" in first.stdout
    assert first.stdout.endswith("result   no problems, but the Hub does not know the licence: see the note\n")


def test_what_is_wrong_is_said(invoke, run):
    rows = run.table("pt/verdicts").read(0)
    run.table("pt/verdicts").write(0, Part(rows.head(rows.height - 1), NOTHING_SET_ASIDE), "any")
    result = invoke("card", run.path)
    assert result.exit_code == 1
    pairs = run.manifest().counts.targets["pt"].pairs
    assert f"problem: targets, pt, pairs: the card says {pairs}, the tables say {pairs - 1}\n" in result.stderr
    assert "no problems" not in result.stdout


def test_a_transfer_set_that_was_changed(invoke, run):
    path = next((run.path / "pt" / "transfer_set").glob("train-*"))
    path.write_bytes(path.read_bytes() + b" ")
    result = invoke("card", run.path)
    assert result.exit_code == 2
    assert f"{path.name} was changed since the run made it" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_run_that_is_not_finished(invoke, run):
    run.write_manifest(run.manifest().model_copy(update={"state": "unfinished"}))
    before = (run.path / "README.md").read_bytes()
    result = invoke("card", run.path)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert "is not finished: `sdrrl-data generate --out " in result.stderr
    assert result.stderr.count("\n") == 1
    assert (run.path / "README.md").read_bytes() == before
