"""The datasets beside a transfer set: do they hold the rows that the verdicts allow, on the side where it has them?"""

import json

import polars as pl
import pytest

from sdrrl_data.errors import RecipeError
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.support import small_models

THINGS = ("bread", "songs", "boats", "rain", "bridges", "letters", "gardens", "stones")
QUESTIONS = [f"Why do people like {thing} so much in the {when}?" for thing in THINGS for when in ("morning", "night")]
SAME = "42"  # the translator leaves it as it is, and the model answers with it


def recipe(folder, **changes):
    seeds = folder / "seeds.jsonl"
    seeds.write_text("\n".join(json.dumps({"instruction": question}) for question in [*QUESTIONS, SAME]))
    settings = {"seeds": [{"source": str(seeds)}], "parallel": None, "transfer_set.test_share": 0.3}
    return loading.load("quickstart", small_models.CHANGES | settings | changes)


def made(folder, name, **changes):
    """A run of its own, and its manifest."""
    out = folder / name
    return Run(out), generate(recipe(folder, **changes), out, small_models.models())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    switched = {"preferences.rejected": ["other_language", "code_switched"], "code_switching.texts": "both"}
    in_shards = {"part_rows": 4, "transfer_set.shard_rows": 5}
    return made(tmp_path_factory.mktemp("beside"), "run", **switched, **in_shards)


def seeds_of(rows, split):
    return set(rows.filter(split=split)["seed_id"])


@pytest.mark.parametrize("name", ["preferences", "distillation"])
def test_a_seed_is_where_the_transfer_set_has_it(run, name):
    run, _ = run
    rows, transfer_set = (run.dataset(f"pt/{dataset}").read() for dataset in (name, "transfer_set"))
    assert seeds_of(rows, "test")
    for split, other in ("train", "test"), ("test", "train"):
        assert not seeds_of(rows, split) & seeds_of(transfer_set, other)
    assert rows["id"].is_unique().all()
    assert max(part.height for part in run.dataset(f"pt/{name}").read_each()) <= 5


def test_what_made_a_row_stands_in_it(run):
    run, manifest = run
    transfer_set = run.dataset("pt/transfer_set").read().filter(task="answer", direction="pt->pt", code_switched=False)
    of_seed = {row["seed_id"]: row for row in transfer_set.iter_rows(named=True)}
    columns = ("scores", "generator", "translator", "source", "signature", "split", "weight", "prompt")
    shared = 0
    for name in ("preferences", "distillation"):
        for row in run.dataset(f"pt/{name}").read().filter(direction="pt->pt").iter_rows(named=True):
            if other := of_seed.get(row["seed_id"]):
                assert {column: row[column] for column in columns} == {column: other[column] for column in columns}
                shared += 1
            if name == "preferences" and other:
                assert row["chosen"] == other["completion"]
    assert shared
    assert {path.rpartition("/")[0] for path in manifest.files} == {
        f"pt/{name}" for name in ("transfer_set", "preferences", "distillation")
    }


def test_the_figures_are_those_of_the_rows(run):
    run, manifest = run
    rows, count = run.dataset("pt/preferences").read(), manifest.counts.targets["pt"]
    assert count.preferences.rows == dict(rows.group_by("split").len().iter_rows())
    assert count.preferences.kinds.keys() == {"en->en", "pt->pt"}
    assert sum(sum(kinds.values()) for kinds in count.preferences.kinds.values()) == rows.height
    assert set(rows["rejected_kind"]) == {"other_language", "code_switched"}
    assert sum(count.distillation.values()) == run.dataset("pt/distillation").read().height
    same = pl.col("chosen") == pl.col("rejected")
    assert rows.filter(same).is_empty()


def test_how_a_run_is_cut_into_parts_changes_no_row(run, tmp_path):
    run, _ = run
    again, _ = made(
        tmp_path,
        "run",
        **{
            "preferences.rejected": ["code_switched", "other_language"],
            "code_switching.texts": "both",
            "part_rows": 100,
        },
    )
    for name in ("preferences", "distillation"):
        texts = {"preferences": ["chosen", "rejected"], "distillation": ["prompt", "privileged_context"]}[name]
        # Words are aligned by what the whole run has taught, so only whole texts are compared.
        rows, other = (
            one.dataset(f"pt/{name}").read().filter(~pl.col("id").str.ends_with("switched")) for one in (run, again)
        )
        assert rows.select("id", "split", *texts).equals(other.select("id", "split", *texts))


def test_answers_are_switched_for_the_preferences_alone(tmp_path):
    changes = {"preferences.rejected": ["code_switched"], "code_switching.texts": "answer"}
    run, _ = made(tmp_path, "run", **changes, **{"transfer_set.mix.code_switched": 0})
    assert set(run.dataset("pt/preferences").read()["rejected_kind"]) == {"code_switched"}
    assert not run.dataset("pt/transfer_set").read()["code_switched"].any()


def test_answers_that_nothing_switches_cannot_be_rejected(tmp_path):
    with pytest.raises(RecipeError, match=r"set code_switching\.texts to answer or both"):
        recipe(tmp_path, **{"preferences.rejected": ["code_switched"]})


def test_a_signature_from_before_there_were_preferences_stays(tmp_path):
    usual = recipe(tmp_path)
    assert "preferences" not in usual.shaping()
    other = recipe(tmp_path, **{"preferences.rejected": ["code_switched"], "code_switching.texts": "both"})
    assert other.shaping()["preferences"] == {"rejected": ["code_switched"]}
