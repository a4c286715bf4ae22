"""`sdrrl-data push` and `pull`: what they say. What they do is tested in tests/publishing."""

import re
import shutil
from pathlib import Path

import pytest

from tests.publishing import client
from tests.support import hub


@pytest.mark.long
def test_a_run_goes_to_the_hub_and_comes_back(command, tmp_path: Path) -> None:
    run, _ = client.make_run(client.recipe(tmp_path / "in"), tmp_path / "run")
    with hub.serving() as served:
        served.user("ann's", "ann")
        variables = served.environment(tmp_path / "home", "ann's")
        served.fail("POST", "/commit/", 429, retry_after=0)
        pushed = command("push", run.path, "ann/set", "--tag", "v1", **variables)
        again = command("push", run.path, "ann/set", **variables)
        pulled = command("pull", "ann/set", **variables)
        refused = command("push", run.path, "ann/set", **variables | {"HF_TOKEN": "wrong"})
    sha = served.repos["datasets/ann/set"].refs["refs/tags/v1"]
    assert pushed.returncode == again.returncode == pulled.returncode == 0, pushed.stderr + pulled.stderr
    assert re.search(r"^sent +\d+ files \(0\.\d MB\), in one commit$", pushed.stdout, re.MULTILINE)
    assert f"address    {served.endpoint}/datasets/ann/set (private)\ncommit     {sha}\n" in pushed.stdout
    assert 'load_dataset("ann/set", "pt", revision="v1")' in pushed.stdout
    assert pushed.stderr == "the Hub asks for a pause (429); trying again in 0 s (try 2 of 8)\n"
    assert "sent       nothing: everything is on the Hub already" in again.stdout
    assert f"run        runs/set: pt of ann/set at {sha}\n" in pulled.stdout
    assert "not here   seeds.jsonl, model, pairs.tsv:" in pulled.stdout
    assert "sdrrl-data generate --recipe runs/set/recipe.yaml --out runs/set --tgt LANGUAGE" in pulled.stdout
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: ann/set: the Hub does not take your token")
    shutil.rmtree(run.path)
    inspected = command("inspect", "runs/set")
    assert "state      finished" in inspected.stdout
