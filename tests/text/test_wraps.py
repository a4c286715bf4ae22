import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.text.masking import plain
from sdrrl_data.text.segments import segments
from sdrrl_data.text.wraps import joined, wrapped_again
from sdrrl_data.translation.texts import translate_texts
from tests.text.documents import ANY_TEXT, documents

EN, PT = find("en"), find("pt")
POEM = "Roses are red,\nviolets are blue.\nSugar is sweet,\nand so are you."
FILLED = (
    "It was a long day in the old town where the good Dr. Smith had his house, and where everybody knew Maria Silva, "
    "who lived with her friends at the end of the street."
)
# text -> the text with its wrapped lines joined
WRAPPED = {
    "a paragraph": (
        "The plane had waited for an hour when the\ncaptain said that it was going to leave.",
        "The plane had waited for an hour when the captain said that it was going to leave.",
    ),
    "a quote": (
        "> When you have washed your hands, use\n> a clean towel to dry them.\n\nEnd",
        "> When you have washed your hands, use a clean towel to dry them.\n\nEnd",
    ),
    "a lazy quote in a list": (
        "- > When you have washed your hands, use\na clean towel to dry them.",
        "- > When you have washed your hands, use a clean towel to dry them.",
    ),
    "list items": (
        "1. Wash all of your vegetables under\n   running water.\n2. Cut them.\n",
        "1. Wash all of your vegetables under running water.\n2. Cut them.\n",
    ),
    "emphasis over a line end": (
        "This is an item that is **very important\nfor everybody** who travels.",
        "This is an item that is **very important for everybody** who travels.",
    ),
    "Windows": (
        "The plane had waited for an hour when the\r\ncaptain said that it would leave.",
        "The plane had waited for an hour when the captain said that it would leave.",
    ),
    "capitals in a filled paragraph": (
        textwrap.fill(FILLED, 50),
        FILLED,
    ),
    "a script without spaces": (
        "これは日本語の長い文章であり、とても長いので途中で\n改行されていますが、一つの文です。",
        "これは日本語の長い文章であり、とても長いので途中で改行されていますが、一つの文です。",
    ),
    "a script without case": (
        "هذه جملة طويلة جدا عن البحر والسماء والأرض\nوهي مكتوبة في سطرين فقط.",
        "هذه جملة طويلة جدا عن البحر والسماء والأرض وهي مكتوبة في سطرين فقط.",
    ),
}
SEPARATE = [
    POEM,
    "milk\neggs\nbread",
    "easier to drop out if you do not like it\nhands on learning\nless time",
    "The first line of an address with a name  \nand a line break on purpose.",
    "The first line of an address with a name\\\nand a line break on purpose.",
    "Question: What is the name of that old house?\nAnswer: the mill at the end of the long road.",
    "These are the ingredients of the cake:\nflour and eggs.",
    "Use this command in your own terminal `a b\nc d` and then wait for it.",
    "| a long cell of a table without a head |\n| and another one that is long. |",
    "• the first item of a list without marks\n• the second item of it.",
    "oceans - pacific, indian, arctic, southern\nseas - north, baltic, black.",
]


@pytest.mark.parametrize(("text", "expected"), WRAPPED.values(), ids=WRAPPED.keys())
def test_wrapped_lines_are_joined(text, expected):
    assert joined(text)[0] == expected


@pytest.mark.parametrize("text", SEPARATE)
def test_lines_that_are_not_wrapped_stay(text):
    assert joined(text) == (text, [])


def translated(text, function):
    """The pair that a translator makes of a text, sentence by sentence, without any check."""
    flat, wraps = joined(text)
    pieces, units = [], []
    source_end = target_end = 0
    for segment in segments(flat, "en"):
        translation = function(flat[segment.start : segment.end])
        target_start = target_end + segment.start - source_end
        pieces += [flat[source_end : segment.start], translation]
        source_end, target_end = segment.end, target_start + len(translation)
        units.append(Unit(segment.start, segment.end, target_start, target_end))
    return wrapped_again(TextPair(flat, "".join([*pieces, flat[source_end:]]), units), text, wraps)


LINES = st.lists(
    st.lists(st.sampled_from(["the", "plane,", "Maria", "`a", "b`", "**never", "left**", "3.5", "of", "it.", "好的"]))
    .map(" ".join)
    .map(lambda line: f"line {line} that goes on"),
    min_size=1,
    max_size=6,
)
WRAPPED_TEXTS = st.tuples(st.sampled_from(["\n", "\n> ", "\r\n", "\n  ", " \n"]), LINES).map(
    lambda parts: ("> " if ">" in parts[0] else "- " if parts[0] == "\n  " else "") + parts[0].join(parts[1]) + "."
)


@given(st.one_of(WRAPPED_TEXTS, ANY_TEXT, documents().map(lambda document: document[0])))
def test_with_an_identity_translator_a_text_comes_back(text):
    pair = translated(text, str)
    assert pair.target == text
    assert pair.sentences() == [(source, source) for source, _ in pair.sentences()]


@given(WRAPPED_TEXTS, st.text("ab 漢.\n-1`", max_size=60).map(lambda text: " ".join(text.split())))
def test_no_word_of_any_translation_is_lost_or_cut(text, translation):
    pair = translated(text, lambda sentence: f"w{translation}w")
    targets = [target for _, target in pair.sentences()]
    assert ["".join(target.replace("\n> ", "\n").split()) for target in targets] == [
        "".join(f"w{translation}w".split())
    ] * len(targets)
    outside = [pair.source[slice(*ends)] for ends in gaps(pair, 0)]
    assert [pair.target[slice(*ends)] for ends in gaps(pair, 2)] == outside


def gaps(pair, side):
    ends = [0, *(end for unit in pair.units for end in unit[side : side + 2]), None]
    return zip(ends[::2], ends[1::2], strict=True)


class Shout:
    """Translates into another alphabet's sounds, and says what it was given."""

    whole_texts = False
    max_characters = 400

    def __init__(self):
        self.given = []

    def translate(self, sentences, again=False):
        self.given += sentences
        yield from enumerate(sentence.translate(str.maketrans("aeiou", "uaeio")) for sentence in sentences)


def test_a_sentence_goes_to_the_translator_whole_and_comes_back_wrapped():
    translator = Shout()
    text = "# Title\n\n> When you have washed your hands, use\n> a clean towel to dry them. And go.\n"
    (pair,) = translate_texts([text], EN, PT, translator)
    assert translator.given == ["Title", "When you have washed your hands, use a clean towel to dry them.", "And go."]
    assert pair.target == "# Tetla\n\n> Whan yio huva wushad yior hunds, osa\n> u claun tiwal ti dry tham. And gi.\n"
    assert plain(pair)[1] == (
        "When you have washed your hands, use a clean towel to dry them.",
        "Whan yio huva wushad yior hunds, osa u claun tiwal ti dry tham.",
    )


def test_a_line_end_that_finds_no_space_is_left_out():
    pair = translated(
        WRAPPED["a quote"][0], lambda sentence: "好" if sentence == "End" else "洗手后请用干净的毛巾擦干。"
    )
    assert pair.target == "> 洗手后请用干净的毛巾擦干。\n\n好"


def test_a_line_does_not_begin_as_a_list_or_a_heading():
    pair = translated(WRAPPED["a paragraph"][0], lambda _: "Uma coisa muito longa que tem - 1. # + 2) fim aqui")
    assert pair.target == "Uma coisa muito longa que\ntem - 1. # + 2) fim aqui"
