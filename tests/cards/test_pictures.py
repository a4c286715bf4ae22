"""The picture of the scores: does it show what the thresholds do, the same each time?"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread

from sdrrl_data.cards import pictures
from sdrrl_data.recipe import loading
from sdrrl_data.run import NOTHING_SET_ASIDE, Manifest, Part, Run
from sdrrl_data.steps import verdicts

ROWS = 200
EVEN = np.arange(ROWS) / ROWS  # 0.000, 0.005 and so on
Draw = Callable[..., tuple[Run, Manifest]]


@pytest.fixture
def make(tmp_path: Path) -> Draw:
    """Makes a run with these columns of scores in its tables."""

    def make_run(thresholds: dict[str, Any], **tables: dict[str, Any]) -> tuple[Run, Manifest]:
        scorers = ["length", "repetition", "similarity", "personal"]
        recipe = loading.load("quickstart", {"scorers": scorers, "thresholds": thresholds})
        run = Run(tmp_path)
        for name in ("heuristics", "similarity"):
            columns = {column: pl.Series(values, dtype=pl.Float64) for column, values in tables.get(name, {}).items()}
            rows = pl.DataFrame({"id": [f"{number:03}" for number in range(ROWS)], **columns})
            for part, slice in enumerate(rows.iter_slices(90)):
                run.table(f"pt/scores-{name}").write(part, Part(slice, NOTHING_SET_ASIDE), "")
        resolved = recipe.model_dump(mode="json", by_alias=True)
        return run, Manifest(
            state="finished", signatures={"pt": "signature"}, recipe=resolved, versions={}, ingredients=[]
        )

    return make_run


def shown(run: Run, manifest: Manifest) -> dict[str, Axes]:
    return {axes.get_title(loc="left"): axes for axes in pictures.figure(run, manifest, "pt").axes}


def lines(axes: Axes) -> list[float]:
    """Where the thresholds stand."""
    return [float(line.get_xdata()[0]) for line in axes.lines]  # type: ignore[index,arg-type]


def test_each_score_has_its_thresholds_and_the_share_that_fails(make: Draw) -> None:
    thresholds = {"similarity": {"min": 0.1}, "src_finished": {"min": 1}, "length": {"min": 0.25, "max": 0.9}}
    heuristics = {
        "question_length": EVEN,
        "answer_length": [None] * 20 + [1.0] * 180,
        "answer_src_finished": [0] * 3 + [1] * 197,
        "answer_repetition": EVEN,
    }
    similarity = {"question_similarity": EVEN, "answer_similarity": [*EVEN[:-1], None], "answer_similarity_min": EVEN}
    axes = shown(*make(thresholds, heuristics=heuristics, similarity=similarity))
    assert {name: part.get_xlabel().split("\n") for name, part in axes.items()} == {
        "similarity": ["questions ≥ 0.1: 10.0% dropped", "answers ≥ 0.1: 10.1% dropped, 1 not scored"],
        "src_finished": ["answers ≥ 1: 1.5% dropped"],
        "length": [
            "questions ≥ 0.25, ≤ 0.9: 34.5% dropped",
            "answers ≥ 0.25, ≤ 0.9: 100.0% dropped, 20 not scored",
        ],
    }
    assert list(axes) == list(thresholds)
    assert [lines(part) for part in axes.values()] == [[0.1, 0.1], [1], [0.25, 0.9, 0.25, 0.9]]


def test_the_shares_are_those_of_the_verdicts(make: Draw) -> None:
    thresholds = {
        "repetition": {"max": "90%"},
        "answer_repetition": {"max": 0.3, "weight": 0.5},
        "src_repetition": {"max": 0.4},
    }
    drawn = np.random.default_rng(1).beta(1, 4, (3, ROWS))
    columns = dict(zip(("question_repetition", "answer_repetition", "question_src_repetition"), drawn, strict=True))
    run, manifest = make(thresholds, heuristics=columns)
    table = run.table("pt/scores-heuristics").read_all()
    recipe = loading.load("quickstart", {"thresholds": thresholds})
    cuts = verdicts.cuts(recipe.thresholds, table)
    failed = verdicts.judge(table, cuts).explode("failures").drop_nulls("failures").unnest("failures")
    share = {text: rows.height / ROWS for (text,), rows in failed.group_by("text")}
    bound = next(f"{cut.max.value:.4g}" for cut in cuts if cut.filter == "repetition" and cut.max)
    axes = shown(run, manifest)
    assert axes["repetition"].get_xlabel().split("\n") == [
        f"questions ≤ {bound} (90%): {share['question_tgt']:.1%} dropped",
        f"answers ≤ 0.3: {share['answer_tgt']:.1%} get weight 0.5",
    ]
    assert axes["src_repetition"].get_xlabel() == f"questions ≤ 0.4: {share['question_src']:.1%} dropped"


def test_scores_that_do_not_differ_are_named_alone(make: Draw) -> None:
    thresholds = {"personal": {"max": 0}, "repetition": {"max": 0.3}, "similarity_min": {"min": 0.1}}
    columns = {"question_personal": [0.0] * ROWS, "answer_personal": [0.0] * ROWS, "answer_repetition": [None] * ROWS}
    run, manifest = make(thresholds, heuristics=columns, similarity={"answer_similarity_min": EVEN})
    assert list(shown(run, manifest)) == ["similarity_min"]
    figure = pictures.figure(run, manifest, "pt")
    assert figure.get_supxlabel().endswith("Not drawn, because all values are the same: personal.")
    assert figure.get_suptitle() == "Scores of questions and answers in English and Portuguese"


def test_a_value_far_out_and_one_that_is_no_number_leave_the_others_room(make: Draw) -> None:
    values = [*EVEN[:-3], 1e6, float("inf"), float("nan")]
    axes = shown(*make({"length": {"min": 0.5}}, heuristics={"question_length": values}))["length"]
    low, high = axes.get_xlim()
    assert low == 0
    assert 0.98 < high < 4
    assert axes.get_xlabel() == "questions ≥ 0.5: 50.5% dropped, 2 not scored"


def test_a_threshold_beyond_all_values_is_seen(make: Draw) -> None:
    axes = shown(*make({"repetition": {"max": 3}}, heuristics={"question_repetition": EVEN}))["repetition"]
    assert axes.get_xlim()[0] < 3 < axes.get_xlim()[1]


@pytest.mark.parametrize(("scores", "height"), [(0, 270), (16, 620)])
def test_the_same_picture_each_time_on_white(make: Draw, scores: int, height: int) -> None:
    names = [name for kind in ("similarity", "heuristics") for name in COLUMNS[kind]][:scores]
    columns = {kind: {name: EVEN for name in COLUMNS[kind] if name in names} for kind in COLUMNS}
    run, manifest = make({name: {"min": 0.1} for name in names}, **columns)
    content = pictures.scores(run, manifest, "pt")
    with matplotlib.rc_context({"figure.facecolor": "black", "font.size": 20, "savefig.dpi": 50}):
        assert pictures.scores(run, manifest, "pt") == content
    assert b"matplotlib" not in content
    pixels = imread(io.BytesIO(content))
    assert pixels.shape[:2] == (height, 900)
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == 1).all()
    assert (pixels.min(axis=2) < 0.5).mean() > 0.005


# By the table that they stand in: every score of one text that these scorers give.
COLUMNS = {
    "similarity": [f"{text}_{name}" for text in ("question", "answer") for name in ("similarity", "similarity_min")],
    "heuristics": [
        f"{text}_{name}"
        for text in ("question", "answer")
        for name in ("length", "length_words", "repetition", "repeated_lines", "compression", "src_repetition")
    ],
}
