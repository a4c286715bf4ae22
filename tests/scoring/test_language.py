import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.scoring.language import LanguageScorer

ENGLISH = "The library opens at nine in the morning."
PORTUGUESE = "A biblioteca abre às nove horas da manhã."


@pytest.fixture(scope="module")
def en_pt() -> LanguageScorer:
    return LanguageScorer(find("en"), find("pt"))


def test_tells_right_from_wrong_on_each_side(en_pt, text_pair, score):
    pairs = [text_pair(sides) for sides in [(ENGLISH, PORTUGUESE), (PORTUGUESE, ENGLISH), (ENGLISH, ENGLISH)]]
    columns = score(en_pt, pairs)
    assert [p > 0.9 for p in columns["src_language"]] == [True, False, True]
    assert [p > 0.9 for p in columns["language"]] == [True, False, False]
    assert max(columns["language"][1:]) < 0.05


def test_is_the_models_own_probability(en_pt, text_pair, score):
    labels, (probability,) = en_pt._model.predict(ENGLISH, k=1)
    assert labels == ("__label__en",)
    assert score(en_pt, [text_pair((ENGLISH, PORTUGUESE))])["src_language"] == [pytest.approx(probability)]


def test_few_letters_are_not_judged(en_pt, text_pair, score):
    columns = score(en_pt, [text_pair(("Yes, 1234567890123!", "Sim, 1234567890123!")), text_pair()])
    assert columns == {"src_language": [None, None], "language": [None, None]}


def test_a_telling_script_needs_fewer_letters(text_pair, score):
    scorer = LanguageScorer(find("en"), find("ja"))
    columns = score(scorer, [text_pair(("How are you today?", "今日は元気ですか、みなさん。"))])
    assert columns["src_language"] == [None]
    assert columns["language"][0] > 0.9


def test_a_language_unknown_to_the_model_is_not_judged(text_pair, score):
    scorer = LanguageScorer(find("en"), find("ace"))
    assert score(scorer, [text_pair((ENGLISH, PORTUGUESE))])["language"] == [None]


def test_sentences_on_several_lines_are_judged(en_pt, text_pair, score):
    broken = ENGLISH.replace(" ", "\n"), PORTUGUESE.replace(" ", "\r\n")
    assert score(en_pt, [text_pair(broken)])["language"][0] > 0.9


@pytest.mark.parametrize("tag", ["fi", "id", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"])
def test_true_sentences_pass(tag, flores, text_pair, score):
    scorer = LanguageScorer(find("en"), find(tag))
    columns = score(scorer, [text_pair(sentences) for sentences in flores("en", tag)])
    for values in columns.values():
        judged = [p for p in values if p is not None]
        assert len(judged) > 900
        assert sum(p >= 0.2 for p in judged) / len(judged) > 0.995


def test_bokmal_passes_though_the_model_takes_most_of_it_for_danish(shared_data, text_pair, score):
    rows = (shared_data / "parallel" / "tatoeba.eng-nob.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [text_pair(tuple(row.split("\t"))) for row in rows]
    judged = [p for p in score(LanguageScorer(find("en"), find("nb")), pairs)["language"] if p is not None]
    assert sum(p >= 0.2 for p in judged) / len(judged) > 0.97


@given(st.text(max_size=80), st.text(max_size=80))
def test_is_a_probability(en_pt, text_pair, score, source, target):
    for values in score(en_pt, [text_pair((source, target))]).values():
        assert all(p is None or 0 <= p <= 1 for p in values)
