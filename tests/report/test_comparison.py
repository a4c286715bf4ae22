import pytest

from sdrrl_data.errors import NotARun, RecipeError
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
    html = page(run, manifest, thresholds)
    assert "Compared with looser.yaml" in html
    assert '"change":"lost"' in html
    assert '"change":"gained"' not in html


def test_what_is_neither_a_run_nor_thresholds_is_one_sentence(small_run, tmp_path):
    manifest, run = small_run
    with pytest.raises(NotARun, match="is not a run"):
        comparison.compare(run, manifest, tmp_path)
    (tmp_path / "part.yaml").write_text("thresholds: {longth: {min: 1}}", encoding="utf-8")
    with pytest.raises(RecipeError, match="longth"):
        comparison.compare(run, manifest, tmp_path / "part.yaml")
