import numpy as np
import pytest

from sdrrl_data.scoring.int8_weights import LARGEST, lost, narrowed

WEIGHTS = np.random.default_rng(3).normal(size=(5, 40)).astype(np.float32) * np.array([[1], [1e-6], [300], [0], [1]])


def test_two_products_with_the_largest_inputs_fit_into_16_bits():
    rounded, _ = narrowed(WEIGHTS)
    assert rounded.dtype == np.int8
    assert 2 * 255 * int(np.abs(rounded).max()) <= np.iinfo(np.int16).max
    assert np.abs(rounded).max(axis=1).tolist() == [LARGEST, LARGEST, LARGEST, 0, LARGEST]


def test_each_row_is_rounded_to_its_own_steps():
    rounded, scales = narrowed(WEIGHTS)
    steps = np.abs(WEIGHTS).max(axis=1) / LARGEST
    assert (np.abs(rounded / scales[:, np.newaxis] - WEIGHTS).max(axis=1) <= steps * 0.501).all()


def test_what_rounding_takes_from_the_mean_output_is_restored():
    mean = np.random.default_rng(4).normal(size=40)
    rounded, scales = narrowed(WEIGHTS)
    assert rounded / scales[:, np.newaxis] @ mean + lost(WEIGHTS, mean) == pytest.approx(WEIGHTS @ mean, rel=1e-5)
