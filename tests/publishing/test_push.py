"""Runs on a small Hub, by the real clients: what arrives, what is not sent twice, what is refused."""

import io
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import pytest
import yaml

from sdrrl_data.controls import build
from sdrrl_data.errors import Stopped
from sdrrl_data.models import hub_errors
from sdrrl_data.publishing import retries
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, opened
from sdrrl_data.run.dataset import OF_TARGET
from tests.publishing import client
from tests.support import hub, small_models
from tests.support.copies import trusted_copy

pytestmark = pytest.mark.long

LOAD = """
import json, sys
from datasets import get_dataset_config_names, load_dataset

for repo in sys.argv[1:]:
    names = get_dataset_config_names(repo)
    ids = {}
    for name in names:
        loaded = load_dataset(repo, name)
        ids[name] = {split: rows["id"][:] for split, rows in loaded.items()}
    # To its end: Python may abort that leaves while pyarrow still reads ahead (apache/arrow#45214).
    first, *_ = load_dataset(repo, names[0], split="train", streaming=True)
    print(json.dumps({"names": names, "ids": ids, "first": first}))
"""

LOAD_ALL = """
import json, sys
from datasets import get_dataset_config_names, load_dataset

repo = sys.argv[1]
loaded = {name: load_dataset(repo, name) for name in get_dataset_config_names(repo)}
print(json.dumps({name: sum(rows.num_rows for rows in splits.values()) for name, splits in loaded.items()}))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("push")
    return client.make_run(client.recipe(folder / "in"), folder / "out")[0]


def head(card: bytes) -> dict[str, Any]:
    content = yaml.safe_load(card.decode().split("---\n", 2)[1])
    assert isinstance(content, dict)
    return content


def texts(path: str, content: bytes) -> str:
    """What a file says, also where it is compressed."""
    if path.endswith(".parquet"):
        rows = pl.read_parquet(content)
        readable = cs.binary().map_elements(lambda file: file.decode("latin-1"), return_dtype=pl.String)
        return str(rows.with_columns(readable).write_json()) + str(pl.read_parquet_metadata(content))
    return content.decode(errors="replace")


def test_runs_grow_into_one_set_that_anybody_can_load(served: hub.Hub, ann: client.Client, tmp_path: Path) -> None:
    run, before = client.make_run(client.recipe(tmp_path / "in", tgt=["pt"]), tmp_path / "run")
    shutil.copytree(run.path, tmp_path / "earlier")
    client.make_run(client.recipe(tmp_path / "in", tgt=["vi"]), run.path)
    another = client.recipe(tmp_path / "in2", tgt=["es"], **{"thresholds.round_trip.min": 10, "seed": 7})
    other, _ = client.make_run(another, tmp_path / "other")
    first, again, grown, added, at_last = ann.ask(
        {"run": tmp_path / "earlier", "repo": "ann/set"},
        {"run": tmp_path / "earlier", "repo": "ann/set"},
        {"run": run.path, "repo": "ann/set"},
        {"run": other.path, "repo": "ann/set"},
        {"run": run.path, "repo": "ann/set"},
    )
    repo = served.repos["datasets/ann/set"]
    files, shared = repo.files(), {"README.md", "croissant.json"}
    assert repo.private
    assert first["commit"] == again["commit"]
    assert again["sent"] == {}
    # Croissant tells the fields of `scores` for the run that was pushed last alone.
    assert list(at_last["sent"]) in ([], ["croissant.json"])
    assert len(repo.history()) == 4 + len(at_last["sent"])
    assert {path: files[path] for path in before.files} == {p: (run.path / p).read_bytes() for p in before.files}
    assert set(first["sent"]) | {".gitattributes"} == set(repo.files(first["commit"]))
    assert first["sent"] == {path: len(repo.files(first["commit"])[path]) for path in first["sent"]}
    sent_of_pt = {path for path in grown["sent"] if path.startswith("pt/")}
    assert sent_of_pt == {"pt/run/manifest.json", "pt/run/recipe.yaml"}  # which speak of both targets now
    assert all(path.startswith("es/") for path in added["sent"].keys() - shared)
    assert files["pt/run/manifest.json"] == files["vi/run/manifest.json"] != files["es/run/manifest.json"]
    assert not [asked.path for asked in served.asked("PUT", "^/lfs/") if asked.status != 200]
    for path, content in files.items():
        assert str(tmp_path) not in texts(path, content), path
    names = [config["config_name"] for config in head(files["README.md"])["configs"]]
    assert sorted(name for name in names if "-" not in name) == ["all", "es", "pt", "vi"]
    assert {name for name in names if "-" in name} == {
        f"{tag}-{name}" for tag in ("es", "pt", "vi") for name in ("preferences", "distillation")
    }

    (loaded,) = served.run(LOAD, tmp_path / "home", "ann's", "ann/set")
    assert loaded["names"] == names
    for tag, folder in {"pt": run, "vi": run, "es": other}.items():
        rows = folder.dataset(f"{tag}/transfer_set").read()
        splits = {split: set(rows.filter(split=split)["id"]) for split in ("train", "test")}
        assert {split: set(ids) for split, ids in loaded["ids"][tag].items()} == splits
        assert splits["train"] <= set(loaded["ids"]["all"]["train"])
    # As TRL reads it.
    for text in ("prompt", "completion"):
        assert all(set(message) == {"role", "content"} for message in loaded["first"][text])
    assert loaded["first"]["completion"][-1]["role"] == "assistant"


COLUMNS = "features: [{name: text, dtype: string}], splits: [{name: train, num_bytes: 9, num_examples: 2}]"
OTHER_ROWS = {"text": ["Bom dia.", "Boa noite."]}


def repository(*names: str, more: str = "") -> dict[str, bytes]:
    """A dataset as `push_to_hub` of `datasets` leaves it, with these configs."""
    rows = io.BytesIO()
    pl.DataFrame(OTHER_ROWS).write_parquet(rows)
    infos = "".join(f"- {{config_name: {name}, {COLUMNS}}}\n" for name in names)
    files = "".join(
        f"- config_name: {name}\n  data_files: [{{split: train, path: {name}/train-*}}]\n" for name in names
    )
    card = f"---\ndataset_info:\n{infos}configs:\n{files}{more}---\n# Mine\n"
    return {"README.md": card.encode()} | {f"{name}/train-00000-of-00001.parquet": rows.getvalue() for name in names}


def test_a_repository_with_configs_of_other_tools_can_be_loaded_after_a_push(
    served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path
) -> None:
    served.add("datasets/ann/before", repository("pt", "mine"), private=True)
    (done,) = ann.ask({"run": run.path, "repo": "ann/before"})
    (warning,) = [sentence for sentence in done["said"] if "the config pt" in sentence]
    assert "was that of pt/train-*; now it is that of this run. The files stay" in warning
    assert [
        info["config_name"] for info in head(served.repos["datasets/ann/before"].files()["README.md"])["dataset_info"]
    ] == ["mine"]
    (loaded,) = served.run(LOAD_ALL, tmp_path / "home", "ann's", "ann/before")
    heights = {name: run.dataset(f"pt/{name}").read().height for name in OF_TARGET}
    assert loaded == {
        **{"pt": heights["transfer_set"], "all": heights["transfer_set"], "mine": 2},
        **{f"pt-{name}": heights[name] for name in ("preferences", "distillation")},
    }


def test_what_cannot_be_loaded_after_a_push_is_said(served: hub.Hub, ann: client.Client, run: Run) -> None:
    info = {"features": {"text": {"dtype": "string", "_type": "Value"}}}
    sizes = "- {config_name: gone, data_files: [{split: train, path: gone/*}]}\n"
    yaml_file = b"configs:\n- config_name: only\n  data_files: only/*.parquet\n"
    repositories = {
        "infos": {"dataset_infos.json": json.dumps({"pt": info, "vi": info}).encode()},
        "yaml": {".huggingface.yaml": yaml_file, "only/a.parquet": repository("a")["a/train-00000-of-00001.parquet"]},
        "gone": repository("mine", more=sizes),
    }
    for name, files in repositories.items():
        served.add(f"datasets/ann/{name}", files, private=True)
    done = ann.ask(*({"run": run.path, "repo": f"ann/{name}"} for name in repositories))
    for name, result, reason in zip(
        repositories,
        done,
        [
            "pt: its files have the columns id, ",
            "pt: ValueError: BuilderConfig 'pt' not found",
            "gone: it names files that are not there",
        ],
        strict=True,
    ):
        commit = served.repos[f"datasets/ann/{name}"].refs["refs/heads/main"]
        assert result["error"].startswith(
            f"ann/{name} has the run now (commit {commit}), but `load_dataset` cannot load {reason}"
        )
        assert "\n" not in result["error"]
    assert ", and text are expected: correct what README.md" in done[0]["error"]
    assert "mine: " not in done[2]["error"]


def test_files_that_are_found_by_themselves_or_in_another_format_are_not_lost(
    served: hub.Hub, ann: client.Client, run: Run
) -> None:
    table = b"text\nBom dia.\n"
    by_name = b"---\nconfigs:\n- config_name: mine\n  data_files: data/*\n---\n"
    served.add("datasets/ann/csv", {"README.md": by_name, "data/train.csv": table}, private=True)
    served.add("datasets/ann/bare", {"README.md": b"# Mine\n", "train.csv": table}, private=True)
    refused, warned = ann.ask({"run": run.path, "repo": "ann/csv"}, {"run": run.path, "repo": "ann/bare"})
    assert (
        "ann/csv has a config mine of .csv files, and `datasets` reads all configs of a repository in one"
        in refused["error"]
    )
    assert len(served.repos["datasets/ann/csv"].history()) == 1
    assert "warning: ann/bare has data files that no config names, such as train.csv" in "\n".join(warned["said"])
    assert warned["error"] is None


def test_shards_that_a_target_no_longer_has_are_gone(served: hub.Hub, ann: client.Client, tmp_path: Path) -> None:
    run, many = client.make_run(client.recipe(tmp_path / "in", **{"transfer_set.shard_rows": 20}), tmp_path / "run")
    ann.ask({"run": run.path, "repo": "ann/shards"})
    repo = served.repos["datasets/ann/shards"]
    repo.commit("refs/heads/main", repo.refs["refs/heads/main"], "by hand", tree_with(repo, {"pt/notes.md": b"Mine."}))
    _, few = client.make_run(client.recipe(tmp_path / "in"), tmp_path / "run")
    (done,) = ann.ask({"run": run.path, "repo": "ann/shards"})
    assert set(done["deleted"]) == many.files.keys() - few.files.keys() != set()
    files = repo.files()
    assert {path for path in files if {*path.split("/")} & {*OF_TARGET}} == set(few.files)
    assert files["pt/notes.md"] == b"Mine."


def tree_with(repo: Any, more: dict[str, bytes]) -> dict[str, Any]:
    tree = repo.commits[repo.refs["refs/heads/main"]].tree
    return {**tree, **{path: hub.File(content) for path, content in more.items()}}


def test_a_push_that_was_killed_sends_only_what_is_missing(served: hub.Hub, ann: client.Client, run: Run) -> None:
    served.log.clear()
    held = served.hold("PUT", "^/lfs/", skip=6)
    process = ann.start({"run": run.path, "repo": "ann/killed"})
    assert held.wait(60)
    process.kill()
    process.wait()
    repo = served.repos["datasets/ann/killed"]
    assert len(repo.history()) == 1
    (done,) = ann.ask({"run": run.path, "repo": "ann/killed"})
    assert done["error"] is None
    assert len(repo.history()) == 2
    whole = [upload.oid for upload in served.uploads if upload.whole]
    assert len(whole) == len(set(whole)) == len([path for path in done["sent"] if path.endswith((".parquet", ".png"))])
    assert len([upload for upload in served.uploads if not upload.whole]) >= 1
    assert not (run.path / ".push").exists()


def test_what_passes_is_waited_out(served: hub.Hub, ann: client.Client, run: Run) -> None:
    served.fail("POST", "/api/repos/create", 500)
    served.fail("POST", "ann/busy/commit", 429, times=2, retry_after=1)
    served.cut("GET", r"/api/datasets/ann/busy\?")
    served.fail("PUT", "^/lfs/", 503)  # the Hub's client waits for this one itself
    served.cut("POST", "ann/lost/commit", done=True)
    done, lost = ann.ask({"run": run.path, "repo": "ann/busy"}, {"run": run.path, "repo": "ann/lost"})
    assert done["sent"]
    said = "\n".join(done["said"])
    assert said.count("the Hub asks for a pause (429); trying again in 1 s") == 2
    assert "the Hub has a fault (500); trying again in" in said
    assert "the Hub is busy: Retrying in" in said
    assert len(served.repos["datasets/ann/busy"].history()) == 2
    # The commit was made and its answer lost: it is not made twice.
    assert "cannot be reached" in "\n".join(lost["said"])
    assert lost["commit"] == served.repos["datasets/ann/lost"].refs["refs/heads/main"]
    assert len(served.repos["datasets/ann/lost"].history()) == 2


def test_a_commit_that_came_between_is_merged_with(served: hub.Hub, ann: client.Client, run: Run) -> None:
    ann.ask({"run": run.path, "repo": "ann/between"})
    repo = served.repos["datasets/ann/between"]
    card = repo.files()["README.md"] + b"\n## By hand\n\nRead this.\n"
    tree = tree_with(repo, {"README.md": card, "pt/transfer_set/train-00000-of-00001.parquet": b"broken"})
    repo.commit("refs/heads/main", repo.refs["refs/heads/main"], "by hand", tree)
    served.fail("POST", "ann/between/commit", 412)
    (done,) = ann.ask({"run": run.path, "repo": "ann/between"})
    assert list(done["sent"]) == ["pt/transfer_set/train-00000-of-00001.parquet"]
    assert any("a new commit by somebody else" in sentence for sentence in done["said"])
    assert b"\n## By hand\n\nRead this.\n" in repo.files()["README.md"]


def test_branches_tags_and_pull_requests(served: hub.Hub, ann: client.Client, run: Run) -> None:
    served.add("datasets/bob/set", {"README.md": b"---\nlicense: cc0-1.0\n---\n# Bob's\n"})
    mine = {"run": run.path, "repo": "ann/refs"}
    branch, tagged, again, moved, main, as_tag, both, tagged_pr, proposed, public = ann.ask(
        mine | {"revision": "next"},
        mine | {"revision": "next", "tag": "v1"},
        mine | {"revision": "next", "tag": "v1"},
        mine | {"tag": "v1"},
        mine,
        mine | {"revision": "v1"},
        mine | {"revision": "next", "create_pr": True},
        mine | {"tag": "v2", "create_pr": True},
        {"run": run.path, "repo": "bob/set", "create_pr": True, "public": True, "licence": "cc-by-4.0"},
        mine | {"public": True, "licence": "cc-by-4.0"},
    )
    repo = served.repos["datasets/ann/refs"]
    assert branch["commit"] == tagged["commit"] == again["commit"] == repo.refs["refs/heads/next"]
    assert repo.refs["refs/tags/v1"] == branch["commit"] != repo.refs["refs/heads/main"]
    assert 'load_dataset("ann/refs", "pt", revision="next")' in branch["load"]
    assert 'revision="v1"' in tagged["load"]
    assert branch["address"] == f"{served.endpoint}/datasets/ann/refs/tree/next"
    assert f"has a tag v1 already, of commit {branch['commit']}" in moved["error"]
    assert main["error"] is None
    assert "v1 is not a branch" in as_tag["error"]
    assert "leave out --revision" in both["error"]
    assert "leave one of them out" in tagged_pr["error"]
    assert proposed["pull_request"].endswith("/datasets/bob/set/discussions/1")
    assert 'revision="refs/pr/1"' in proposed["load"]
    his = served.repos["datasets/bob/set"]
    assert his.files() == {"README.md": b"---\nlicense: cc0-1.0\n---\n# Bob's\n"}
    assert his.files("refs/pr/1").keys() > {"README.md", "pt/run/manifest.json"}
    # The set was private, and its rows are there already: its card has a licence now, and everybody may look.
    assert "README.md" in public["sent"]
    assert not [path for path in public["sent"] if path.endswith(".parquet")]
    assert not repo.private


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(
    served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path
) -> None:
    wrong = Run(shutil.copytree(run.path, tmp_path / "wrong"))
    rows = wrong.table("pt/verdicts").read(0)
    wrong.table("pt/verdicts").write(0, Part(rows.head(rows.height - 1), NOTHING_SET_ASIDE), "any")
    served.log.clear()
    asked = {"run": run.path, "repo": "ann/tried"}
    dry, refused = ann.ask(asked | {"dry_run": True}, asked | {"run": wrong.path, "dry_run": True})
    assert (dry["error"], dry["is_new"], dry["private"]) == (None, True, True)
    assert "the card says" in refused["error"]
    assert not served.asked("POST", "/commit/|/repos/create") + served.uploads
    assert "datasets/ann/tried" not in served.repos
    pushed, again, public = ann.ask(
        asked, asked | {"dry_run": True}, asked | {"dry_run": True, "public": True, "licence": "mit"}
    )
    assert pushed["sent"] == dry["sent"]
    assert (again["sent"], again["commit"], again["is_new"]) == ({}, pushed["commit"], False)
    assert not public["private"]
    assert served.repos["datasets/ann/tried"].private


def test_offline_is_said_before_a_missing_login(run: Run, tmp_path: Path) -> None:
    words = [Path(sys.executable).with_name("sdrrl-data"), "push", run.path, "ann/set"]
    done = subprocess.run(words, env=os.environ | {"HF_HUB_OFFLINE": "1"}, capture_output=True, text=True)
    assert "ann/set: HF_HUB_OFFLINE keeps the Hub's client from asking the Hub: unset it" in done.stderr


def test_what_cannot_be_pushed_is_refused_in_one_sentence(
    served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path
) -> None:
    served.add("models/ann/model", {"config.json": b"{}"})
    served.add("datasets/ann/open", {"README.md": b""}, private=False)
    served.add("datasets/bob/open", {"README.md": b""}, private=False)
    served.add("datasets/bob/closed", {"README.md": b""}, private=True)
    unknown, _ = client.make_run(client.recipe(tmp_path / "in", **{"seeds.licence": None}), tmp_path / "unknown")
    damaged = {name: tmp_path / name for name in ("unfinished", "edited", "shortened", "longer")}
    for path in damaged.values():
        shutil.copytree(run.path, path)
    manifest = run.manifest()
    assert manifest
    Run(damaged["unfinished"]).write_manifest(manifest.model_copy(update={"state": "unfinished"}))
    train = "pt/transfer_set/train-00000-of-00001.parquet"
    pl.read_parquet(run.path / train).head(5).write_parquet(damaged["edited"] / train)
    (damaged["shortened"] / train).unlink()
    shutil.copy(run.path / train, damaged["longer"] / "pt/transfer_set/train-00001-of-00002.parquet")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"repo": "ann/my set"}, "'ann/my set' is not a name of a dataset on the Hub"),
        ({"repo": "datasets/ann/set"}, "'datasets/ann/set' is not a name of a dataset on the Hub"),
        ({"repo": "set"}, "'set' says no owner"),
        ({"repo": "ann/model"}, "ann/model is a model on the Hub: choose another name"),
        ({"repo": "ann/open"}, "ann/open is public, so everybody could read these rows: say --public"),
        ({"repo": "bob/open", "public": True}, "bob/open: the Hub does not let you write there"),
        ({"repo": "bob/closed"}, "bob/closed: the Hub does not let you write there"),
        (
            {"repo": "ann/new", "token": "wrong"},
            "ann/new: the Hub does not take your token: log in with `hf auth login`",
        ),
        ({"repo": "ann/new", "token": ""}, "ann/new: the Hub wants to know who you are: log in with `hf auth login`"),
        ({"repo": "ann/new", "run": tmp_path / "nowhere"}, "is not a run (there is no such folder)"),
        ({"repo": "ann/new", "run": tmp_path}, "is not a run (it has no manifest.json)"),
        ({"repo": "ann/new", "run": damaged["unfinished"]}, "is not finished: `sdrrl-data generate --out "),
        ({"repo": "ann/new", "run": damaged["edited"]}, f"{train} was changed since the run made it"),
        ({"repo": "ann/new", "run": damaged["shortened"]}, f"{train} is gone: restore it"),
        ({"repo": "ann/new", "run": damaged["longer"]}, "train-00001-of-00002.parquet does not belong to this run"),
        (
            {"repo": "ann/new", "run": unknown.path, "public": True},
            "made from seeds.jsonl, and the licence of that is not known",
        ),
        (
            {"repo": "ann/new", "controls": True},
            "has no controls of its transfer sets: make them with `sdrrl-data controls",
        ),
    ]
    served.log.clear()
    done = ann.ask(*({"run": run.path} | asked for asked, _ in cases))
    for (asked, sentence), result in zip(cases, done, strict=True):
        assert sentence in (result["error"] or ""), asked
        assert "\n" not in result["error"]
        assert result["code"] == (1 if "is gone" in sentence else 2)
        assert "wrong" not in result["error"] or asked.get("token") != "wrong"
    assert not served.asked("POST", "/commit/") + served.uploads
    assert "datasets/ann/new" not in served.repos
    assert served.repos["datasets/ann/open"].files() == {"README.md": b""}


def test_controls_go_along_when_asked(served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path) -> None:
    copy, manifest = opened(trusted_copy(run.path, tmp_path / "run"))
    tokenizer = str(small_models.write_tokenizer(tmp_path / "model"))
    build.make(copy, manifest, arms=["sft", "sdrrl"], tokenizer=tokenizer, models=small_models.models())
    push = {"run": copy.path, "repo": "ann/controls"}
    without, with_, as_before = ann.ask(push, push | {"controls": True}, push)
    assert not [path for path in without["sent"] if "controls" in path]
    assert {"pt/controls-sft", "pt/controls-sdrrl", "pt"} <= {path.rpartition("/")[0] for path in with_["sent"]}
    assert "pt/controls.json" in with_["sent"]
    assert as_before["commit"] == with_["commit"]
    build.make(copy, manifest, arms=["sdrrl"], tokenizer=tokenizer, models=small_models.models())
    (fewer,) = ann.ask(push | {"controls": True})
    assert {path.split("/")[1] for path in fewer["deleted"]} == {"controls-sft"}
    configs = head(served.repos["datasets/ann/controls"].files()["README.md"])["configs"]
    assert [config["config_name"] for config in configs] == [
        *("pt", "all", "pt-preferences", "pt-distillation", "pt-sdrrl")
    ]


def test_what_looks_like_personal_data_is_told(served: hub.Hub, ann: client.Client, tmp_path: Path) -> None:
    recipe = client.recipe(tmp_path / "in")
    seeds = tmp_path / "in" / "seeds.jsonl"
    more = {"instruction": "Who is it that reads mail at jane.roe@mail.acme-works.org these days?"}
    seeds.write_text(seeds.read_text(encoding="utf-8") + json.dumps(more) + "\n", encoding="utf-8")
    run, _ = client.make_run(recipe, tmp_path / "run")
    (done,) = ann.ask({"run": run.path, "repo": "ann/personal"})
    ids = run.table("seeds").read_all().filter(pl.col("messages").list.first().struct["content"] == more["instruction"])
    (warning,) = [sentence for sentence in done["said"] if "the table seeds" in sentence]
    assert warning.startswith("warning: 1 of 32 rows of the table seeds hold what looks like")
    assert f"(e-mail address 1; ids {ids['id'].item()})" in warning
    assert "jane.roe" not in "".join(done["said"])
    (in_set,) = [sentence for sentence in done["said"] if "pt/transfer_set" in sentence]
    assert "--set thresholds.src_personal.max=0" in in_set


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)}, 0.0),
        ({"RateLimit": '"api";r=0;t=55', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}, 55.0),
        ({"RateLimit": '"api";r=3;t=55'}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_the_hub_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    import httpx2

    assert hub_errors.seconds_asked(httpx2.Headers(headers)) == seconds


def test_a_hub_that_stays_away_ends_the_push(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "PAUSES", (0, 0))
    tries, said = [], []

    def away() -> None:
        tries.append(1)
        raise ConnectionResetError("the line is cut")

    with pytest.raises(Stopped, match="3 times; run the same command again later"):
        retries.patiently(away, said.append)
    assert len(tries) == 3
    away_again = "the Hub cannot be reached (ConnectionResetError: the line is cut); trying again in 0 s"
    assert said == [
        f"{away_again} (try 2 of 3)",
        f"{away_again} (try 3 of 3); you may stop it with Ctrl-C, and what has arrived is not sent again",
    ]
