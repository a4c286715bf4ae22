import pickle
from functools import partial

import pytest

from sdrrl_data.languages import find
from sdrrl_data.recipe import ScorerConfig, scores_of
from sdrrl_data.scoring.heuristics import BATCH, Heuristics
from sdrrl_data.scoring.length import Expectation

ALL = [kind() for kind in ScorerConfig.kinds().values() if kind.counts_only]
EN, PT = find("en"), find("pt")
USUAL = Expectation(characters=1.1, words=1.05)
LEARNED = [USUAL if config.learns_usual else None for config in ALL]


@pytest.fixture
def pairs(flores, text_pair):
    rows = flores("en", "pt", sample=BATCH + 10)
    return [text_pair(*rows[number : number + 3]) for number in range(len(rows))] + [text_pair()]


def test_each_scorer_gives_alone_what_it_gives_with_the_others(pairs, score):
    together = score(Heuristics(ALL, EN, PT, LEARNED), pairs)
    alone = {
        name: values
        for config, usual in zip(ALL, LEARNED, strict=True)
        for name, values in score(Heuristics([config], EN, PT, [usual]), pairs).items()
    }
    assert together == alone
    assert list(together) == [name for config in ALL for name in scores_of(config)]


def test_a_pair_without_sentences_is_not_judged(text_pair, score):
    assert {value for (value,) in score(Heuristics(ALL, EN, PT, LEARNED), [text_pair()]).values()} == {None}


def test_no_pairs_give_no_rows(score):
    assert score(Heuristics(ALL, EN, PT, LEARNED), [])["length"] == []


def test_another_process_can_be_told_to_make_it(pairs, score):
    make = pickle.loads(pickle.dumps(partial(Heuristics, ALL, EN, PT, LEARNED)))
    assert score(make(), pairs[:5]) == score(Heuristics(ALL, EN, PT, LEARNED), pairs[:5])
