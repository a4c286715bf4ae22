"""Runs that come back from a small Hub: what is the same, how one goes on from them, and what is refused."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sdrrl_data.errors import UntrustedRecipe, UserError
from sdrrl_data.pipeline import continuing
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps.schemas import MESSAGES
from tests.publishing import client
from tests.support import asking_models, hub, small_models

pytestmark = pytest.mark.long

RECIPE = "recipe.yaml"


@pytest.fixture(scope="module")
def run(ann: client.Client, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """English to Portuguese and Vietnamese; pushed as ann/set, where another run's target is added then."""
    folder = tmp_path_factory.mktemp("pull")
    run, _ = client.make_run(client.recipe(folder / "in", tgt=["pt", "vi"]), folder / "run")
    other, _ = client.make_run(client.recipe(folder / "in", tgt=["es"], seed=7), folder / "other")
    pushes = [{"run": run.path, "repo": "ann/set", "tag": "v1"}, {"run": other.path, "repo": "ann/set"}]
    assert [done["error"] for done in ann.ask(*pushes)] == [None, None]
    shutil.rmtree(folder / "in")  # whoever pulls has neither seeds nor corpus
    return run


def files(run: Run) -> dict[str, bytes]:
    """What a run's tables and transfer sets are, byte for byte."""
    return {str(path.relative_to(run.path)): path.read_bytes() for path in run.path.rglob("*.parquet")}


def manifest(run: Run) -> Manifest:
    manifest = run.manifest()
    assert manifest is not None
    return manifest


def go_on(pulled: Run, **changes: Any) -> list[str]:
    """The steps that have something to do in `sdrrl-data generate --recipe RUN/recipe.yaml --out RUN`."""
    steps = client.Steps()
    recipe = loading.load(str(pulled.path / RECIPE), changes)
    generate(recipe, pulled.path, small_models.models(), steps)
    return steps.names


def test_a_pulled_run_is_the_run_and_goes_on(served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path) -> None:
    pulls = [
        {"pull": "ann/set", "out": tmp_path / "runs" / "all", "revision": "v1"},
        {"pull": "ann/set", "out": tmp_path / "one", "tgt": ["Portuguese"]},
        {"pull": "ann/set", "out": tmp_path / "one", "tgt": ["pt"]},
    ]
    both, only_pt, again = ann.ask(*pulls)
    assert both["targets"] == ["pt", "vi"]
    assert both["commit"] == served.repos["datasets/ann/set"].refs["refs/tags/v1"]
    assert both["local"] == ["seeds.jsonl", "model", "pairs.tsv"]
    assert again == only_pt
    assert list(tmp_path.glob("**/.*.pull")) == list(tmp_path.glob("**/.fetched")) == []
    pulled, alone = Run(tmp_path / "runs" / "all"), Run(tmp_path / "one")
    assert files(pulled) == files(run)
    assert files(alone) == {path: content for path, content in files(run).items() if not path.startswith("vi/")}
    assert (pulled.path / "README.md").read_bytes() == served.repos["datasets/ann/set"].files("v1")["README.md"]
    assert (pulled.path / "pt" / "scores.png").is_file()
    recipe = loading.load(str(pulled.path / RECIPE)).model_dump(mode="json", by_alias=True)
    assert manifest(pulled) == manifest(run).model_copy(update={"recipe": recipe})
    assert manifest(alone).only(["pt"]) == manifest(alone)

    before = files(pulled)
    assert go_on(pulled) == []
    assert files(pulled) == before
    assert go_on(alone, **{"thresholds.length.max": "50%"}) == [
        "pt/verdicts",
        "pt/transfer_set",
        "pt/preferences",
        "pt/distillation",
        "pt/counts",
    ]
    assert manifest(alone).counts.targets["pt"].kept < manifest(run).counts.targets["pt"].kept
    assert {name.partition("/")[0] for name in go_on(alone, tgt=["vi"], **{"thresholds.length.max": "50%"})} == {"vi"}
    assert list(manifest(alone).files) == list(manifest(run).files)


def test_a_set_that_0_1_0_published_is_pulled_and_goes_on(served: hub.Hub, ann: client.Client, tmp_path: Path) -> None:
    published = Path(__file__).parents[1] / "data" / "0.1.0" / "published"
    content = {str(path.relative_to(published)): path.read_bytes() for path in published.rglob("*") if path.is_file()}
    served.add("datasets/eve/earlier", content, private=False)
    (done,) = ann.ask({"pull": "eve/earlier", "out": tmp_path / "run"})
    assert done["error"] is None
    pulled = Run(tmp_path / "run")
    before = files(pulled)
    assert go_on(pulled) == ["pt/preferences", "pt/distillation", "pt/counts", "shared_counts"]
    assert files(pulled).items() >= before.items()
    assert go_on(pulled, **{"thresholds.length.max": "50%"})[0] == "pt/verdicts"


def test_a_pull_that_was_killed_goes_on(served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path) -> None:
    held = served.hold("GET", r"/resolve/.*vi/run/tables/verdicts/")
    asked = {"pull": "ann/set", "out": tmp_path / "run", "revision": "v1"}
    process = ann.start(asked)
    assert held.wait(60)
    process.kill()
    process.wait()
    assert not (tmp_path / "run").exists()
    arrived = {str(path.relative_to(tmp_path / ".run.pull")) for path in (tmp_path / ".run.pull").rglob("*.parquet")}
    served.log.clear()
    served.fail("GET", r"/api/datasets/ann/set/", 429, retry_after=0)
    (done,) = ann.ask(asked)
    assert done["error"] is None
    assert "the Hub asks for a pause (429); trying again in 0 s (try 2 of 8)" in done["said"]
    assert files(Run(tmp_path / "run")) == files(run)
    fetched = {
        asked.path.partition("/resolve/")[2].partition("/")[2] for asked in served.asked("GET", r"/resolve/.*parquet")
    }
    assert fetched
    assert not {f".fetched/{path}" for path in fetched} & arrived


def edited(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    def edit(text: bytes) -> bytes:
        content = json.loads(text)
        change(content)
        return json.dumps(content).encode()

    return edit


MANIFEST = "pt/run/manifest.json"
TABLES = "pt/run/tables.json"
TRAIN = "pt/transfer_set/train-00000-of-00001.parquet"
SPOILED: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "another-version": (MANIFEST, edited(lambda content: content.update(schema_version=99)), "has schema version 99"),
    "no-json": (MANIFEST, lambda content: content[:100], "cannot be read as a manifest"),
    "another-target": (
        MANIFEST,
        edited(lambda content: content["counts"]["targets"].pop("pt")),
        "has no target pt, so nothing is taken",
    ),
    "upwards": (
        MANIFEST,
        edited(lambda content: content["files"].update({"pt/transfer_set/../../../x.parquet": "0" * 64})),
        "names 'pt/transfer_set/../../../x.parquet' among its files",
    ),
    "absolute": (
        MANIFEST,
        edited(lambda content: content["files"].update({"/x.parquet": "0"})),
        "names '/x.parquet' among",
    ),
    "a-local-file": (
        MANIFEST,
        edited(lambda content: content["recipe"]["generator"].update(template="/home/ann/secret.jinja")),
        "its recipe reads files of this machine",
    ),
    "table-upwards": (
        TABLES,
        edited(lambda content: content.update({"../../x": content["seeds"]})),
        "names '../../x', so",
    ),
    "table-file-upwards": (
        TABLES,
        edited(lambda content: content["seeds"]["files"].update({"../rows.parquet": "0"})),
        "names '../rows.parquet', so nothing is taken",
    ),
    "no-rows": (TABLES, edited(lambda content: content["seeds"].update(files={})), "has no files, so no run can"),
    "index": (TABLES, lambda content: b"[]", "tables.json cannot be read"),
    "rows": (TRAIN, lambda content: content + b"more", f"{TRAIN} is not what its run made"),
    "a-table": ("pt/run/tables/answers/rows-00000.parquet", lambda content: b"", "is not what its run made"),
}


def test_what_cannot_be_pulled_is_refused_in_one_sentence(
    served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path
) -> None:
    files_on_hub = served.repos["datasets/ann/set"].files("v1")
    for name, (path, spoil, _) in SPOILED.items():
        served.add(f"datasets/eve/{name}", files_on_hub | {path: spoil(files_on_hub[path])}, private=False)
    without = {path: content for path, content in files_on_hub.items() if path != TRAIN}
    served.add("datasets/eve/missing", without, private=False)
    served.add("datasets/eve/gated", files_on_hub, private=False, gated=True)
    served.add("datasets/eve/private", files_on_hub, private=True)
    served.add("datasets/eve/other", {"README.md": b"# Nothing"}, private=False)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("Mine.")
    shutil.copytree(run.path, tmp_path / "another")
    broken = manifest(run).model_copy(update={"files": {}})
    Run(tmp_path / "another").write_manifest(broken)
    cases: list[tuple[dict[str, Any], str]] = [
        *(({"pull": f"eve/{name}", "tgt": ["pt"]}, sentence) for name, (_, _, sentence) in SPOILED.items()),
        ({"pull": "eve/missing"}, f"eve/missing: {TRAIN} is missing"),
        ({"pull": "eve/gated"}, "accept its terms at https://huggingface.co/datasets/eve/gated"),
        ({"pull": "eve/private"}, "the Hub has no such dataset for you"),
        ({"pull": "eve/nothing"}, "the Hub has no such dataset for you"),
        ({"pull": "eve/other"}, "eve/other holds no run of sdrrl-data"),
        ({"pull": "a b"}, "'a b' is not a name of a dataset on the Hub"),
        ({"pull": "ann/set"}, "ann/set has targets of 2 runs, and a folder can hold only one run: use --tgt"),
        ({"pull": "ann/set", "tgt": ["pt", "es"]}, "ann/set has targets of 2 runs"),
        ({"pull": "ann/set", "tgt": ["th"]}, "ann/set has no target th: choose from es, pt and vi"),
        ({"pull": "ann/set", "revision": "v9"}, "the Hub knows no revision v9"),
        ({"pull": "ann/set", "revision": "v1", "out": tmp_path / "taken"}, "already exists and is not a run"),
        (
            {"pull": "ann/set", "revision": "v1", "out": tmp_path / "another"},
            "exists already and holds something else",
        ),
        ({"pull": "ann/set", "token": "wrong"}, "the Hub does not take your token"),
    ]
    done = ann.ask(*({"out": tmp_path / "out"} | asked for asked, _ in cases))
    for (asked, sentence), result in zip(cases, done, strict=True):
        assert sentence in (result["error"] or ""), asked
        assert "\n" not in result["error"]
        assert result["code"] == 2
    assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.pull", "another", "taken"]
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["notes.txt"]


def with_table(there: dict[str, bytes], table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> dict[str, bytes]:
    """The files of a repository with other rows in a table of pt, whose digests are right."""
    path = f"pt/run/tables/{table}/rows-00000.parquet"
    if table == "transfer_set":
        path = TRAIN
    content = io.BytesIO()
    change(pl.read_parquet(there[path])).write_parquet(content)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    if table == "transfer_set":
        index, edit = MANIFEST, edited(lambda manifest: manifest["files"].update({path: digest}))
    else:
        name = table.partition("/")[0]
        index, edit = TABLES, edited(lambda tables: tables[name]["files"].update({"rows-00000.parquet": digest}))
    return there | {path: content.getvalue(), index: edit(there[index])}


def emptied(column: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    first = pl.int_range(pl.len()) == 0
    return lambda rows: rows.with_columns(pl.when(first).then(None).otherwise(column).alias(column))


NO_ROLES = [[{"role": "robot", "content": "Beep."}]]
OTHER_TABLES: dict[str, tuple[str, Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "no-column": ("answers", lambda rows: rows.drop("answer"), "answers/rows-00000.parquet has no column answer,"),
    "a-type": (
        "seeds",
        lambda rows: rows.with_columns(messages=pl.lit("Why?")),
        "seeds/rows-00000.parquet has a column messages of another type than List(",
    ),
    "a-number": ("answers", lambda rows: rows.with_columns(pl.col("sample").cast(pl.String)), "sample of another type"),
    "a-null-id": ("seeds", emptied("id"), "seeds/rows-00000.parquet has a row in which id is empty"),
    "a-null-text": ("translations", emptied("answer"), "has a row in which answer is empty"),
    "a-null-turn": (
        "seeds",
        lambda rows: rows.with_columns(
            messages=pl.Series([[{"role": "user", "content": None}]] * rows.height, dtype=MESSAGES)
        ),
        "has a row in which messages is empty",
    ),
    "no-turns": (
        "seeds",
        lambda rows: rows.with_columns(messages=pl.Series([[]] * rows.height, dtype=MESSAGES)),
        "has a row in which messages is no conversation",
    ),
    "a-role": (
        "transfer_set",
        lambda rows: rows.with_columns(prompt=pl.Series(NO_ROLES * rows.height, dtype=MESSAGES)),
        f"{TRAIN} has a row in which prompt is no conversation",
    ),
    "same-ids": ("answers", lambda rows: rows.with_columns(id=pl.col("id").first()), "answers has two rows with"),
    "a-score": (
        "scores-heuristics",
        lambda rows: rows.with_columns(question_length=pl.concat_list("question_length")),
        "has a column question_length that is neither a number nor a text",
    ),
    "other-rows": (
        "scores-heuristics",
        lambda rows: rows.with_columns(pl.col("id").reverse()),
        "pt/scores-heuristics has other rows than the translations",
    ),
    "a-part": ("verdicts", lambda rows: rows.with_columns(run_part=pl.lit(999, pl.Int32)), "belong to none of its"),
    "no-parts": ("verdicts", lambda rows: rows.drop("run_part"), "belong to none of its parts"),
    "figures": ("counts", lambda rows: rows.with_columns(figures=pl.lit("{")), "pt/counts has no figures, so"),
    "deep": ("answers", lambda rows: rows.with_columns(answer=deep(rows.height)), "cannot be read as a table"),
}


def deep(height: int) -> pl.Series:
    """A column of more lists inside each other than anybody writes; of a few hundred, polars ends the process."""
    dtype: Any = pl.Int8
    for _ in range(120):
        dtype = pl.List(dtype)
    return pl.Series([None] * height, dtype=dtype)


def test_tables_that_no_step_can_use_are_refused_before_a_run_is_made_of_them(
    served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path
) -> None:
    there = served.repos["datasets/ann/set"].files("v1")
    for name, (table, change, _) in OTHER_TABLES.items():
        served.add(f"datasets/eve/of-{name}", with_table(there, table, change), private=False)
    asked = [{"pull": f"eve/of-{name}", "tgt": ["pt"], "out": tmp_path / "out"} for name in OTHER_TABLES]
    for (name, (_, _, sentence)), done in zip(OTHER_TABLES.items(), ann.ask(*asked), strict=True):
        assert sentence in (done["error"] or ""), name
        assert done["error"].startswith(f"eve/of-{name}: "), done["error"]
        assert len(done["error"]) < 400
    assert not (tmp_path / "out").exists()


def test_code_of_whoever_made_it_is_not_imported_to_fetch_it(
    served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path
) -> None:
    there = served.repos["datasets/ann/set"].files("v1")
    scorer = {"kind": "nowhere:Thing", "level": 3}
    edit = edited(lambda own: own["recipe"]["scorers"].append(scorer))
    served.add("datasets/eve/own-code", there | {MANIFEST: edit(there[MANIFEST])}, private=False)
    (pulled,) = ann.ask({"pull": "eve/own-code", "tgt": ["pt"], "out": tmp_path / "own"})
    assert pulled["targets"] == ["pt"]
    assert manifest(Run(tmp_path / "own")).recipe["scorers"][-1] == scorer
    with pytest.raises(UntrustedRecipe, match="asks for the Python code nowhere:Thing: look at it"):
        loading.load(str(tmp_path / "own" / RECIPE))
    with pytest.raises(UserError, match="scorer nowhere:Thing: there is no module nowhere in"):
        loading.load(str(tmp_path / "own" / RECIPE), trust=True)


def test_targets_that_differ_come_back_with_their_settings(ann: client.Client, tmp_path: Path) -> None:
    changes = {"targets.vi.translator": "nllb", "targets.vi.thresholds.repetition.max": 0.25}
    recipe = client.recipe(tmp_path / "in", tgt=["pt", "vi"], **changes)
    run, _ = client.make_run(recipe, tmp_path / "run")
    pulls: list[Any] = [{"run": run.path, "repo": "ann/two"}, {"pull": "ann/two", "out": tmp_path / "all"}]
    for tag in ("pt", "vi"):
        pulls.append({"pull": "ann/two", "out": tmp_path / tag, "tgt": [tag]})
    assert [done["error"] for done in ann.ask(*pulls)] == [None] * 4
    shutil.rmtree(tmp_path / "in")
    pulled, pt, vi = (Run(tmp_path / name) for name in ("all", "pt", "vi"))
    assert files(pulled) == files(run)
    for each in (pulled, vi):
        again = loading.load(str(each.path / RECIPE))
        assert again.targets.keys() == {"vi"}
        assert [translator.kind for translator in again.for_target("vi").translator] == ["nllb"]
        assert again.for_target("vi").thresholds["repetition"].max == 0.25
    assert loading.load(str(pt.path / RECIPE)).targets == {}
    assert {part.name for part in manifest(pt).ingredients if part.role == "translator"} == {"Cipher en-pt"}
    assert {part.name for part in manifest(vi).ingredients if part.role == "translator"} == {"Sloppy en-vi"}
    for each in (pulled, pt, vi):
        assert go_on(each) == []
    assert go_on(pulled, **{"targets.vi.thresholds.repetition.max": 0.2}) == [
        "vi/verdicts",
        "vi/transfer_set",
        "vi/preferences",
        "vi/distillation",
        "vi/counts",
    ]


def add_ingredient(content: dict[str, Any], name: str) -> None:
    content["ingredients"] += [dict(content["ingredients"][0], name=name)]
    for numbers in content["used"].values():
        numbers.append(len(content["ingredients"]) - 1)


def test_no_file_of_this_machine_is_read_because_a_repository_names_it(
    served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "private").mkdir()
    secret = tmp_path / "private" / "pairs.tsv"
    secret.write_text("The code of the safe is 7341.\tO codigo do cofre e 7341.\n")
    there = served.repos["datasets/ann/set"].files("v1")
    named = {
        "absolute": str(secret),
        "upwards": f"../../private/{secret.name}",
        "parent": "..",
        "below": "private/x/..",
    }
    for name, place in named.items():

        def spoil(content: dict[str, Any], place: str = place) -> None:
            content["recipe"]["parallel"]["source"] = place
            content["recipe"]["generator"]["model"] = place
            add_ingredient(content, place)

        served.add(f"datasets/eve/{name}", there | {MANIFEST: edited(spoil)(there[MANIFEST])}, private=False)
        (done,) = ann.ask({"pull": f"eve/{name}", "tgt": ["pt"], "out": tmp_path / "runs" / name})
        assert done["error"] is None
        recipe = manifest(Run(tmp_path / "runs" / name)).recipe
        for source in (recipe["parallel"]["source"], recipe["generator"]["model"]):
            assert Path(source).resolve().is_relative_to(tmp_path / "runs" / name)
            assert not Path(source).exists() or source == str(tmp_path / "runs" / name)
            assert ".." not in Path(source).parts

    def hub_name(content: dict[str, Any]) -> None:
        content["recipe"]["parallel"]["source"] = "private/pairs.tsv"  # which the Hub would allow
        add_ingredient(content, "private/pairs.tsv")

    served.add("datasets/eve/name", there | {MANIFEST: edited(hub_name)(there[MANIFEST])}, private=False)
    (done,) = ann.ask({"pull": "eve/name", "tgt": ["pt"], "out": tmp_path / "runs" / "name"})
    assert done["error"] is None
    with pytest.raises(UntrustedRecipe, match=r"asks for the file private/pairs\.tsv"):
        loading.load("runs/name/recipe.yaml")
    with pytest.raises(UntrustedRecipe, match=r"asks for the file private/pairs\.tsv"):
        continuing.read(Path("runs/name"), None)


def test_a_repository_names_no_server(served: hub.Hub, ann: client.Client, run: Run, tmp_path: Path) -> None:
    there = served.repos["datasets/ann/set"].files("v1")

    def spoil(content: dict[str, Any]) -> None:
        server = {"url": "https://eve.example/v1"}
        content["recipe"]["generator"]["server"] = server
        judge = {"kind": "judge", "generator": {"model": "org/judge", "server": server}}
        content["recipe"]["scorers"] += [judge, {"kind": "comet", "python": "/home/eve/python"}]

    served.add("datasets/eve/server", there | {MANIFEST: edited(spoil)(there[MANIFEST])}, private=False)
    (done,) = ann.ask({"pull": "eve/server", "tgt": ["pt"], "out": tmp_path / "run"})
    assert done["error"] is None
    pulled = Run(tmp_path / "run")
    assert manifest(pulled).recipe["scorers"][-2]["generator"]["server"] is None
    written = (pulled.path / RECIPE).read_text() + (pulled.path / "manifest.json").read_text()
    assert "eve.example" not in written
    assert "/home/eve" not in written


def test_a_run_of_native_texts_comes_back_and_goes_on(served: hub.Hub, ann: client.Client, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text(
        "O porto da cidade foi construído por monges que queriam vender sal às ilhas.\n"
        "Depois da tempestade, as ruas ficaram cheias de areia e ninguém saiu de casa.\n",
        encoding="utf-8",
    )
    settings = {"seeds": [{"source": f"native:{tmp_path / 'texts.txt'}"}], "parallel": None}
    recipe = loading.load("quickstart", small_models.CHANGES | settings)
    generate(recipe, tmp_path / "run", asking_models.models())
    pushed, pulled = ann.ask(
        {"run": tmp_path / "run", "repo": "ann/native"}, {"pull": "ann/native", "out": tmp_path / "out"}
    )
    assert (pushed["error"], pulled["targets"]) == (None, ["pt"])
    assert files(Run(tmp_path / "out")) == files(Run(tmp_path / "run"))
    assert Run(tmp_path / "out").table("texts").count() == 2
    (tmp_path / "texts.txt").unlink()
    assert go_on(Run(tmp_path / "out")) == []
