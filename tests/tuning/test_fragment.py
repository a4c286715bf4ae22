import numpy as np
import polars as pl
import pytest
import yaml

from sdrrl_data.recipe import BoundsConfig, ThresholdConfig, loading, shipped_scores
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


def written(thresholds, *looked_at, targets=("pt", "vi")):
    """The fragment, and what it says, of (target, scores, names of scores)."""
    tuned = [
        score
        for tgt, table, names in looked_at
        for score in look(Filters(table, thresholds, "en", tgt), {name: SHIPPED[name] for name in names})
    ]
    text = fragment(tuned, thresholds, "en", targets)
    content = yaml.safe_load(text)["thresholds"]
    return text, {name: ThresholdConfig.model_validate(threshold) for name, threshold in content.items()}


SIMILAR = scores(question_similarity=(0.7, 0.9))


def test_one_target():
    _, proposed = written({}, ("pt", SIMILAR, ["similarity"]), targets=["pt"])
    assert list(proposed) == ["question_similarity"]
    assert 0.75 < proposed["question_similarity"].min < 0.85
    assert not proposed["question_similarity"].languages


def test_targets_that_differ():
    other = scores(question_similarity=(0.4, 0.6))
    text, proposed = written({}, ("pt", SIMILAR, ["similarity"]), ("vi", other, ["similarity"]))
    languages = proposed["question_similarity"].languages
    assert proposed["question_similarity"].min is None
    assert 0.45 < languages["vi"].min < 0.55 < 0.75 < languages["pt"].min < 0.85
    assert text.count("# pt: valley, proposed 50 of 1000 fail (5.00%)\n") == 1


def test_targets_that_agree():
    _, proposed = written({}, ("pt", SIMILAR, ["similarity"]), ("vi", SIMILAR, ["similarity"]))
    assert proposed["question_similarity"].min
    assert not proposed["question_similarity"].languages


def test_a_target_of_several_changes_nothing_for_the_others():
    thresholds = {"similarity": ThresholdConfig(min="3%", weight=0.5, languages={"vi": BoundsConfig(min=0.5)})}
    text, proposed = written(thresholds, ("pt", SIMILAR, ["similarity"]))
    threshold = proposed["question_similarity"]
    assert (threshold.min, threshold.weight, threshold.languages["vi"]) == ("3%", 0.5, BoundsConfig(min=0.5))
    assert 0.75 < threshold.languages["pt"].min < 0.85
    assert "in force 30 of 1000 fail" in text


def test_bounds_of_one_language_go_before_those_of_all():
    thresholds = {"question_similarity": ThresholdConfig(min=0.1, languages={"pt": BoundsConfig(min=0.2)})}
    _, proposed = written(thresholds, ("pt", SIMILAR, ["similarity"]), targets=["pt"])
    assert proposed["question_similarity"].min == 0.1
    assert proposed["question_similarity"].languages["pt"].min > 0.7


def test_texts_in_the_source_language_are_the_same_for_all_targets():
    table = scores(answer_src_language=(0.1, 0.9))
    _, proposed = written({"src_language": ThresholdConfig(min=0.3)}, ("pt", table, ["src_language"]))
    assert 0.3 < proposed["answer_src_language"].min < 0.8
    assert not proposed["answer_src_language"].languages


def test_the_other_bound_stays_as_it_is_written():
    thresholds = {"length": ThresholdConfig(max="99%")}
    _, proposed = written(thresholds, ("pt", scores(answer_length=(0.5, 1)), ["length"]), targets=["pt"])
    assert 0.6 < proposed["answer_length"].min < 0.9
    assert proposed["answer_length"].max == "99%"


def test_percentiles_are_comments():
    text, proposed = written({}, ("pt", scores(answer_similarity=(0.9, 0.9)), ["similarity"]), targets=["pt"])
    assert proposed == {}
    assert "  # answer_similarity:\n  #   min: 0.8" in text


def test_a_valley_between_scores_around_0_takes_the_place_of_a_percentile():
    thresholds = {"comet": ThresholdConfig(min="2%")}
    _, proposed = written(thresholds, ("pt", scores(answer_comet=(-0.9, 0.1)), ["comet"]), targets=["pt"])
    assert -0.9 < proposed["answer_comet"].min < 0.0
    text, proposed = written(thresholds, ("pt", scores(answer_comet=(0.1, 0.1)), ["comet"]), targets=["pt"])
    assert proposed == {}  # so the percentile of the recipe stays
    assert "answer_comet" not in text


def test_a_target_without_a_group_of_bad_texts_keeps_its_threshold():
    plain = scores(question_similarity=(0.9, 0.9))
    text, proposed = written({}, ("pt", SIMILAR, ["similarity"]), ("vi", plain, ["similarity"]))
    assert list(proposed["question_similarity"].languages) == ["pt"]
    assert "# vi: percentile" in text


@pytest.mark.parametrize("columns", [{"question_similarity": (0.7, 0.9)}, {"question_similarity": (0.9, 0.9)}])
def test_it_can_be_used_as_a_part_of_a_recipe(tmp_path, columns):
    thresholds = loading.load("sdrrl").thresholds
    text, proposed = written(thresholds, ("vi", scores(**columns), ["similarity"]), targets=["vi"])
    path = tmp_path / "thresholds.yaml"
    path.write_text(text, encoding="utf-8")
    assert loading.load("sdrrl", overlays=[path]).thresholds == {**thresholds, **proposed}
