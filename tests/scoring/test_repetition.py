import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.scoring.repetition import RepetitionScorer, loops, repeated_share

SENTENCE = "Some people write their plans on paper, while others keep them in their heads until the day comes."
WORDS = ["the", "sea", "is", "so", "very", "blue", "and", "cold", "today"]
LOOPS = {
    "phrase": "I am not sure that I am ready to talk about my life" + ", about my personal life" * 10,
    "line": "Here is a list of snacks:" + "\n- Sausage dip" * 12,
    "numbered": "\n".join(f"{number}. Plan a party or celebration" for number in range(1, 12)),
    "two in turn": "\n".join(f"{n}. Jump on your left foot.\n{n}. Now on the right foot again." for n in range(8)),
}


def repetition(text, score, tag="en", text_pair=None):
    (value,) = score(RepetitionScorer(find("pt"), find(tag)), [text_pair(("Olá!", text))])["repetition"]
    return value


@pytest.mark.parametrize("loop", LOOPS)
def test_loops_score_high(loop, text_pair, score):
    assert repetition(LOOPS[loop], score, text_pair=text_pair) > 0.6


@pytest.mark.parametrize(("tag", "phrase"), [("th", "พนักงานอำนวยการ"), ("ja", "北へ越えて行く")])
def test_loops_without_spaces_score_high(tag, phrase, text_pair, score):
    assert repetition(phrase * 15, score, tag, text_pair) > 0.6


def test_is_the_share_of_words_said_before(text_pair, score):
    text = "one two three four five six; one two three four five seven"
    assert repetition(text, score, text_pair=text_pair) == 5 / 12


def test_four_words_may_return(text_pair, score):
    text = "one two three four; one two three four five six"
    assert repetition(text, score, text_pair=text_pair) == 0


def test_a_short_text_is_not_judged(text_pair, score):
    assert repetition("no no no no no no no no no", score, text_pair=text_pair) is None


def test_each_side_is_judged_by_itself(text_pair, score):
    scorer = RepetitionScorer(find("en"), find("en"))
    columns = score(scorer, [text_pair((LOOPS["line"], SENTENCE)), text_pair((SENTENCE, LOOPS["line"]))])
    assert [value > 0.6 for value in columns["src_repetition"]] == [True, False]
    assert columns["repetition"] == columns["src_repetition"][::-1]


def test_good_answers_pass(shared_data, text_pair, score):
    lines = (shared_data / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [text_pair((json.loads(line)["output"], "")) for line in lines]
    values = score(RepetitionScorer(find("en"), find("pt")), pairs)["src_repetition"]
    assert sum(value is not None and value > 0.3 for value in values) < 0.01 * len(values)


@given(st.lists(st.sampled_from(["a", "b", "c", "7", "é", "ไทย", "日本"]), max_size=40).map(" ".join))
def test_saying_all_twice_repeats_at_least_half(text_pair, score, text):
    once = repetition(text, score, text_pair=text_pair)
    twice = repetition(f"{text}\n{text}", score, text_pair=text_pair)
    assert once is None or 0 <= once <= 1
    assert once is None or 0.5 <= twice <= 1


@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1), min_size=1),
    st.sampled_from([" ", "\n", ", ", ". "]),
    st.integers(1, 6),
)
def test_the_quick_look_for_loops_sees_what_the_whole_one_sees(phrases, separator, times):
    text = separator.join(" ".join(phrase) for phrase in phrases * times)
    assert loops(text, find("en"), 0.3) == ((repeated_share(text, find("en")) or 0) > 0.3)


def test_loops_are_seen_where_words_have_no_spaces():
    assert loops("今日は学校で本を読みました。" * 8, find("ja"), 0.3)
    assert not loops("今日は学校で本を読みました。明日は家で映画を見るつもりです。", find("ja"), 0.3)
