import numpy as np
import polars as pl
import pytest
import yaml

from sdrrl_data.recipe import ThresholdConfig, loading, shipped_scores
from sdrrl_data.tuning import Filters, look
from sdrrl_data.tuning.fragment import fragment

SHIPPED = shipped_scores()


def scores(**columns):
    """A table of 1,000 rows: of each column, one value in twenty is near the first of these, the others the second."""
    rng = np.random.default_rng(1)
    columns_of_values = {
        name: np.where(np.arange(1000) % 20 == 0, bad, good) + rng.normal(0, 0.01, 1000)
        for name, (bad, good) in columns.items()
    }
    return pl.DataFrame({"id": [str(number) for number in range(1000)], **columns_of_values})


def recipe(thresholds, tgt, targets=None):
    return loading.load("sdrrl", {"thresholds": thresholds, "tgt": [*tgt], "targets": targets or {}})


def written(recipe, *looked_at):
    """The fragment, and the thresholds in it for all targets and for each, of (target, scores, names of scores)."""
    tuned = [
        score
        for tgt, table, names in looked_at
        for score in look(
            Filters(table, recipe.for_target(tgt).thresholds, "en", tgt), {name: SHIPPED[name] for name in names}
        )
    ]
    text = fragment(tuned, recipe)
    content = yaml.safe_load(text)
    targets = {tag: target["thresholds"] for tag, target in content.get("targets", {}).items()}
    return text, content["thresholds"], targets


SIMILAR = scores(question_similarity=(0.7, 0.9))


def test_one_target():
    _, proposed, targets = written(recipe({}, ["pt"]), ("pt", SIMILAR, ["similarity"]))
    assert list(proposed) == ["question_similarity"]
    assert 0.75 < proposed["question_similarity"]["min"] < 0.85
    assert targets == {}


def test_targets_that_differ():
    other = scores(question_similarity=(0.4, 0.6))
    run = recipe({}, ["pt", "vi"])
    text, proposed, targets = written(run, ("pt", SIMILAR, ["similarity"]), ("vi", other, ["similarity"]))
    assert proposed == {}
    least = {tag: thresholds["question_similarity"]["min"] for tag, thresholds in targets.items()}
    assert 0.45 < least["vi"] < 0.55 < 0.75 < least["pt"] < 0.85
    assert text.count("# pt: valley, proposed 50 of 1000 fail (5.00%)\n") == 1


def test_targets_that_agree():
    run = recipe({}, ["pt", "vi"])
    _, proposed, targets = written(run, ("pt", SIMILAR, ["similarity"]), ("vi", SIMILAR, ["similarity"]))
    assert proposed["question_similarity"]["min"]
    assert targets == {}


def test_a_target_of_several_changes_nothing_for_the_others():
    run = recipe({"similarity": {"min": "3%", "weight": 0.5}}, ["pt", "vi"])
    text, proposed, targets = written(run, ("pt", SIMILAR, ["similarity"]))
    assert (proposed, [*targets]) == ({}, ["pt"])
    assert 0.75 < targets["pt"]["question_similarity"]["min"] < 0.85
    assert targets["pt"]["question_similarity"]["weight"] == 0.5
    assert "now 30 of 1000 fail" in text


def test_a_threshold_of_one_target_stays_there():
    targets = {"pt": {"thresholds": {"question_similarity": {"min": 0.2}}}}
    run = recipe({"question_similarity": {"min": 0.1}}, ["pt"], targets)
    _, proposed, targets = written(run, ("pt", SIMILAR, ["similarity"]))
    assert proposed == {}
    assert targets["pt"]["question_similarity"]["min"] > 0.7


def test_texts_in_the_source_language_are_the_same_for_all_targets():
    table = scores(answer_src_language=(0.1, 0.9))
    run = recipe({"src_language": {"min": 0.3}}, ["pt", "vi"])
    _, proposed, targets = written(run, ("pt", table, ["src_language"]))
    assert 0.3 < proposed["answer_src_language"]["min"] < 0.8
    assert targets == {}


def test_the_other_bound_stays_as_it_is_written():
    run = recipe({"length": {"max": "99%"}}, ["pt"])
    _, proposed, _ = written(run, ("pt", scores(answer_length=(0.5, 1)), ["length"]))
    assert 0.6 < proposed["answer_length"]["min"] < 0.9
    assert proposed["answer_length"]["max"] == "99%"


def test_percentiles_are_comments():
    text, proposed, _ = written(recipe({}, ["pt"]), ("pt", scores(answer_similarity=(0.9, 0.9)), ["similarity"]))
    assert proposed == {}
    assert "  # answer_similarity:\n  #   min: 0.8" in text


def test_a_valley_between_scores_around_0_takes_the_place_of_a_percentile():
    run = recipe({"comet": {"min": "2%"}}, ["pt"])
    _, proposed, _ = written(run, ("pt", scores(answer_comet=(-0.9, 0.1)), ["comet"]))
    assert -0.9 < proposed["answer_comet"]["min"] < 0.0
    text, proposed, _ = written(run, ("pt", scores(answer_comet=(0.1, 0.1)), ["comet"]))
    assert proposed == {}  # so the percentile of the recipe stays
    assert "answer_comet" not in text


def test_a_target_without_a_group_of_bad_texts_keeps_its_threshold():
    plain, run = scores(question_similarity=(0.9, 0.9)), recipe({}, ["pt", "vi"])
    text, _, targets = written(run, ("pt", SIMILAR, ["similarity"]), ("vi", plain, ["similarity"]))
    assert list(targets) == ["pt"]
    assert "  # vi:\n  #   thresholds:\n      # vi: percentile" in text


@pytest.mark.parametrize("columns", [{"question_similarity": (0.7, 0.9)}, {"question_similarity": (0.9, 0.9)}])
@pytest.mark.parametrize("tgt", [["vi"], ["pt", "vi"]])
def test_it_can_be_used_as_a_part_of_a_recipe(tmp_path, columns, tgt):
    before = loading.load("sdrrl", {"tgt": tgt})
    text, proposed, targets = written(before, ("vi", scores(**columns), ["similarity"]))
    path = tmp_path / "thresholds.yaml"
    path.write_text(text, encoding="utf-8")
    after = loading.load("sdrrl", {"tgt": tgt}, overlays=[path])
    least = {**proposed, **targets.get("vi", {})}.get("question_similarity", {}).get("min")
    changed = {"question_similarity": ThresholdConfig(min=least)} if least else {}
    assert after.for_target("vi").thresholds == before.thresholds | changed
    if tgt != ["vi"]:
        assert after.for_target("pt").thresholds == before.thresholds
