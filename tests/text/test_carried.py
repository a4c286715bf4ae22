import pytest

from sdrrl_data.text.carried import carrying, cut_at_separators, has_prose
from sdrrl_data.text.placeholders import marked, restored
from sdrrl_data.text.segments import segments

LATIN = frozenset(" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"()[]-+=%$éãç*")


def sent(text, characters, every_symbol=False):
    """What is sent of each sentence; None if it has to be cut, "" if nothing is left to translate."""
    sentences = []
    for segment in segments(text, "en"):
        carried = carrying(text, segment, characters, every_symbol)
        if carried is None:
            sentences.append(None)
        else:
            sentences.append(marked(text, carried, characters) if has_prose(text, carried) else "")
    return sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It costs $20 and 5% more.", "It costs $20 and 5% more."),
        ("It costs £20 and 5% more.", "It costs X0 and 5% more."),
        ("It costs £166,000, or £1.5, a year.", "It costs X0, or X1, a year."),
        ("He paid 20 € for it.", "He paid 20 X0 for it."),
        ("As 5 × 3 = 15 and 15 ÷ 3 = 5.", "As X0 and X1."),
        ("Heat it to ≥ 100 °C now.", "Heat it to X0 now."),
        ("It is −5 now.", "It is X0 now."),
        ("Add 2 ½ cups.", "Add X0 cups."),
        ("The function f(x)=x^2 grows.", "The function X0 grows."),
        ("Führer, Müller-Lyer and Müller’s café.", "X0, X1 and X2's café."),
        ("An e\u0301clair.", "An éclair."),
        ("The @ and a\\\\b in it.", "The X0 and X1 in it."),
        ("Say добрый день to 你好.", "Say X0 to X1."),
        ("It’s “so” – or… ‘not’.", "It's \"so\" - or... 'not'."),
        ("M&uuml;ller won&rsquo;t.", "X0 won't."),
        ("Take **£20** now.", "Take X0 now."),
        ("Great job! 🎉🎉", "Great job!"),
        ("You win 🎉!", "You win X0!"),
        ("Start → middle → end.", "Start X0 middle X1 end."),
        ("A→B is it.", "X0 is it."),
        ("Input→output is it.", None),
        ("The Google™ phones.", "The X0 phones."),
        ("exam\u00adple", "example"),
        ("n * n * n = n ^ 3", ""),
        ("a / b < c", ""),
        ("( o.o )", ""),
        ("e o.", "e o."),
        ("I have a * b.", "I have a * b."),
        ("e, o", "e, o"),
        ("n = the number", "n = the number"),
    ],
)
def test_what_a_translator_does_not_have_is_carried(text, expected):
    assert sent(text, LATIN)[-1] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It costs $20 and 5% more.", "It costs X0 and X1 more."),
        ("I love C# and C++.", "I love X0 and X1."),
        ("Ask @maria of [12].", "Ask X0 of X1."),
        ("The census[8] says so.", "The census X0 says so."),
        ("Of B,[3] and so on.", "Of B, X0 and so on."),
        ("As 2 + 2 = 4 shows.", "As X0 shows."),
        ("Just words.", "Just words."),
        ("C#", ""),
    ],
)
def test_every_symbol_is_carried(text, expected):
    assert sent(text, None, every_symbol=True) == [expected]


def test_nothing_is_carried_where_the_characters_are_not_known():
    assert sent("It’s £20 → 5 × 3.", None) == ["It’s £20 → 5 × 3."]


def test_a_citation_is_put_back_at_its_word():
    text = "The census[8] says so."
    (segment,) = segments(text, "en")
    carried = carrying(text, segment, None, True)
    assert restored("O censo X0 diz isso.", text, carried) == "O censo[8] diz isso."


def test_a_citation_after_a_mark_may_come_before_a_word():
    text = "In 2019,[7] Arsenal won."
    (segment,) = segments(text, "en")
    carried = carrying(text, segment, None, True)
    assert restored("Em 2019, X0 Arsenal venceu.", text, carried) == "Em 2019,[7] Arsenal venceu."
    assert restored("Em 2019, o X0 Arsenal venceu.", text, carried) == "Em 2019, o [7] Arsenal venceu."


def test_where_a_sentence_can_be_cut():
    text = "Input→output 🎉 and Google™ = it"
    (segment,) = segments(text, "en")
    assert [text[span.start : span.end] for span in cut_at_separators(text, segment).spans] == ["→", "🎉"]
