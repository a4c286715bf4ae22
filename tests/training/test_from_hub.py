"""A set that was pushed to the Hub, and a model trained on it from there."""

from pathlib import Path
from typing import Any

import yaml

from tests.publishing import client
from tests.support import hub

# Each argument is a call, its words separated by line breaks: one process, for importing takes longer than training.
CALLS = """
import json, sys
from typer.testing import CliRunner
from sdrrl_data.cli import app

for words in sys.argv[1:]:
    done = CliRunner().invoke(app, words.split("\\n"))
    print(json.dumps({"code": done.exit_code, "said": done.stdout, "error": done.stderr}))
"""
SMALL = ["--set", "max_steps=2", "--set", "batch_size=4", "--set", "samples=1", "--set", "test_rows=8"]


def test_a_published_set_is_trained_on(model: Path, tmp_path: Path) -> None:
    run, manifest = client.make_run(client.recipe(tmp_path / "in", tgt=["pt", "vi"]), tmp_path / "run")
    train = ["train", "ann/set", "--model", str(model), *SMALL, "--out"]
    trained = tmp_path / "trained"

    def call(*calls: list[str]) -> list[Any]:
        return served.run(CALLS, tmp_path / "home", "ann's", *("\n".join(words) for words in calls))

    with hub.serving() as served:
        served.user("ann's", "ann")
        (pushed,) = call(["push", str(run.path), "ann/set", "--tag", "v1", "--licence", "cc-by-4.0"])
        assert pushed["code"] == 0, pushed["error"]
        repo = served.repos["datasets/ann/set"]
        tagged = repo.refs["refs/tags/v1"]
        tree = {**repo.commits[tagged].tree, "notes.md": hub.File(b"The branch goes on, the tag stays.")}
        repo.commit("refs/heads/main", tagged, "by hand", tree)
        by_tag, both, undecided, lost, absent = call(
            [*train, str(trained), "--tgt", "Portuguese", "--revision", "v1"],
            [*train, str(tmp_path / "both"), "--config", "all", "--dry-run"],
            [*train, str(tmp_path / "undecided")],
            [*train, str(tmp_path / "lost"), "--tgt", "pt", "--revision", "v9"],
            [*train, str(tmp_path / "absent"), "--tgt", "es"],
        )

    assert by_tag["code"] == 0, by_tag["error"]
    content = yaml.safe_load((trained / "training.yaml").read_text(encoding="utf-8"))
    assert content["dataset"] == {"name": "ann/set", "config": "pt", "revision": tagged, "licence": "cc-by-4.0"}
    assert content["signature"] == manifest.signatures["pt"]
    rows = run.dataset("pt/transfer_set").read().filter(split="train")
    assert content["figures"]["rows"]["train"] == rows.height
    card = (trained / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load(card.split("---\n")[1])["datasets"] == ["ann/set"]
    assert f"| dataset | ann/set, config pt | {tagged} | cc-by-4.0 |" in card
    assert manifest.signatures["pt"] in card

    newest = repo.refs["refs/heads/main"]
    assert f"dataset    ann/set:all@{newest}\n" in both["said"]
    assert newest != tagged
    assert all(f"signature  {line.rpartition(':')[2]}\n" in both["said"] for line in manifest.signatures.values())

    for refused, sentence in [
        (undecided, "error: dataset ann/set has several configs: choose one with --tgt or --config, of "),
        (lost, "error: dataset ann/set: the Hub knows no revision v9\n"),
        (absent, "error: dataset ann/set has no config es: choose from pt, vi and all\n"),
    ]:
        assert refused["code"] == 2
        assert refused["error"].startswith(sentence)
        assert refused["error"].count("\n") == 1
