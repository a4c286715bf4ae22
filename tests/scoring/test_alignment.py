import pytest

from sdrrl_data import alignment
from sdrrl_data.languages import find
from sdrrl_data.protocols import Link
from sdrrl_data.recipe import CodeSwitchingConfig
from sdrrl_data.scoring.alignment import AlignmentScorer
from sdrrl_data.text.words import words

EN, PT = find("en"), find("pt")
SOURCE = "The old bridge crosses a river"
TARGET = "A velha ponte atravessa um rio"


class Diagonal:
    """Links words at the same place, with this confidence."""

    def __init__(self, confidence):
        self._confidence = confidence

    def align(self, pairs):
        return [[Link(place, place, self._confidence) for place in range(min(map(len, pair)))] for pair in pairs]


@pytest.mark.parametrize(
    ("confidence", "target", "expected"),
    [
        (0.9, TARGET, (1, 1, 0)),
        (0.4, TARGET, (0, 0, 0)),
        (0.9, "A velha ponte", (2 / 4, 2 / 4, 3)),
        (0.4, "bridge", (1 / 4, 1 / 4, 5)),  # the same word on both sides is sure
    ],
)
def test_counts_content_words_with_sure_counterparts_and_gaps(confidence, target, expected, text_pair, score):
    columns = score(AlignmentScorer(Diagonal(confidence), EN, PT), [text_pair((SOURCE, target))])
    assert tuple(value for (value,) in columns.values()) == expected


def test_the_worst_sentence_decides(text_pair, score):
    scorer = AlignmentScorer(Diagonal(0.9), EN, PT)
    columns = score(scorer, [text_pair((SOURCE, TARGET), (SOURCE, "A velha ponte"), (SOURCE, TARGET))])
    assert columns == {
        "alignment": [pytest.approx(2.5 / 3)],
        "alignment_min": [0.5],
        "alignment_gap": [3],
    }


def test_a_run_that_is_too_small_is_not_judged(text_pair, score):
    nothing = {"alignment": [None], "alignment_min": [None], "alignment_gap": [None]}
    assert score(AlignmentScorer(None, EN, PT), [text_pair((SOURCE, TARGET))]) == nothing
    assert score(AlignmentScorer(Diagonal(1), EN, PT), [text_pair()]) == nothing
    assert score(AlignmentScorer(Diagonal(1), EN, PT), [text_pair(("...", "..."))]) == nothing
    assert score(AlignmentScorer(Diagonal(1), EN, PT), [text_pair(("bridge " * 201, "ponte"))]) == nothing


def test_half_translations_have_longer_gaps(flores, text_pair, score):
    rows = flores("en", "bergamot-tiny.pt", sample=400)
    halves = [(en, pt[: len(pt) // 2]) for en, pt in rows[::10]]
    texts = [row for place, row in enumerate(rows) if place % 10] + halves
    aligner = alignment.build(CodeSwitchingConfig().aligner)
    aligner.train(
        [tuple([t[a:b] for a, b in words(t, tag)] for t, tag in zip(row, ("en", "pt"), strict=True)) for row in texts]
    )
    gaps = score(AlignmentScorer(aligner, EN, PT), [text_pair(row) for row in texts])["alignment_gap"]
    good, half = gaps[: -len(halves)], gaps[-len(halves) :]
    assert sum(gap >= 6 for gap in good) / len(good) <= 0.06
    assert sum(gap >= 6 for gap in half) / len(half) >= 0.6
