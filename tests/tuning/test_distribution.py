import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.tuning import distribution, histogram


def test_percentiles_are_values_that_so_few_lie_below():
    spread = distribution(np.arange(200.0)[::-1], nulls=3)
    assert (spread.values, spread.nulls) == (200, 3)
    assert spread.percentiles == {0.01: 2, 0.05: 10, 0.5: 100, 0.95: 190}


def test_golden_bars():
    bars_of_values = histogram(np.array([0, 0.1, 0.2, 0.2, 0.6, 1]), bars=4)
    assert (bars_of_values.low, bars_of_values.high, bars_of_values.below, bars_of_values.above) == (0, 1, 0, 0)
    assert bars_of_values.counts.tolist() == [4, 0, 1, 1]
    assert [bars_of_values.bar(value) for value in (-0.1, 0, 0.24, 0.25, 1, 1.1)] == [None, 0, 0, 1, 3, None]


def test_what_lies_far_out_stands_in_the_outermost_bars():
    values = np.concatenate([np.linspace(0.9, 1.1, 1000), [-50, 700, 800]])
    bars_of_values = histogram(values)
    assert (bars_of_values.below, bars_of_values.above) == (1, 2)
    assert 0 < bars_of_values.low < 0.9
    assert 1.1 < bars_of_values.high < 2
    assert bars_of_values.counts[0] == 1
    assert bars_of_values.counts[-1] == 2


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.integers(1, 50))
def test_every_value_stands_in_a_bar(values, bars):
    bars_of_values = histogram(np.array(values), bars)
    assert bars_of_values.counts.sum() == len(values)
    assert len(bars_of_values.counts) == bars
