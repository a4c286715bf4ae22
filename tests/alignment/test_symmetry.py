import numpy as np
import pytest

from sdrrl_data.alignment.symmetry import UNDECIDED, decided, grown, with_confidence


def matrix(*rows):
    return np.array([[[sign == "x" for sign in row] for row in rows]])


@pytest.mark.parametrize(
    ("forward", "backward", "expected"),
    [
        # A link of one direction is next to a link of both, and links a word without a link.
        (("xx.", "..x"), ("x..", "..x"), ("xx.", "..x")),
        # Another link of one direction is next to that.
        (("xxx", "..."), ("x..", "..."), ("xxx", "...")),
        # It is not next to a link.
        (("x..", "..."), ("x..", "..x"), ("x..", "...")),
        # Both of its words have a link.
        (("xx", ".."), ("x.", ".x"), ("xx", ".x")),
        (("xx", ".x"), ("x.", ".x"), ("x.", ".x")),
        # Diagonal cells do not count as neighbours.
        (("x.", ".x"), ("x.", ".."), ("x.", "..")),
    ],
)
def test_links_grow_from_those_of_both_directions(forward, backward, expected):
    assert (grown(matrix(*forward), matrix(*backward)) == matrix(*expected)).all()
    assert (grown(matrix(*backward), matrix(*forward)) == matrix(*expected)).all()


def test_pairs_of_a_batch_grow_for_themselves():
    batch = [
        np.concatenate(side)
        for side in zip(*((matrix(*forward), matrix(*backward)) for forward, backward in PAIRS), strict=True)
    ]
    alone = [grown(matrix(*forward), matrix(*backward)) for forward, backward in PAIRS]
    assert (grown(*batch) == np.concatenate(alone)).all()


PAIRS = [(("xx.", "..x"), ("x..", "..x")), (("xxx", "..."), ("x..", "..."))]


def test_confidence_is_the_mean_of_all_that_a_word_is_linked_to():
    linked = [(0, 0, 0.5, 0.8), (0, 1, 0.3, 1.0), (1, 2, 0.9, 0.4)]
    confidences = [link.confidence for link in with_confidence(["police", "came"], ["cảnh", "sát", "đến"], linked)]
    assert confidences == pytest.approx([(0.8 * 0.8) ** 0.5, (0.8 * 1.0) ** 0.5, (0.9 * 0.4) ** 0.5])


def test_a_word_linked_twice_counts_once():
    linked = [(0, 0, 0.7, 0.9), (0, 1, 0.7, 0.9)]
    assert [link.confidence for link in with_confidence(["very"], ["muito", "muito"], linked)] == pytest.approx(
        [0.63**0.5] * 2
    )


def certainties(linked, agreements, source=(1, 2), target=(1, 2)):
    """For each link, by source, then target."""
    cells = matrix(*linked)
    return decided(cells.nonzero(), cells, np.array([agreements]), np.array([source]), np.array([target])).tolist()


def test_two_words_that_agree_with_the_same_word_are_undecided():
    linked = "x.", ".x"
    assert certainties(linked, [[1.0, 1.0], [1.0, 1.0]]) == [UNDECIDED, UNDECIDED]
    assert certainties(linked, [[1.0, 0.95], [0.1, 1.0]]) == [UNDECIDED, UNDECIDED]
    assert certainties(linked, [[1.0, 0.1], [0.95, 1.0]]) == [UNDECIDED, UNDECIDED]
    assert certainties(linked, [[1.0, 0.6], [0.6, 1.0]]) == [1.0, 1.0]


def test_a_word_that_is_linked_too_or_is_the_same_is_no_rival():
    assert certainties(("xx", ".."), [[0.9, 1.0], [0.1, 0.1]]) == [1.0, 1.0]  # "police" and "cảnh sát"
    assert certainties(("x.", ".."), [[0.9, 0.9], [0.1, 0.1]], target=(1, 1)) == [1.0]
    assert certainties(("x.", ".."), [[0.9, 0.1], [0.9, 0.1]], source=(1, 1)) == [1.0]


def test_without_any_count_no_word_is_a_rival():
    assert certainties(("x.", ".x"), [[0.0, 0.0], [0.0, 0.0]]) == [1.0, 1.0]
