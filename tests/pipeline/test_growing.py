"""Runs that grow until enough pairs pass the thresholds."""

import json
import signal

import pytest

from sdrrl_data.pipeline import growing
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Silent
from sdrrl_data.run import Run
from tests.pipeline.test_generate import contents, killed, recipe
from tests.support import small_models

CUT = {"generator.max_tokens": 12, "parallel": None}  # a long question gets a long answer, which is cut and dropped


class Listener(Silent):
    def __init__(self):
        self.said = []

    def say(self, sentence):
        self.said.append(sentence)


@pytest.fixture
def seeds(tmp_path):
    """Of three questions, one has an answer that is too long."""
    long = "Why do so many people like the old harbour in this town, and what do they say about it when they go home?"
    questions = ["How do I make tea at noon?", "Why is the sky so blue today?", long]
    path = tmp_path / "seeds.jsonl"
    lines = [json.dumps({"instruction": f"{questions[n % 3]} ({n})"}) for n in range(60)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run(seeds, out, reporter=None, **changes):
    return generate(recipe(seeds, **CUT | changes), out, small_models.models(), reporter)


def test_it_grows_until_enough_pairs_pass(seeds, tmp_path):
    listener = Listener()
    manifest = run(seeds, tmp_path / "run", listener, keep=14)
    passed = growing.passed(manifest)
    assert 14 <= passed.pairs <= 18
    assert len(manifest.growths) == 2
    assert sum(map(sum, manifest.growths)) < 30
    assert any(sentence.startswith("pt: 10 of 14 questions passed (71%); for 14, ") for sentence in listener.said)
    assert listener.said[-1] == f"{passed}; 14 are wanted"
    assert growing.shortfall(recipe(seeds, **CUT, keep=14), manifest) is None


def test_every_target_has_as_many(seeds, tmp_path):
    manifest = run(seeds, tmp_path / "run", keep=14, tgt=["pt", "vi"])
    assert min(target.kept for target in manifest.counts.targets.values()) >= 14


@pytest.mark.parametrize(
    ("changes", "questions", "why"),
    [({"keep": 50}, 60, "there are no more"), ({"keep": 14, "limit": 16}, 16, "all that --limit allows")],
)
def test_where_there_are_too_few_it_says_so(seeds, tmp_path, changes, questions, why):
    manifest = run(seeds, tmp_path / "run", **changes)
    assert sum(map(sum, manifest.growths)) == questions
    sentence = growing.shortfall(recipe(seeds, **CUT, **changes), manifest)
    assert f"of {questions} questions passed" in sentence
    assert why in sentence


def test_where_nothing_passes_it_ends(seeds, tmp_path):
    manifest = run(seeds, tmp_path / "run", keep=3, **{"generator.max_tokens": 3})
    assert growing.passed(manifest).pairs == 0
    assert sum(map(sum, manifest.growths)) == 60


def test_a_percentile_is_one_of_the_whole_run(seeds, tmp_path):
    """It drops a tenth of the pairs, however long the run is."""
    manifest = run(
        seeds, tmp_path / "run", keep=30, **{"generator.max_tokens": 100, "thresholds.question_length.max": "90%"}
    )
    assert growing.passed(manifest).pairs >= 30


def test_killed_while_it_grows_it_ends_with_the_same_bytes(seeds, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "run"
    run(seeds, whole, keep=14)
    moments = [3, 120, 100, 140, 40]  # each process continues where the last one was killed
    assert {killed(seeds, out, changes, **CUT, keep=14) for changes in moments} == {-signal.SIGKILL}
    assert len(Run(out).manifest().growths) == 2
    run(seeds, out, keep=14)
    assert contents(out) == contents(whole)


def test_a_second_time_nothing_is_done_and_a_stricter_threshold_makes_it_grow_on(seeds, tmp_path):
    out = tmp_path / "run"
    before = run(seeds, out, keep=14, thresholds={})
    files = contents(out)
    run(seeds, out, keep=14, thresholds={})
    assert contents(out) == files
    stricter = run(seeds, out, keep=14)
    assert growing.passed(stricter).pairs >= 14
    assert sum(map(sum, stricter.growths)) > sum(map(sum, before.growths))
    looser = run(seeds, out, keep=5)
    assert looser.growths == stricter.growths  # what is finished stays
    assert Run(out).manifest() == looser
