import pytest

from sdrrl_data.errors import NotARun, RecipeError, RunUnfinished, UserError
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.report import comparison
from sdrrl_data.report.page import page
from tests.report.conftest import small_recipe
from tests.support.small_models import models


def figures(target):
    return {figure.name: (figure.here, figure.there) for figure in target.figures}


@pytest.fixture(scope="module")
def thresholds(tmp_path_factory):
    part = tmp_path_factory.mktemp("part") / "looser.yaml"
    part.write_text("thresholds:\n  length: {max: 100%}\n", encoding="utf-8")
    return part


@pytest.fixture(scope="module")
def looser(tmp_path_factory):
    """The same run with another threshold."""
    folder = tmp_path_factory.mktemp("looser")
    recipe = small_recipe(folder, **{"thresholds.length": {"max": "100%"}})
    return generate(recipe, folder / "run", models()), folder / "run"


def test_two_runs_side_by_side(small_run, looser):
    manifest, run = small_run
    other, path = looser
    compared = comparison.compare(run, manifest, path)
    assert [(setting.key, setting.here, setting.there) for setting in compared.settings] == [
        ("thresholds.length.max", "80%", "100%")
    ]
    [target] = compared.targets
    here, there = (each.counts.targets["pt"] for each in (manifest, other))
    assert figures(target)["kept by every filter"] == (here.kept, there.kept)
    assert figures(target)["rows in the transfer set"] == (sum(here.rows.values()), sum(there.rows.values()))
    assert (target.changes.pairs, target.changes.gained) == (here.pairs, 0)
    assert target.changes.lost == there.kept - here.kept > 0
    assert [(change.filter, change.lost) for change in target.changes.by_filter] == [("length", target.changes.lost)]


def test_other_thresholds_for_the_same_scores_give_what_a_run_with_them_gives(small_run, looser, thresholds):
    manifest, run = small_run
    with_run, with_part = (comparison.compare(run, manifest, other) for other in (looser[1], thresholds))
    assert with_part.settings == with_run.settings
    [by_run], [by_part] = with_run.targets, with_part.targets
    assert by_part.changes == by_run.changes
    assert figures(by_part).items() <= figures(by_run).items()


def test_a_page_shows_what_was_gained_and_lost(small_run, thresholds):
    manifest, run = small_run
    html = page(run, manifest, comparison.compare(run, manifest, thresholds))
    assert "Compared with looser.yaml" in html
    assert '"change":"kept there alone"' in html
    assert '"change":"kept here alone"' not in html


def test_a_difference_is_what_the_other_would_change(small_run, thresholds):
    manifest, run = small_run
    compared = comparison.compare(run, manifest, thresholds)
    [kept] = [figure for figure in compared.targets[0].figures if figure.name == "kept by every filter"]
    cell = f'<td class="n">+{kept.there - kept.here}</td>'
    assert kept.there > kept.here
    assert cell in page(run, manifest, compared)


def test_of_a_whole_recipe_only_the_thresholds_are_applied(small_run, thresholds, tmp_path):
    manifest, run = small_run
    whole = tmp_path / "whole.yaml"
    whole.write_text(f"{thresholds.read_text()}scorers: [length]\ngenerator: {{temperature: 0.5}}\n", encoding="utf-8")
    of_whole, of_part = (comparison.compare(run, manifest, part) for part in (whole, thresholds))
    assert (of_whole.targets, of_whole.settings) == (of_part.targets, of_part.settings)
    [note] = of_whole.notes
    assert note.endswith("Left out: scorers and generator.")
    assert note in page(run, manifest, of_whole)
    assert not of_part.notes


def test_an_unfinished_run_is_not_compared(small_run):
    manifest, run = small_run
    with pytest.raises(RunUnfinished):
        comparison.compare(run, manifest.model_copy(update={"state": "unfinished"}), run.path)


def test_runs_without_a_common_target_are_not_compared(small_run, looser):
    manifest, run = small_run
    counts = manifest.counts.model_copy(update={"targets": {"vi": manifest.counts.targets["pt"]}})
    with pytest.raises(UserError, match=r"has vi, and .* has pt"):
        comparison.compare(run, manifest.model_copy(update={"counts": counts}), looser[1])


def test_what_is_neither_a_run_nor_thresholds_is_one_sentence(small_run, tmp_path):
    manifest, run = small_run
    with pytest.raises(NotARun, match="is not a run"):
        comparison.compare(run, manifest, tmp_path)
    (tmp_path / "part.yaml").write_text("thresholds: {longth: {min: 1}}", encoding="utf-8")
    with pytest.raises(RecipeError, match="longth"):
        comparison.compare(run, manifest, tmp_path / "part.yaml")
    with pytest.raises(RecipeError, match=r"there is no such file: did you mean .*part\.yaml"):
        comparison.compare(run, manifest, tmp_path / "prat.yaml")
    (tmp_path / "questions.csv").write_text("id,question\n1,a: b: c\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"questions\.csv is neither a run nor thresholds"):
        comparison.compare(run, manifest, tmp_path / "questions.csv")
