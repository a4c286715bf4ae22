"""The tests' Hub, as the Hub's own client sees it."""

import hashlib
import subprocess
import sys

import pytest

from tests.support import hub

BIG = [bytes([number]) * 400_000 for number in range(3)]

PUSH = """
from huggingface_hub import CommitOperationAdd, HfApi
files = {f"{n}.parquet": bytes([n]) * 400_000 for n in range(3)} | {"README.md": b"# A set", "empty.txt": b""}
HfApi().create_repo("ann/set", repo_type="dataset", private=True, exist_ok=True)
added = [CommitOperationAdd(path, content) for path, content in files.items()]
commit = HfApi().create_commit("ann/set", added, commit_message="push", repo_type="dataset", num_threads=1)
print('"' + commit.oid + '"')
"""

CHANGE = """
import json
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, HfFileSystem, hf_hub_download
from huggingface_hub import snapshot_download

api = HfApi()
kept = {"repo_id": "ann/set", "repo_type": "dataset"}
api.create_tag(**kept, tag="v1")
api.create_branch(**kept, branch="dev/x")
api.create_commit(
    operations=[CommitOperationDelete("old/"), CommitOperationAdd("new/a.parquet", b"A")], commit_message="2", **kept
)
pull = api.create_commit(
    operations=[CommitOperationDelete("README.md")], commit_message="3", create_pr=True, **kept
)
api.update_repo_settings(**kept, private=False)
refs = api.list_repo_refs(**kept, include_pull_requests=True)
print(json.dumps([[ref.ref for ref in named] for named in (refs.branches, refs.tags, refs.pull_requests)]))
for revision in ("main", "v1", "dev/x", pull.pr_revision, api.dataset_info("ann/set", revision="v1").sha):
    print(json.dumps(api.list_repo_files(**kept, revision=revision)))
about = api.dataset_info("ann/set", files_metadata=True)
siblings = [(file.rfilename, file.size, bool(file.lfs)) for file in about.siblings]
print(json.dumps([about.private, about.card_data.license, siblings]))
entries = api.get_paths_info(paths=["new", "new/a.parquet", "no"], **kept)
print(json.dumps([[entry.path, type(entry).__name__] for entry in entries]))
with HfFileSystem().open("datasets/ann/set@v1/old/b.txt") as file:
    file.seek(2)
    print(json.dumps(file.read(3).decode()))
one = hf_hub_download("ann/set", "old/b.txt", repo_type="dataset", revision="v1")
print(json.dumps([open(one).read(), open(snapshot_download(**kept) + "/new/a.parquet").read()]))
"""

FETCH = """
import json
from pathlib import Path
from huggingface_hub import snapshot_download
folder = snapshot_download("ann/set", repo_type="dataset", max_workers=1)
print(json.dumps({file.name: file.stat().st_size for file in sorted(Path(folder).iterdir())}))
"""

REFUSED = """
import json
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

api = HfApi()

def told(work, *arguments, **settings):
    try:
        work(*arguments, **settings)
    except Exception as error:
        response = getattr(error, "response", None)
        print(json.dumps([type(error).__name__, response.status_code if response is not None else None]))
    else:
        print(json.dumps(None))

def commit(name, operation, **settings):
    told(api.create_commit, name, [operation], commit_message="no", repo_type="dataset", **settings)

file = CommitOperationAdd
told(api.whoami)
told(api.create_repo, "ann/set", repo_type="dataset")
told(api.create_repo, "bob/none", repo_type="dataset")
for name in ("ann/none", "bob/private", "bob/model"):
    told(api.dataset_info, name)
told(api.model_info, "bob/model")
told(api.hf_hub_download, "bob/gated", "README.md", repo_type="dataset")
told(api.dataset_info, "bob/gated")
told(api.dataset_info, "ann/set", revision="none")
told(api.hf_hub_download, "ann/set", "none", repo_type="dataset")
commit("bob/set", file("a.txt", b"a"))
commit("bob/set", file("a.parquet", b"a"), create_pr=True)
commit("ann/set", file("a.txt", b"a"), revision="none")
commit("ann/set", file("a.txt", b"a"), parent_commit="0" * 40)
commit("ann/set", file("README.md", b"---\\na: [\\n---\\n"))
commit("ann/set", CommitOperationDelete("none"))
told(api.create_branch, "ann/set", branch="main", repo_type="dataset")
"""


@pytest.fixture
def served():
    with hub.serving() as served:
        served.user("ann's", "ann")
        yield served


def test_what_a_client_writes_is_what_it_reads(served, tmp_path):
    card = b"---\nlicense: mit\n---\n"
    served.add("datasets/ann/set", {"README.md": card, "old/a.txt": b"a", "old/b.txt": b"0123456"}, private=True)
    refs, main, tag, branch, pull, commit, about, paths, part, read = served.run(CHANGE, tmp_path, "ann's")
    assert refs == [["refs/heads/main", "refs/heads/dev/x"], ["refs/tags/v1"], ["refs/pr/1"]]
    assert main == ["README.md", "new/a.parquet"]
    assert tag == branch == commit == ["README.md", "old/a.txt", "old/b.txt"]
    assert pull == ["new/a.parquet"]
    assert about == [False, "mit", [["README.md", len(card), False], ["new/a.parquet", 1, True]]]
    assert paths == [["new", "RepoFolder"], ["new/a.parquet", "RepoFile"]]
    assert part == "234"
    assert read == ["0123456", "A"]


def test_only_what_is_missing_is_sent_and_only_what_has_changed_is_committed(served, tmp_path):
    (first,) = served.run(PUSH, tmp_path, "ann's")
    assert sorted(served.uploads) == sorted((hashlib.sha256(file).hexdigest(), len(file), True) for file in BIG)
    repo = served.repos["datasets/ann/set"]
    assert repo.private
    files = repo.files()
    assert b"*.parquet filter=lfs" in files.pop(".gitattributes")
    large = {f"{number}.parquet": file for number, file in enumerate(BIG)}
    assert files == large | {"README.md": b"# A set", "empty.txt": b""}
    served.log.clear()
    assert served.run(PUSH, tmp_path, "ann's") == [first]
    assert served.uploads == served.asked("POST", "/commit/") == []
    assert [commit.title for commit in repo.history()] == ["push", "initial commit"]


def test_a_client_that_is_killed_in_the_middle(served, tmp_path):
    reached = served.hold("PUT", "^/lfs/", skip=1)
    client = subprocess.Popen([sys.executable, "-c", PUSH], env=served.environment(tmp_path, "ann's"))
    assert reached.wait(60)
    client.kill()
    client.wait()
    assert [(size, whole) for _, size, whole in served.uploads] == [(400_000, True), (200_000, False)]
    arrived = served.uploads[0].oid
    served.log.clear()
    served.run(PUSH, tmp_path, "ann's")
    assert len(served.uploads) == 2
    assert arrived not in {upload.oid for upload in served.uploads}


def test_what_goes_wrong_on_purpose(served, tmp_path):
    served.fail("POST", "/preupload/", 429, retry_after=0)
    served.cut("PUT", "^/lfs/")
    served.fail("POST", "/commit/", 500, done=True)
    with pytest.raises(hub.ScriptFailed):
        served.run(PUSH, tmp_path, "ann's")
    assert [asked.status for asked in served.asked("POST", "/preupload/")] == [429, 200]
    assert sorted((size, whole) for _, size, whole in served.uploads) == [(200_000, False), *[(400_000, True)] * 3]
    assert [asked.status for asked in served.asked("POST", "/commit/")] == [500]
    (commit,) = served.run(PUSH, tmp_path, "ann's")
    last, before = served.repos["datasets/ann/set"].history()
    assert (last.sha, before.title) == (commit, "initial commit")


def test_a_download_that_breaks_off(served, tmp_path):
    served.add("datasets/ann/set", {f"{number}.parquet": file for number, file in enumerate(BIG)})
    served.cut("GET", "/1.parquet", times=9)  # the client asks again itself, if it sees an end rather than a break
    with pytest.raises(hub.ScriptFailed):
        served.run(FETCH, tmp_path)
    whole, *broken_off = [asked.status for asked in served.asked("GET", "/[01].parquet")]
    assert whole == 200
    assert set(broken_off) == {0}
    served.faults.clear()
    served.log.clear()
    assert served.run(FETCH, tmp_path) == [{f"{number}.parquet": 400_000 for number in range(3)}]
    assert not served.asked("GET", "/0.parquet")


def test_what_is_refused(served, tmp_path):
    served.add("datasets/ann/set", {"README.md": b""})
    for name, settings in {"set": {}, "private": {"private": True}, "gated": {"gated": True}}.items():
        served.add(f"datasets/bob/{name}", {"README.md": b""}, **settings)
    served.add("models/bob/model", {})
    missing = ["RepositoryNotFoundError", 404]
    assert served.run(REFUSED, tmp_path, "ann's") == [
        None,
        ["HfHubHTTPError", 409],
        ["HfHubHTTPError", 403],
        missing,
        missing,
        missing,
        None,
        ["GatedRepoError", 403],
        None,
        ["RevisionNotFoundError", 404],
        ["RemoteEntryNotFoundError", 404],
        ["HfHubHTTPError", 403],
        None,
        ["RevisionNotFoundError", 404],
        ["HfHubHTTPError", 412],
        ["ValueError", None],
        ["RemoteEntryNotFoundError", 404],
        ["HfHubHTTPError", 409],
    ]


def test_a_wrong_token(served, tmp_path):
    served.add("datasets/ann/set", {"README.md": b""})
    said = served.run(REFUSED, tmp_path, "mallory's")
    assert said[0] == ["HfHubHTTPError", 401]
    assert None not in said
