import math

import pytest

from sdrrl_data.languages import find
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.recipe.loading import load
from sdrrl_data.scoring.confidence import ConfidenceConfig, ConfidenceScorer
from sdrrl_data.steps.scoring_steps import context
from sdrrl_data.steps.target import Target
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator

LONG = "This sentence is long enough."


class Teller:
    """A translator that finds a translation as probable as the number in it says, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def log_probabilities(self, sentences):
        self.asked += sentences
        for number, (_, target) in reversed(list(enumerate(sentences))):
            if target != "silent":
                yield number, [math.log(float(part)) for part in target.split()]


def confidences(score, *pairs, translator=None):
    table = score(ConfidenceScorer(translator or Teller()), list(pairs))
    return list(zip(table["confidence"], table["confidence_min"], strict=True))


def test_is_the_geometric_mean_of_the_tokens(text_pair, score):
    ((mean, lowest),) = confidences(score, text_pair((LONG, "0.9 0.4 0.6")))
    assert mean == lowest == pytest.approx((0.9 * 0.4 * 0.6) ** (1 / 3))


def test_longer_sentences_weigh_more_and_short_ones_are_not_the_worst(text_pair, score):
    short = "Hi."
    ((mean, lowest),) = confidences(score, text_pair((LONG, "0.9"), (short, "0.1")))
    assert mean == pytest.approx((0.9 * len(LONG) + 0.1 * len(short)) / (len(LONG) + len(short)))
    assert lowest == pytest.approx(0.9)


def test_a_sentence_is_judged_once(text_pair, score):
    translator = Teller()
    pair = text_pair((LONG, "0.5"), (LONG, "0.5"), (LONG, "0.7"))
    confidences(score, pair, pair, translator=translator)
    assert translator.asked == [(LONG, "0.5"), (LONG, "0.7")]


def test_what_cannot_be_judged_is_none(text_pair, score):
    class Silent:
        def translate(self, sentences, again=False):
            raise NotImplementedError

    assert confidences(score, text_pair((LONG, "0.5")), translator=Silent()) == [(None, None)]
    assert confidences(score, TextPair("`x`", "`x`", [])) == [(None, None)]
    assert confidences(score, text_pair(("Test", "0.1"))) == [(None, None)]
    # A text is judged by all of its sentences, or not at all.
    assert confidences(score, text_pair((LONG, "0.5"), ("Another sentence.", "silent"))) == [(None, None)]


def test_the_translator_gets_what_it_can_read(text_pair, score):
    translator = Teller()
    translator.characters = frozenset("abcdefghijklmnopqrstuvwxyzIit's -.01")
    confidences(score, text_pair(("It’s big—or not.", "1")), translator=translator)
    assert translator.asked == [("It's big - or not.", "1")]


@pytest.fixture(scope="module")
def firefox():
    pytest.importorskip("fxtranslate")
    opened = []

    def open_translator(src, tgt):
        opened.append(FirefoxTranslator(FirefoxConfig(), find(src), find(tgt)))
        return opened[-1]

    yield open_translator
    for translator in opened:
        translator.close()


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        ("Venous blood is darker.", "O sangue venoso é mais escuro.", "O sangue veneno é mais escuro."),
        ("The doctor did not come.", "O médico não veio.", "O médico veio."),
        ("Anna lives in Lisbon.", "Anna vive em Lisboa.", "Maria vive em Lisboa."),
        ("We sold 28 old houses.", "Vendemos 28 casas antigas.", "Vendemos 25 casas antigas."),
        ("The cat sleeps on the mat.", "O gato dorme no tapete.", "O gato dorme no araulenho."),
    ],
)
def test_firefox_is_less_sure_of_what_is_wrong(text_pair, score, firefox, source, right, wrong):
    translator = firefox("en", "pt")
    pairs = [text_pair((source, target)) for target in (right, wrong)]
    (good, _), (bad, _) = confidences(score, *pairs, translator=translator)
    assert good > bad + 0.05
    assert 0 < bad < good < 1


def test_nothing_is_said_where_two_models_lead_through_english(text_pair, score, tmp_path):
    pytest.importorskip("fxtranslate")
    from sdrrl_data.translation.firefox_models import route

    for pair in (("en", "pt"), ("pt", "en")):
        (model,) = route(FirefoxConfig(), *map(find, pair))
        (tmp_path / f"{'fr' if pair[0] == 'pt' else 'en'}-{'en' if pair[0] == 'pt' else 'pt'}").symlink_to(
            model.weights.parent
        )
    translator = FirefoxTranslator(FirefoxConfig(models=str(tmp_path)), find("fr"), find("pt"))
    try:
        pair = TextPair(LONG, LONG, [Unit(0, len(LONG), 0, len(LONG))])
        assert confidences(score, pair, translator=translator) == [(None, None)]
    finally:
        translator.close()


@pytest.mark.parametrize(("translator", "opened"), [("firefox", ["firefox"]), ("self", []), ("nllb", [])])
def test_only_a_translator_that_gives_probabilities_is_opened(translator, opened, text_pair, score):
    """Loading a language model that cannot tell would take minutes."""
    asked = []

    class Models:
        def translator(self, settings, src, tgt, recipe):
            asked.append(settings.kind)
            return Teller()

    recipe = load("quickstart", {"translator": translator})
    target = Target(find("en"), find("pt"), {})
    with ConfidenceConfig().open(context(recipe, target, Models())) as scorer:
        values = score(scorer, [text_pair((LONG, "0.5"))])
    assert asked == opened
    assert values["confidence"] == [pytest.approx(0.5) if opened else None]
