"""Asking the Hub: what it refuses, and what was fetched before."""

import json
import os
import re

import pytest
from huggingface_hub import constants

from sdrrl_data.errors import UserError
from sdrrl_data.models import hub as asking
from sdrrl_data.models import hub_errors
from tests.support import hub

FILES = {"README.md": b"---\nlicense: [mit, cc0-1.0]\nconfigs:\n- config_name: en\n---\n", "config.json": b"{}"}
COMMIT = "c" * 40

FIND = """
import json, sys
from sdrrl_data.errors import UserError
from sdrrl_data.models import hub
from sdrrl_data.models.hub import HubRequest

for kind, name, revision in json.loads(sys.argv[1]):
    wanted = HubRequest(kind, name, revision, "scorer", "the name", "do without")
    try:
        found = hub.find(wanted, usable=lambda earlier: "config.json" in earlier.files)
        print(json.dumps([found.commit, found.licence, found.configs, sorted(found.files), str(found.folder)]))
    except UserError as error:
        print(json.dumps([type(error).__name__, str(error)]))
"""


def found(variables, *wishes):
    return hub.run(FIND, variables, json.dumps(wishes))


@pytest.fixture
def served():
    with hub.serving() as served:
        served.user("ann's", "ann")
        yield served


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_what_the_hub_refuses_is_one_sentence_of_its_own_kind(served, tmp_path, kind):
    for name, about in {
        "good": {},
        "gated": {"gated": True},
        "private": {"private": True},
        "busy": {},
        "out": {},
    }.items():
        served.add(f"{kind}s/bob/{name}", FILES, **about)
    served.fail("GET", f"/api/{kind}s/bob/busy", 429, times=99, retry_after=0)
    served.fail("GET", f"/api/{kind}s/bob/out", 503, times=99)
    names = ["good", "gated", "private", "none", "busy", "out", "na--me"]
    wishes = [[kind, f"bob/{name}", None] for name in names] + [[kind, "bob/good", "v1"]]
    said = found(served.environment(tmp_path, "ann's"), *wishes)
    missing, page = f"{kind.capitalize()}NotFound", "bob" if kind == "model" else "datasets/bob"
    for_you = f"the Hub has no such {kind} for you: check the name, or log in with `hf auth login` if it is private"
    away = "is not in the cache and the Hugging Face Hub cannot be reached: do without"
    assert said[0][1:] == ["mit, cc0-1.0", ["en"], ["README.md", "config.json"], "None"]
    assert said[1:] == [
        [missing, f"scorer bob/gated: accept its terms at https://huggingface.co/{page}/gated, then `hf auth login`"],
        [missing, f"scorer bob/private: {for_you}"],
        [missing, f"scorer bob/none: {for_you}"],
        ["HubUnavailable", f"scorer bob/busy {away} (it asks for a pause: 429)"],
        ["HubUnavailable", f"scorer bob/out {away} (it has a fault: 503)"],
        [missing, f"scorer bob/na--me: {for_you}"],
        [missing, "scorer bob/good: the Hub knows no revision v1"],
    ]


def test_a_token_that_the_hub_does_not_take_is_said(served, tmp_path):
    served.add("models/bob/good", FILES)
    (said,) = found(served.environment(tmp_path, "mallory's"), ["model", "bob/good", None])
    assert said == [
        "UserError",
        "scorer bob/good is not in the cache, and the Hub does not take your token: log in with `hf auth login`, or "
        "correct HF_TOKEN",
    ]


def test_what_was_found_is_found_again_without_the_hub_under_each_name_that_it_had(served, tmp_path):
    repo = served.add("models/bob/good", FILES, sha=COMMIT)
    repo.refs["refs/pr/7"] = repo.refs["refs/tags/v1"] = COMMIT
    wishes = [["model", "bob/good", revision] for revision in (None, "refs/pr/7", "v1", COMMIT)]
    variables = served.environment(tmp_path)
    assert [line[:2] for line in found(variables, *wishes)] == [[COMMIT, "mit, cc0-1.0"]] * 4
    fetch = "from huggingface_hub import hf_hub_download as get; get('bob/good', 'config.json', revision='c' * 40)"
    hub.run(fetch, variables)
    folder = tmp_path / "hub" / "models--bob--good" / "snapshots" / COMMIT
    again = found(hub.offline(tmp_path), *wishes, ["model", "bob/good", "v2"], ["dataset", "bob/good", None])
    assert again[:4] == [[COMMIT, "mit, cc0-1.0", ["en"], ["README.md", "config.json"], str(folder)]] * 4
    assert [kind for kind, _ in again[4:]] == ["HubUnavailable"] * 2
    assert again[5][1] == (
        "scorer bob/good is not in the cache and the Hugging Face Hub cannot be reached: do without "
        "(HF_HUB_OFFLINE is set)"
    )


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of the Hub's client, and a function that puts a commit into it, the older the larger its age."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "datasets--org--set"

    def put(commit, age, *refs):
        snapshot = folder / "snapshots" / commit
        snapshot.mkdir(parents=True)
        (snapshot / "a.txt").write_text("a")
        os.utime(snapshot, (1e9 - age, 1e9 - age))
        for ref in refs:
            (folder / "refs" / ref).parent.mkdir(parents=True, exist_ok=True)
            (folder / "refs" / ref).write_text(commit)

    put.folder = folder
    return put


def commits(revision=None):
    return [repository.commit[0] for repository in asking.fetched("dataset", "org/set", revision)]


def test_commits_in_the_cache_are_found_by_name_and_the_latest_first(cache):
    assert commits() == []
    cache("a" * 40, 3, "main")
    cache("b" * 40, 1, "refs/pr/1")
    cache("c" * 40, 2)
    assert commits() == ["b", "c", "a"]
    assert commits("main") == ["a"]
    assert commits("refs/pr/1") == ["b"]
    assert commits("c" * 40) == ["c"]
    assert commits("dev") == commits("d" * 40) == commits("../main") == commits("x" * 5000) == commits("\0") == []


def test_a_broken_cache_hides_nothing_that_is_whole(cache):
    cache("a" * 40, 1, "main")
    (cache.folder / "refs" / "gone").write_text("f" * 40)  # a name whose commit was never fetched
    (cache.folder / "snapshots" / ("a" * 40) / "broken").symlink_to("nowhere")
    (cache.folder / "snapshots" / "file").write_text("")
    assert commits() == commits("main") == ["a"]
    assert commits("gone") == []
    (repository,) = asking.fetched("dataset", "org/set", None)
    assert (set(repository.files), repository.licence, repository.configs) == ({"a.txt"}, None, ())


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ConnectionResetError("cut\nhere"), "ConnectionResetError: cut"),
        (TimeoutError("slow"), "TimeoutError: slow"),
        (
            json.JSONDecodeError("Expecting value", "<html>", 0),
            "it does not answer with JSON: JSONDecodeError: Expecting",
        ),
        (PermissionError("the disk"), None),
        (ValueError("no config"), None),
    ],
)
def test_what_passes_is_told_from_what_stays(error, why):
    outage = hub_errors.outage(error)
    assert (outage and outage.why.startswith(why)) if why else outage is None
    wrapped = RuntimeError("Error while uploading")
    wrapped.__cause__ = error
    assert hub_errors.outage(wrapped) == outage


def test_a_name_that_may_be_a_path_is_looked_for_here_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    away = "not in the cache and the Hugging Face Hub cannot be reached: give a run (HF_HUB_OFFLINE is set)"
    for name, words in {
        "runs/mien": ": there is no such folder: did you mean runs/mine?",
        "runs/quite-another": f": there is no such folder, and as a name on the Hub it is {away}",
        "org/name": f" is {away}",
    }.items():
        request = asking.HubRequest("dataset", name, None, "dataset", "the name", "give a run")
        with pytest.raises(UserError, match=f"^{re.escape(f'dataset {name}{words}')}$"):
            asking.find(request, usable=lambda _: True)
