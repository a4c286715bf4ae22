import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.protocols import SetAside, TextPair
from sdrrl_data.translation.texts import translate_texts

MARKDOWN = """# Boiling eggs

Put *two* eggs into water. Wait ten minutes!

1. Run `timer 10m` now.
2. See https://example.org/eggs for more.

```python
print("do not touch")  # nor this comment
```

| Size | Minutes |
|------|--------:|
| Small | 8 |
"""


class Spell:
    """Translates by a function of one sentence, and remembers what it was given."""

    max_characters = 200

    def __init__(self, function):
        self.function = function
        self.given = []

    def translate(self, sentences, advance):
        self.given += sentences
        advance(len(sentences))
        return [self.function(sentence) for sentence in sentences]


def translate(texts, function):
    return translate_texts(texts, "en", Spell(function), lambda _: None)


def test_layout_and_protected_spans_stay():
    (pair,) = translate([MARKDOWN], str.upper)
    assert isinstance(pair, TextPair)
    assert pair.target == MARKDOWN.upper().replace("TIMER 10M", "timer 10m").replace(
        "HTTPS://EXAMPLE.ORG/EGGS", "https://example.org/eggs"
    ).replace('PYTHON\nPRINT("DO NOT TOUCH")  # NOR THIS COMMENT', 'python\nprint("do not touch")  # nor this comment')


def test_each_unit_says_where_its_sentence_went():
    (pair,) = translate([MARKDOWN], lambda sentence: f"<{sentence}>")
    assert pair.sentences()
    assert all(target == f"<{source}>" for source, target in pair.sentences())


def test_a_sentence_that_stands_twice_is_translated_once():
    spell = Spell(str.upper)
    done = []
    translate_texts(["Hello there.", "Hello there. Goodbye."], "en", spell, done.append)
    assert spell.given == ["Hello there.", "Goodbye."]
    assert sum(done) == pytest.approx(2)


def test_a_text_that_loses_a_sentence_is_set_aside_alone():
    lost, kept = translate(["This is bad.", "This is good."], lambda s: "" if "bad" in s else s)
    assert lost == SetAside("the translator returned nothing for 'This is bad.'")
    assert kept.target == "This is good."


def test_a_translation_cannot_break_the_layout():
    (pair,) = translate(["- one thing\n- another thing"], lambda s: f"  {s}\n\n- added ")
    assert pair.target == "- one thing - added\n- another thing - added"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_an_identity_translator_gives_the_same_bytes(texts):
    pairs = translate(texts, lambda sentence: sentence)
    # White space inside a sentence is all that a translator may fold.
    assert ["".join(pair.target.split()) for pair in pairs] == ["".join(text.split()) for text in texts]


@given(st.lists(st.sampled_from(["One thing. ", "`code` ", "\n\n", "- ", "Two (2) things! ", "x = 1", "| a | b |\n"])))
def test_gaps_between_units_are_the_same_on_both_sides(pieces):
    (pair,) = translate(["".join(pieces)], lambda sentence: sentence.upper() + "!")
    source_end = target_end = 0
    for a, b, c, d in pair.units:
        assert pair.source[source_end:a] == pair.target[target_end:c]
        source_end, target_end = b, d
    assert pair.source[source_end:] == pair.target[target_end:]
