"""The generator answers the translated questions itself: what is kept, what is asked again, what is made of it."""

import polars as pl
import pytest

from sdrrl_data.controls import build
from sdrrl_data.errors import UserError
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from sdrrl_data.steps import direct_answers, preferences
from tests.support import small_models
from tests.support.copies import trusted_copy
from tests.support.steps import Steps

THINGS = ("bridge", "garden", "market", "harbour", "library", "railway")
LONG = " ".join(["Why", *["not"] * 300])


def recipe(folder, **changes):
    lines = [f'{{"instruction": "Why do people of this {thing} like tea in it?"}}\n' for thing in THINGS]
    (folder / "seeds.jsonl").write_text("".join(lines), encoding="utf-8")
    small = {
        "seeds": [{"source": str(folder / "seeds.jsonl")}],
        "generator.model": str(folder / "model"),
        "part_rows": 4,
        "scorers": ["language", "length"],
        "thresholds": {"length": {"min": 0.1, "max": 9.0}},
        "parallel": None,
    }
    return loading.load("quickstart", small_models.CHANGES | small | changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("direct")
    small_models.write_tokenizer(folder / "model")
    generate(recipe(folder, direct_answers=True), folder / "run", small_models.models())
    return folder


def direct(run):
    return run.table("pt/direct_answers").read_all()


def test_the_translated_questions_are_answered(folder):
    run = Run(folder / "run")
    answers = direct(run).join(run.table("pt/translations").read_all(), on="id", suffix="_translated")
    assert answers.height == len(THINGS)
    for row in answers.iter_rows(named=True):
        words = row["question"][-1]["content"].lower().rstrip("?").split()
        assert sorted(row["answer"].lower().replace(".", "").split()) == sorted(words)
        assert (row["finish_reason"], row["author"], row["faults"]) == ("stop", "model", [])
    scores = run.table("pt/direct_scores").read_all()
    assert dict(scores.schema) == direct_answers.SCORES
    assert scores["id"].equals(direct(run)["id"])
    assert scores["language"].null_count() == 0
    assert scores["chrf"].is_between(0, 99).all()


def test_they_change_nothing_else_and_are_made_when_they_are_asked_for(folder, tmp_path):
    plain = recipe(folder)
    before = generate(plain, tmp_path / "run", small_models.models())
    assert not list((tmp_path / "run").glob("*/direct_*"))
    steps = Steps()
    after = generate(recipe(folder, direct_answers=True), tmp_path / "run", small_models.models(), steps)
    names = ["pt/direct_answers", "pt/direct_scores", "pt/counts"]
    assert [name for name in steps.names if name != "shared_counts"] == names
    assert (after.signatures, after.files) == (before.signatures, before.files)
    assert direct(Run(tmp_path / "run")).equals(direct(Run(folder / "run")))
    assert before.counts.targets["pt"].direct is None


def test_what_is_counted(folder):
    run = Run(folder / "run")
    counts = run.manifest().counts
    figures, scores = counts.targets["pt"].direct, run.table("pt/direct_scores").read_all()
    assert (figures.answers, figures.finished, figures.told) == (len(THINGS),) * 3
    assert figures.in_language == (scores["language"] >= 0.5).sum()
    assert figures.chrf == pytest.approx(scores["chrf"].mean())
    assert counts.steps["pt/direct_answers"].rows_out == len(THINGS)
    card = (run.path / "README.md").read_text()
    assert f"the model gave {len(THINGS)} answers, of which it ended {len(THINGS)}." in card


def test_what_does_not_fit_is_set_aside_and_a_lost_part_is_made_again(folder, tmp_path):
    settings = recipe(folder, direct_answers=True)
    with (folder / "seeds.jsonl").open("a", encoding="utf-8") as file:
        file.write(f'{{"instruction": "{LONG}"}}\n')
    # Every translated word is one word again, so that what fits in English fits here too; but not with this prompt.
    tight = settings.model_copy(
        update={"generator": settings.generator.model_copy(update={"max_model_len": 330, "max_tokens": 320})}
    )
    generate(tight, tmp_path / "run", small_models.models())
    run = Run(tmp_path / "run")
    assert (
        run.table("pt/direct_answers").set_aside().height == run.table("pt/translations").count() - direct(run).height
    )
    whole = direct(run)
    (run.path / "pt" / "direct_answers" / "part-00001.parquet").unlink()
    run.write_manifest(run.manifest().model_copy(update={"state": "unfinished"}))
    steps = Steps()
    generate(tight, run.path, small_models.models(), steps)
    assert "answers" not in steps.names
    assert "pt/direct_answers" in steps.names
    assert direct(run).equals(whole)


def test_a_control_of_what_the_model_answers_itself(folder, tmp_path):
    run = Run(trusted_copy(folder / "run", tmp_path / "run"))
    controls = build.make(run, run.manifest(), ["pt"], ["respond", "sdrrl"], models=small_models.models())
    assert [*controls["pt"].arms] == ["respond", "sdrrl"]
    rows = run.dataset("pt/controls-respond").read()
    own = dict(direct(run).select("id", "answer").iter_rows())
    asked = dict(run.table("pt/translations").read_all().select("id", "question").iter_rows())
    assert rows.height > 0
    assert {*rows["direction"]} == {"pt->pt"}
    for row in rows.iter_rows(named=True):
        assert row["completion"] == [{"role": "assistant", "content": own[row["seed_id"]]}]
        assert row["prompt"] == asked[row["seed_id"]]
        assert (row["generator"], row["translator"]) == (
            "Answering@1(small-models 1)",
            "Cipher en-pt@1(small-models 1)",
        )
        assert row["scores"]["answer_language"] is None
        assert row["scores"]["question_language"] is not None


def test_without_direct_answers_there_is_no_such_control(folder, tmp_path):
    generate(recipe(folder), tmp_path / "run", small_models.models())
    run = Run(tmp_path / "run")
    with pytest.raises(UserError, match=r"--set direct_answers=true`$"):
        build.make(run, run.manifest(), ["pt"], ["respond", "sdrrl"], models=small_models.models())
    arms = [name for name in build.ARMS if name not in build.REFERENCES | {"respond"}]
    assert "respond" not in build.make(run, run.manifest(), ["pt"], arms[:2], models=small_models.models())["pt"].arms


def test_preferences_of_the_translated_answer(folder):
    run = Run(folder / "run")
    names = ("seeds", "answers", "pt/translations", "pt/verdicts", "pt/direct_answers")
    tables = {name.rpartition("/")[2]: run.table(name).read_all() for name in names}
    pairs = preferences.make(tables, ["direct"], "en", "pt")
    assert pairs.height == len(THINGS)
    own = dict(direct(run).select("id", "answer").iter_rows())
    translated = {row["id"]: row for row in tables["translations"].iter_rows(named=True)}
    for row in pairs.iter_rows(named=True):
        id = row["seed_id"]
        assert row["id"] == f"{id}/pt->pt/rejected-direct"
        assert row["prompt"] == translated[id]["question"]
        assert row["chosen"] == [{"role": "assistant", "content": translated[id]["answer"]}]
        assert row["rejected"] == [{"role": "assistant", "content": own[id]}]
        assert (row["rejected_kind"], row["direction"], row["weight"]) == ("direct", "pt->pt", 1.0)


@pytest.mark.parametrize("text", ["question_src", "question_tgt", "answer_src", "answer_tgt"])
def test_a_pair_needs_a_translated_question_and_answer_that_were_kept_and_differ(folder, text):
    run = Run(folder / "run")
    names = ("seeds", "answers", "pt/translations", "pt/verdicts", "pt/direct_answers")
    tables = {name.rpartition("/")[2]: run.table(name).read_all() for name in names}
    of_source = {"question_src": ["question_tgt"], "answer_src": ["answer_tgt"]}.get(text, [])
    first = pl.col("id") == tables["seeds"]["id"][0]
    verdicts = tables["verdicts"].with_columns(
        pl.when(first).then(0.0).otherwise(pl.col(name)).alias(name) for name in (text, *of_source)
    )
    assert preferences.make({**tables, "verdicts": verdicts}, ["direct"], "en", "pt").height == len(THINGS) - 1
    same = tables["translations"].select("id", answer=" " + pl.col("answer"))
    answers = tables["direct_answers"].drop("answer").join(same, on="id")
    pairs = preferences.make({**tables, "direct_answers": answers}, ["direct"], "en", "pt")
    assert pairs.filter(preferences.differ()).is_empty()


def test_a_finished_run_gets_preferences_of_direct_answers(folder, tmp_path):
    run = Run(trusted_copy(folder / "run", tmp_path / "run"))
    steps = Steps()
    rejected = {"rejected": ["other_language", "direct"]}
    generate(recipe(folder, direct_answers=True, preferences=rejected), run.path, small_models.models(), steps)
    # The signature, which stands in every row, names the settings.
    assert steps.names == ["pt/transfer_set", "pt/preferences", "pt/distillation", "pt/counts"]
    kinds = run.manifest().counts.targets["pt"].preferences.kinds
    assert kinds["pt->pt"]["direct"] == len(THINGS)
    assert kinds["en->en"].keys() == {"other_language"}
    with pytest.raises(UserError, match="answers no translated question: set direct_answers to true"):
        recipe(folder, preferences=rejected)
