import json
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.recipe import scores_of
from sdrrl_data.scoring.heuristics import Heuristics
from sdrrl_data.scoring.repetition import RepetitionConfig, compression, loops, repeated_lines, repeated_share
from sdrrl_data.text.segments import Segment, segments
from sdrrl_data.text.tokens import tokens

SENTENCE = "Some people write their plans on paper, while others keep them in their heads until the day comes."
WORDS = ["the", "sea", "is", "so", "very", "blue", "and", "cold", "today"]
LOOPS = {
    "phrase": "I am not sure that I am ready to talk about my life" + ", about my personal life" * 10,
    "line": "Here is a list of snacks:" + "\n- Sausage dip" * 12,
    "numbered": "\n".join(f"{number}. Plan a party or celebration" for number in range(1, 12)),
    "two in turn": "\n".join(f"{n}. Jump on your left foot.\n{n}. Now on the right foot again." for n in range(8)),
}


def repetition(text, tag="en"):
    return repeated_share(tokens(text, find(tag)))


@pytest.fixture
def both_sides(score):
    """All scores of repetition of pairs of English texts."""

    def run(*texts):
        pairs = [TextPair(source, target, _units(source, target)) for source, target in texts]
        return score(Heuristics([RepetitionConfig()], find("en"), find("en"), [None]), pairs)

    return run


def _units(source, target):
    """Pairs of the sentences of both texts, with empty spans if one text has fewer sentences."""
    sides = zip_longest(segments(source, "en"), segments(target, "en"), fillvalue=Segment(0, 0))
    return [Unit(ours.start, ours.end, theirs.start, theirs.end) for ours, theirs in sides]


@pytest.mark.parametrize("loop", LOOPS)
def test_loops_score_high(loop):
    assert repetition(LOOPS[loop]) > 0.6


@pytest.mark.parametrize(("tag", "phrase"), [("th", "พนักงานอำนวยการ"), ("ja", "北へ越えて行く")])
def test_loops_without_spaces_score_high(tag, phrase):
    assert repetition(phrase * 15, tag) > 0.6


def test_is_the_share_of_words_said_before():
    assert repetition("one two three four five six; one two three four five seven") == 5 / 12


def test_four_words_may_return():
    assert repetition("one two three four; one two three four five six") == 0


def test_a_short_text_is_not_judged():
    assert repetition("no no no no no no no no no") is None
    assert compression("no " * 80) is None
    assert repeated_lines(["The same line again."] * 4 + ["No, no."]) is None


def test_repeated_lines_are_those_that_came_before():
    lines = [
        "The first line is",
        "The second line",
        "The first line is",
        "The fourth line",
        "THE SECOND LINE",
        "No, no.",
    ]
    assert repeated_lines(lines) == 2 / 5


def test_equal_cells_are_no_repeated_lines(both_sides):
    table = "| name of it | size |\n|---|---|\n" + "".join(f"| {word} | yes |\n" for word in WORDS)
    assert both_sides((table, table))["repeated_lines"] == [None]


def test_numbers_of_a_list_do_not_make_its_lines_differ(both_sides):
    assert both_sides((LOOPS["numbered"], LOOPS["numbered"]))["src_repeated_lines"] == [10 / 11]


def test_compression_is_bytes_after_over_bytes_before():
    # Sizes by zlib 1.2.13; another version may differ by a byte or two.
    assert compression("e" * 250) == pytest.approx(12 / 250, abs=0.01)
    assert compression("é" * 125) == pytest.approx(13 / 250, abs=0.01)  # both bytes of each letter are counted
    assert compression(LOOPS["phrase"]) == pytest.approx(70 / 291, abs=0.01)


def test_each_side_is_judged_by_itself(both_sides):
    columns = both_sides((LOOPS["numbered"], SENTENCE), (SENTENCE, LOOPS["numbered"]))
    assert list(columns) == list(scores_of(RepetitionConfig()))
    assert columns["src_repeated_lines"] == [10 / 11, None]
    assert columns["repetition"][0] == columns["src_repetition"][1] == 0


def test_a_translation_is_compared_with_its_source(both_sides):
    quiz = "".join(f"What is the name of the capital of {word}, and how large is it?\n" for word in WORDS)
    loop = "\n".join([SENTENCE, *LOOPS["line"].split("\n")])
    columns = both_sides((quiz, quiz), (SENTENCE, loop), (loop, loop))
    assert columns["src_repetition"][0] > 0.5
    assert columns["repetition"] == [0, pytest.approx(repetition(loop)), 0]


def test_lines_with_other_addresses_are_other_lines(both_sides):
    links = "".join(f"- See [the page of it](https://a.example/{word}) now\n" for word in WORDS)
    assert both_sides((links, links))["src_repeated_lines"] == [0]


def test_good_answers_pass(real_texts, both_sides):
    lines = (real_texts / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line)["output"] for line in lines]
    columns = both_sides(*((answer, answer) for answer in answers))
    for name in ("repetition", "repeated_lines"):
        assert not any(columns[name])
        assert sum(value is not None and value > 0.5 for value in columns[f"src_{name}"]) < 0.003 * len(answers)
    assert min(value for value in columns["compression"] if value is not None) > 0.2


@given(st.lists(st.sampled_from(["a", "b", "c", "7", "é", "ไทย", "日本"]), max_size=40).map(" ".join))
def test_saying_all_twice_repeats_at_least_half(text):
    once, twice = repetition(text), repetition(f"{text}\n{text}")
    assert once is None or 0 <= once <= 1
    assert once is None or 0.5 <= twice <= 1


@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1), min_size=1),
    st.sampled_from([" ", "\n", ", ", ". "]),
    st.integers(1, 6),
)
def test_the_quick_look_for_loops_sees_what_the_whole_one_sees(phrases, separator, times):
    text = separator.join(" ".join(phrase) for phrase in phrases * times)
    assert loops(text, find("en"), 0.3) == ((repetition(text) or 0) > 0.3)


def test_loops_are_seen_where_words_have_no_spaces():
    assert loops("今日は学校で本を読みました。" * 8, find("ja"), 0.3)
    assert not loops("今日は学校で本を読みました。明日は家で映画を見るつもりです。", find("ja"), 0.3)
