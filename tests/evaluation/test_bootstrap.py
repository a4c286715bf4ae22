import math

import numpy as np
import pytest
from sacrebleu.metrics import CHRF
from sacrebleu.significance import PairedTest

from sdrrl_data.evaluation.bootstrap import change
from sdrrl_data.evaluation.kinds import CHRF_SIGNATURE, KINDS, chrf_statistics
from tests.evaluation.conftest import PAIRS

SEED = 12345  # sacrebleu's
REFERENCES = [target for _, target in PAIRS]
GOOD = [text.replace("o", "a") for text in REFERENCES]
POOR = [text[: len(text) // 2] for text in REFERENCES]
NOTHING = [""] * len(REFERENCES)
chrf = KINDS["chrf"].figure


def counts(translations):
    return np.array([chrf_statistics(*pair) for pair in zip(translations, REFERENCES, strict=True)], dtype=float)


def sacrebleus(base, tuned):
    test = PairedTest([("base", base), ("tuned", tuned)], {"chrF2++": CHRF(word_order=2)}, [REFERENCES], test_type="bs")
    return test()[1]["chrF2++"]


@pytest.mark.parametrize("translations", [GOOD, POOR, REFERENCES, NOTHING], ids=["good", "poor", "perfect", "none"])
def test_chrf_of_a_corpus_is_sacrebleus(translations):
    metric = CHRF(word_order=2)
    expected = metric.corpus_score(translations, [REFERENCES]).score
    assert chrf(counts(translations).sum(0)) == pytest.approx(expected, abs=1e-9)
    assert f"{CHRF_SIGNATURE}|version:" in str(metric.get_signature())


@pytest.mark.parametrize("translations", [GOOD, POOR], ids=["good", "poor"])
def test_the_interval_is_sacrebleus(monkeypatch, translations):
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)
    # Against a base whose score is always 0, the change is the score.
    found = change(counts(NOTHING), counts(translations), chrf, SEED)
    base, tuned = sacrebleus(NOTHING, translations)
    assert base.score == 0
    assert found.value == pytest.approx(tuned.score)
    assert (found.high - found.low) / 2 == pytest.approx(tuned.ci, abs=1e-4)


def test_what_sacrebleu_finds_significant_leaves_0_out():
    found = change(counts(POOR), counts(REFERENCES), chrf, SEED)
    assert found.low > 0
    assert sacrebleus(POOR, REFERENCES)[1].p_value < 0.05
    other = change(counts(REFERENCES), counts(POOR), chrf, SEED)
    assert other == pytest.approx((-found.value, -found.high, -found.low))


def test_a_golden_interval_of_a_ratio():
    sizes = np.arange(10, 50, dtype=float)
    base = np.stack([2 * sizes, sizes], axis=1)
    tuned = np.stack([2 * sizes + np.tile([3.0, -4.0], 20), sizes], axis=1)
    found = change(base, tuned, KINDS["comet"].figure, 7)
    assert found.value == pytest.approx(-20 / sizes.sum())
    # As the deviation of the sum of such steps, 3.5 * sqrt(40) / 1180, has one expect: -0.054 to 0.020.
    assert (found.low, found.high) == pytest.approx((-0.05245346869712342, 0.019064124783362058))


def test_a_model_against_itself():
    assert change(counts(GOOD), counts(GOOD), chrf, 1) == (0, 0, 0)


def test_the_interval_covers():
    """Of many samples of items, about one in twenty has an interval that leaves the true change out."""
    drawn = np.random.default_rng(3)
    missed = 0
    for seed in range(100):
        ones = np.ones(60)
        base = np.stack([drawn.normal(0, 1, 60), ones], axis=1)
        tuned = base + np.stack([drawn.normal(0.5, 1, 60), 0 * ones], axis=1)
        found = change(base, tuned, KINDS["comet"].figure, seed)
        missed += not found.low <= 0.5 <= found.high
    assert 1 <= missed <= 13


def test_an_interval_that_some_resamples_cannot_have_is_none():
    def share(sums):
        return sums[0] / sums[1] if sums[1] else math.nan

    judged = np.array([[1.0, 1.0], *[[0.0, 0.0]] * 5])
    found = change(judged * [0.0, 1.0], judged, share, seed=1)
    assert found.value == 1.0
    assert math.isnan(found.low)
    assert math.isnan(found.high)
