"""The model compared with an enumeration of all alignments."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdrrl_data.alignment.hmm_direction import (
    FROM_NOTHING,
    MIN_PROBABILITY,
    Direction,
    best_alignment,
    hmm_posteriors,
    ibm1_posteriors,
)
from sdrrl_data.alignment.lexicon import LONGEST

WORDS = 4  # numbers 1 to 4 on either side, 0 is padding


@st.composite
def models(draw):
    drawn = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    direction = Direction(
        np.append(drawn.random(WORDS * WORDS) + 0.01, 0),
        drawn.random(WORDS + 1) + 0.01,
        drawn.random(2 * LONGEST + 1) + 0.01,
    )
    lengths = draw(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=3))
    read, written = (np.zeros((len(lengths), 3), dtype=int) for _ in range(2))
    for row, (read_length, written_length) in enumerate(lengths):
        read[row, :read_length] = drawn.integers(1, WORDS + 1, read_length)
        written[row, :written_length] = drawn.integers(1, WORDS + 1, written_length)
    index = (read[:, :, None] - 1) * WORDS + written[:, None, :] - 1
    index[(read[:, :, None] == 0) | (written[:, None, :] == 0)] = WORDS * WORDS
    return direction, index, read, written


def alignments(direction, read, written):
    """Each alignment of a pair with its probability: for each written word, the last position, and whether it is used.

    Places that are jumped to but not used are those at the beginning, from which a word may come from nothing.
    """
    places = len(read)

    def jump(start, end):
        weights = [direction.jumps[place - start + LONGEST] for place in range(places)]
        return direction.jumps[end - start + LONGEST] / sum(weights)

    for path in product(product(range(places), (True, False)), repeat=len(written)):
        probability, last = 1.0, None
        for (place, used), word in zip(path, written, strict=True):
            if used:
                probability *= 1 / places if last is None else jump(last, place)
                probability *= (1 - FROM_NOTHING) * direction.words[(read[place] - 1) * WORDS + word - 1]
            else:
                probability *= (1 / places if last is None else float(place == last)) * FROM_NOTHING
                probability *= direction.nothing[word]
            last = place
        yield path, probability


@given(models())
@settings(max_examples=settings().max_examples // 4)
def test_posteriors_and_the_best_alignment_are_those_of_all_alignments(model):
    direction, index, read, written = model
    words, nothing, jumps = hmm_posteriors(direction, index, written)
    with_unseen = direction._replace(words=np.append(direction.words[:-1], MIN_PROBABILITY))
    linked = best_alignment(with_unseen, index, read, written)
    expected, expected_nothing = np.zeros_like(words), np.zeros_like(nothing)
    expected_jumps = np.zeros_like(jumps)
    for row, (read_words, written_words) in enumerate(zip(read, written, strict=True)):
        paths = list(alignments(direction, read_words[read_words > 0], written_words[written_words > 0]))
        total = sum(probability for _, probability in paths)
        for path, probability in paths:
            share = probability / total
            for j, (place, used) in enumerate(path):
                if not used:
                    expected_nothing[row, j] += share
                    continue
                expected[row, place, j] += share
                if j:
                    expected_jumps[place - path[j - 1][0] + LONGEST] += share
        links = {(int(place), int(j)) for place, j in np.argwhere(linked[row])}
        of_links = [p for path, p in paths if {(place, j) for j, (place, used) in enumerate(path) if used} == links]
        assert max(of_links) == pytest.approx(max(probability for _, probability in paths), rel=1e-4)
    np.testing.assert_allclose(words, expected, atol=1e-12)
    np.testing.assert_allclose(nothing, expected_nothing, atol=1e-12)
    np.testing.assert_allclose(jumps, expected_jumps, atol=1e-12)


@given(models())
@settings(max_examples=settings().max_examples // 4)
def test_without_order_each_word_written_is_shared_out_among_those_read(model):
    direction, index, read, written = model
    words, nothing = ibm1_posteriors(direction, index, written)
    np.testing.assert_allclose(words.sum(axis=1) + nothing, (written > 0).astype(float), atol=1e-12)
    for row, i, j in zip(*np.nonzero((read[:, :, None] > 0) & (written[:, None, :] > 0)), strict=True):
        ratio = direction.words[index[row, i, j]] / direction.nothing[written[row, j]]
        expected = ratio * (1 - FROM_NOTHING) / FROM_NOTHING / (read[row] > 0).sum()
        assert words[row, i, j] / nothing[row, j] == pytest.approx(expected)
