import pytest

from sdrrl_data.languages import find
from sdrrl_data.scoring.heuristics import Heuristics
from sdrrl_data.scoring.negation import NegationConfig

KEPT = ("Tom doesn't like onions.", "Tom não gosta de cebolas.")
LOST = ("Tom doesn't like onions.", "Tom gosta de cebolas.")
ADDED = ("Tom likes onions.", "Tom não gosta de cebolas.")


def lost(pair, score, tag="pt"):
    scorer = Heuristics([NegationConfig()], find("en"), find(tag), [None])
    return score(scorer, [pair])["negation"][0]


def test_counts_sentences_whose_negation_is_lost(text_pair, score):
    assert lost(text_pair(KEPT, ADDED), score) == 0
    assert lost(text_pair(KEPT, LOST, LOST), score) == 2
    assert lost(text_pair(), score) is None


def test_a_language_without_a_list_is_not_judged(text_pair, score):
    assert lost(text_pair(LOST), score, "si") is None


@pytest.mark.parametrize(
    ("tag", "most"), [("pt", 4), ("vi", 2), ("id", 4), ("th", 1), ("ja", 5), ("pl", 16), ("fi", 12)]
)
def test_good_translations_seldom_lose_one(tag, most, flores, text_pair, score):
    pairs = [text_pair(row) for row in flores("en", tag)]
    scorer = Heuristics([NegationConfig()], find("en"), find(tag), [None])
    assert sum(score(scorer, pairs)["negation"]) <= most
