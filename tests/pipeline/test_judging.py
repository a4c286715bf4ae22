"""Scores and verdicts in a run: when each table is made, and from which others."""

import json

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Silent, TextPair
from sdrrl_data.recipe import known_scores, loading, shipped_scores
from sdrrl_data.run import Run
from sdrrl_data.steps.scores import Pairs, score
from tests.support import small_models

TOPICS = ("the sea", "a town", "old songs", "the moon", "bread", "a long journey", "winter", "the river")
QUESTIONS = [f"Why do people like {topic} so much, and what do they say of it to {who}?" for topic in TOPICS for who in
             ("children", "their friends")]  # fmt: skip
LENGTH = {"length": {"min": 0.5, "max": 2.0}}


@pytest.fixture
def seeds(tmp_path):
    path = tmp_path / "seeds.jsonl"
    path.write_text("".join(json.dumps({"instruction": question}) + "\n" for question in QUESTIONS))
    return path


class Steps(Silent):
    """Records the steps that had missing parts."""

    def __init__(self):
        self.names = []

    def start(self, what, total, done, unit="rows"):
        self.names.append(what)


def make(path, out, **changes):
    """Makes a run; returns its manifest and the steps that had missing parts."""
    defaults = {"seeds": [{"source": str(path)}], "part_rows": 4, "scorers": ["length"], "thresholds": LENGTH}
    steps = Steps()
    recipe = loading.load("quickstart", small_models.CHANGES | defaults | changes)
    return generate(recipe, out, small_models.models(), steps), steps.names


def table(out, name):
    return Run(out).table(f"pt/{name}").read_all()


def test_one_more_scorer_scores_alone(seeds, tmp_path):
    out = tmp_path / "run"
    make(seeds, out)
    _, steps = make(seeds, out, scorers=["length", "duplicates"])
    assert steps == [
        "pt/scores-duplicates",
        "pt/verdicts",
        "pt/transfer_set",
        "pt/preferences",
        "pt/distillation",
        "pt/counts",
    ]
    assert "question_src_duplicate_of" in table(out, "scores-duplicates").columns
    _, steps = make(seeds, out, scorers=["duplicates", "length"])
    assert steps == [
        "pt/transfer_set",
        "pt/preferences",
        "pt/distillation",
        "pt/counts",
    ]  # the signature names the settings in another order


def test_a_changed_threshold_redoes_verdicts_and_transfer_set_alone(seeds, tmp_path):
    out = tmp_path / "run"
    before, _ = make(seeds, out)
    after, steps = make(seeds, out, thresholds={"length": {"min": "50%"}})
    assert steps == ["pt/verdicts", "pt/transfer_set", "pt/preferences", "pt/distillation", "pt/counts"]
    assert sum(after.counts.targets["pt"].rows.values()) < sum(before.counts.targets["pt"].rows.values())


def test_a_scorer_may_judge_questions_or_answers_alone(seeds, tmp_path):
    judged = {"length": "question", "language_bound": "answer", "unknown_words": "question", "duplicates": "answer"}
    scorers = [{"kind": kind, "texts": texts} for kind, texts in judged.items()]
    make(seeds, tmp_path / "run", scorers=scorers, thresholds={})
    tables = [table(tmp_path / "run", f"scores-{name}") for name in ("heuristics", "unknown_words", "duplicates")]
    columns = {column: rows[column] for rows in tables for column in rows.columns}
    for kind, text in judged.items():
        name = "duplicate" if kind == "duplicates" else kind
        values = {text: columns[f"{text}_{name}"] for text in ("question", "answer")}
        assert {text for text, of_text in values.items() if of_text.count()} == {text}
        assert values["question"].dtype == values["answer"].dtype == pl.Float64
    sections = [{"kind": "round_trip", "texts": "question"}, {"kind": "similarity"}, {"kind": "mine:Scorer"}]
    assert known_scores(sections)["round_trip"].unscored.startswith("answers, as the recipe says; sources of")
    assert known_scores(sections)["similarity"] == shipped_scores()["similarity"]


def test_texts_that_are_not_judged_are_not_given_to_the_scorer():
    class Counting:
        def score(self, pairs, advance):
            advance(len(pairs))
            return pl.DataFrame({"length": [float(len(pair.source)) for pair in pairs], "note": ["" for _ in pairs]})

    questions, answers = ([TextPair(text, text, []) for text in texts] for texts in (("a", "bb"), ("ccc", "dddd")))
    done = []
    scored = score(Pairs(["1", "2"], questions, answers), Counting(), done.append, answers=False)
    assert scored.to_dict(as_series=False) == {
        "id": ["1", "2"],
        "question_length": [1, 2],
        "question_note": ["", ""],
        "answer_length": [None, None],
        "answer_note": [None, None],
    }
    assert scored.schema["answer_length"] == pl.Float64
    assert sum(done) == 2
    scored = score(Pairs(["1", "2"], questions, answers), Counting(), done.append, questions=False)
    assert (scored["question_length"].to_list(), scored["answer_length"].to_list()) == ([None, None], [3, 4])


def test_a_percentile_is_one_of_the_whole_run_and_follows_it(seeds, tmp_path):
    out = tmp_path / "run"
    percentile = {"length": {"min": "25%"}}
    make(seeds, out, thresholds=percentile, limit=8)
    _, steps = make(seeds, out, thresholds=percentile)
    assert steps[-6:] == [
        "pt/verdicts",
        "pt/transfer_set",
        "pt/preferences",
        "pt/distillation",
        "pt/counts",
        "shared_counts",
    ]
    make(seeds, tmp_path / "anew", thresholds=percentile)
    # In a run that has grown, lengths are compared with the usual lengths when their part was new.
    scores, verdicts = table(out, "scores-heuristics"), table(out, "verdicts")
    for text in ("question", "answer"):
        failed = (verdicts[f"{text}_tgt"] == 0).sum()
        assert 0 < failed <= scores[f"{text}_length"].count() / 4
        bounds = {
            failure["threshold"] for row in verdicts["failures"] for failure in row if failure["text"] == f"{text}_tgt"
        }
        assert len(bounds) == 1


def test_what_fails_may_weigh_less(seeds, tmp_path):
    out = tmp_path / "run"
    manifest, _ = make(seeds, out, thresholds={"answer_length": {"min": "50%", "weight": 0.25}})
    rows = Run(out).dataset("pt/transfer_set").read().filter(task="answer", code_switched=False)
    weights = rows.group_by("direction").agg(pl.col("weight").unique().sort()).rows()
    assert sorted(weights) == [("en->en", [1.0]), ("en->pt", [0.25, 1.0]), ("pt->en", [1.0]), ("pt->pt", [0.25, 1.0])]
    assert "answer_length>=50%*0.25" in manifest.signatures["pt"]


def test_bounds_for_a_language_are_for_its_texts_alone(seeds, tmp_path):
    out = tmp_path / "run"
    make(seeds, out, thresholds={"length": {"min": 5, "languages": {"Portuguese": {"min": 0.1}, "vi": {"min": 6}}}})
    assert table(out, "verdicts")["failures"].list.len().sum() == 0


def test_the_signature_names_the_bounds_of_the_language_that_is_judged(seeds, tmp_path):
    bounds = {"max": 0.5, "languages": {"en": {"max": 0.9}, "pt": {"max": 0.1}}}  # as in 0.1.0
    thresholds = {"src_repetition": bounds, "answer_src_repetition": bounds, "repetition": bounds}
    manifest, _ = make(seeds, tmp_path / "run", scorers=["repetition"], thresholds=thresholds)
    filters = "filters:answer_src_repetition<=0.9,repetition<=0.1,src_repetition<=0.9|"
    assert filters in manifest.signatures["pt"]


def test_a_copy_is_found_wherever_the_earlier_one_stands(seeds, tmp_path):
    copied = tmp_path / "copied.jsonl"
    late = [QUESTIONS[0].upper(), QUESTIONS[1].replace("people", "men")]
    copied.write_text(seeds.read_text() + "".join(json.dumps({"instruction": question}) + "\n" for question in late))
    changes = {"scorers": ["duplicates"], "thresholds": {"question_src_duplicate": {"max": 0.6}}}
    out = tmp_path / "run"
    make(copied, out, limit=9, **changes)
    make(copied, out, **changes)  # goes on with the third part
    scores = table(out, "scores-duplicates")
    ids = table(out, "translations")["id"].to_list()
    assert scores["question_src_duplicate_of"].to_list()[-2:] == ids[:2]
    assert scores["question_src_duplicate"][-2] == 1.0
    assert 0.6 < scores["question_src_duplicate"][-1] < 1
    assert (table(out, "verdicts")["question_src"].to_list()[-2:]) == [0.0, 0.0]
    make(copied, tmp_path / "anew", **changes)
    assert scores.equals(table(tmp_path / "anew", "scores-duplicates"))


def test_another_run_can_be_compared_with(seeds, tmp_path):
    make(seeds, tmp_path / "old", limit=4)
    against = {"kind": "duplicates", "against": [str(tmp_path / "old")]}
    manifest, _ = make(seeds, tmp_path / "run", scorers=[against], thresholds={})
    copies = table(tmp_path / "run", "scores-duplicates")["question_src_duplicate"].to_list()
    assert copies[:4] == [1.0] * 4
    assert max(copies[4:]) < 1
    assert "compared set" in {ingredient.role for ingredient in manifest.ingredients}


SCORER = """
import polars as pl

def exclaims(pairs: pl.DataFrame) -> pl.Series:
    return pairs["target"].str.contains("!", literal=True).cast(pl.Float64)
"""


def test_a_function_of_the_users(seeds, tmp_path, monkeypatch):
    (tmp_path / "exclaiming.py").write_text(SCORER)
    monkeypatch.chdir(tmp_path)
    scorer = {"kind": "function", "name": "exclaims", "function": "exclaiming:exclaims"}
    out = tmp_path / "run"
    make(seeds, out, scorers=[scorer], thresholds={"exclaims": {"max": 0}})
    assert set(table(out, "scores-exclaims")["question_exclaims"]) == {0.0}
    (tmp_path / "exclaiming.py").write_text(SCORER.replace('"!"', '"?"') + "# all of them ask\n")
    _, steps = make(seeds, out, scorers=[scorer], thresholds={"exclaims": {"max": 0}})
    assert steps == [
        "pt/scores-exclaims",
        "pt/verdicts",
        "pt/transfer_set",
        "pt/preferences",
        "pt/distillation",
        "pt/counts",
    ]
    assert set(table(out, "scores-exclaims")["question_exclaims"]) == {1.0}


def test_test_items_are_found_and_listed_in_the_card(seeds, tmp_path):
    (tmp_path / "items.txt").write_text(f"{QUESTIONS[3]}\nWho has ever seen the other side of the moon at night?\n")
    scorer = {"kind": "contamination", "sets": [str(tmp_path / "items.txt")]}
    out = tmp_path / "run"
    manifest, _ = make(seeds, out, scorers=[scorer], thresholds={"src_contamination": {"max": 0.9}})
    (contamination,) = manifest.counts.targets["pt"].contamination
    assert (contamination.set, contamination.items) == ("items.txt", 1)
    scores = table(out, "scores-contamination")
    assert scores["question_src_contamination"][3] == 1.0
    assert scores["question_src_contamination_in"][3] == "items.txt:1"
    assert f"| items.txt | 1 | {contamination.texts} |" in (out / "README.md").read_text(encoding="utf-8")
    assert table(out, "verdicts")["question_src"][3] == 0.0


@pytest.mark.parametrize(
    "other_model", [None, {"model": "another", "temperature": 0.0, "max_tokens": 4, "max_model_len": 300}]
)
def test_the_generator_or_another_model_judges(seeds, tmp_path, other_model):
    judge = {"kind": "judge", "prompt": "Rate 3 {source} {target}", "generator": other_model}
    manifest, _ = make(seeds, tmp_path / "run", scorers=[judge], thresholds={})
    scores = table(tmp_path / "run", "scores-judge")
    replies = scores["question_judge_reply"]
    assert replies.null_count() == 0
    # It answers with the words of the prompt, so there is a rating unless the answer was cut before it.
    ratings = [3.0 if "3" in reply else None for reply in replies]
    assert scores["question_judge"].to_list() == ratings
    assert 3.0 in ratings
    assert max(len(reply.split()) for reply in replies) <= (other_model or {"max_tokens": 32})["max_tokens"]
    judges = [ingredient.name for ingredient in manifest.ingredients if ingredient.role == "scorer"]
    assert len(judges) == 1


def test_what_cannot_be_had_is_said_before_anything_is_written(seeds, tmp_path):
    out = tmp_path / "run"
    scorer = {"kind": "function", "name": "absent", "function": "no_such_module:score"}
    with pytest.raises(UserError, match="no_such_module"):
        make(seeds, out, scorers=[scorer], thresholds={})
    assert not out.exists()
