import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.tuning import Edge, proposal
from sdrrl_data.tuning.proposals import LEAST_VALUES, MOST_DROPPED

ROWS = 2000


def mixture(bad, good, share=0.05, rows=ROWS):
    """Values of which a share is bad: draws of two normal distributions, as (mean, standard deviation)."""
    rng = np.random.default_rng(1)
    count = round(rows * share)
    return np.concatenate([rng.normal(*bad, count), rng.normal(*good, rows - count)])


@pytest.mark.parametrize(
    ("values", "direction", "low", "high"),
    [
        # Similarity: swapped pairs beside true ones.
        (mixture((0.77, 0.02), (0.89, 0.02)), "more", Edge(0.81, True), None),
        # Repetition: loops beside texts that hardly repeat themselves.
        (mixture((0.8, 0.1), (0.05, 0.02)), "less", None, Edge(0.35, True)),
        # Length: halves beside whole texts, and nothing that is too long.
        (mixture((0.5, 0.07), (1, 0.08)), "usual", Edge(0.69, True), Edge(1.22, False)),
    ],
)
def test_golden_mixtures(values, direction, low, high):
    proposed = proposal(values, direction)
    assert proposed.why == "valley"
    for edge, expected in ((proposed.min, low), (proposed.max, high)):
        assert edge == (expected and Edge(pytest.approx(expected.value, abs=0.03), expected.valley))


@pytest.mark.parametrize("share", [0.02, 0.05, 0.15])
def test_the_bad_ones_fall_and_the_good_ones_stay(share):
    values = mixture((0.77, 0.02), (0.9, 0.02), share)
    (low, _, _), count = proposal(values, "more"), round(ROWS * share)
    assert (values[:count] < low.value).mean() > 0.95
    assert (values[count:] < low.value).mean() < 0.005


def test_a_valley_on_either_side():
    low, high = mixture((0.4, 0.05), (1, 0.08)), mixture((1.6, 0.05), (1, 0.08))
    proposed = proposal(np.concatenate([low, high]), "usual")
    assert (proposed.min.valley, proposed.max.valley) == (True, True)
    assert 0.5 < proposed.min.value < 0.75
    assert 1.25 < proposed.max.value < 1.5


@pytest.mark.parametrize("rows", [LEAST_VALUES, ROWS, 50_000])
@pytest.mark.parametrize("shape", ["normal", "uniform", "exponential", "standard_cauchy", "lognormal"])
@pytest.mark.parametrize("direction", ["more", "less"])
def test_no_valley_is_found_where_there_is_one_group(shape, direction, rows):
    rng = np.random.default_rng(2)
    for _ in range(5):
        values = getattr(rng, shape)(size=rows)
        proposed = proposal(values, direction)
        assert proposed.why == "percentile"
        fails = values < proposed.min.value if direction == "more" else values > proposed.max.value
        assert fails.mean() <= 0.01


def test_marks_on_a_scale():
    def marks(*counts):
        return np.repeat(np.arange(1.0, 6), counts)

    assert proposal(marks(100, 10, 200, 800, 890), "more").min == Edge(2, True)
    assert proposal(marks(15, 60, 200, 800, 925), "more").min == Edge(2, False)
    assert proposal(marks(500, 600, 200, 300, 400), "more").min is None


@pytest.mark.parametrize(("share", "expected"), [(0.001, Edge(1, True)), (0.2, Edge(1, True)), (0.21, None)])
def test_yes_or_no(share, expected):
    values = np.ones(1000)
    values[: round(share * 1000)] = 0
    assert proposal(values, "more").min == expected


def test_nothing_is_proposed_from_few_values_or_from_equal_ones():
    values = np.linspace(0, 1, LEAST_VALUES)
    assert proposal(values, "usual").why == "percentile"
    assert proposal(values[1:], "usual") == (
        None,
        None,
        f"too few values: {LEAST_VALUES - 1}, at least {LEAST_VALUES} are needed",
    )
    assert proposal(np.zeros(1000), "less") == (None, None, "all values are the same")


def test_bounds_have_few_digits():
    proposed = proposal(mixture((0.7, 0.02), (0.9, 0.02)) * 1234.5, "more")
    assert proposed.min.value % 1 == 0
    assert proposal(np.linspace(0, 1, 1000), "usual")[:2] == (Edge(0.005, False), Edge(0.995, False))


def values_of(elements):
    return st.lists(elements, min_size=LEAST_VALUES, max_size=LEAST_VALUES + 200).map(np.array)


any_values = values_of(st.floats(-1e6, 1e6)) | values_of(st.sampled_from([0.0, 0.5, 2 / 3, 1.0]))
mixtures = st.builds(
    lambda seed, share, distance, rows: (
        mixture((0, 1), (distance, 1), share, rows) + np.random.default_rng(seed).normal(size=rows)
    ),
    st.integers(0, 99),
    st.floats(0.01, 0.5),
    st.floats(0, 20),
    st.integers(LEAST_VALUES, 3000),
)


@given(any_values | mixtures, st.sampled_from(["more", "less", "usual"]))
def test_never_drops_more_than_the_stated_share(values, direction):
    low, high, _ = proposed = proposal(values, direction)
    fails = np.zeros(len(values), bool)
    if low:
        fails |= values < low.value
    if high:
        fails |= values > high.value
    assert fails.sum() <= MOST_DROPPED * len(values)
    assert bool(low or high) == fails.any()  # a bound that drops nothing is none
    assert proposal(np.random.default_rng(3).permutation(values), direction) == proposed
    mirrored = proposal(-values, {"more": "less", "less": "more", "usual": "usual"}[direction])
    assert [edge and -edge.value for edge in mirrored[:2]] == [edge and edge.value for edge in (high, low)]
