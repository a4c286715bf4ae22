import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.quoting import gives_away, unlabelled

TEXT = "The harbour of the old town was built in the ninth century by monks who wanted to sell salt to the islands."
CLEAN = [
    "Who built the harbour of the old town, and why?",
    "Why?",
    "",
    "Tell me how the harbour of the old town came about, who paid for it and what was sold there.",
]
COPIES = [
    TEXT,
    f"Say this in other words: {TEXT}",
    "Was the harbour of the old town built in the ninth century by monks?",
    TEXT.upper(),
]


@pytest.mark.parametrize("question", CLEAN)
def test_a_question_may_name_what_the_text_is_about(question):
    assert not gives_away(question, TEXT, "en")


@pytest.mark.parametrize("question", COPIES)
def test_a_question_may_not_have_the_text_in_it(question):
    assert gives_away(question, TEXT, "en")


def test_a_short_quotation_of_a_long_text_gives_nothing_away():
    long = f"{TEXT} " + " ".join(f"Then came year {year}." for year in range(900, 990))
    assert gives_away("The harbour of the old town was built in the ninth century by monks", long, "en")
    assert not gives_away(
        "Why is it said that the harbour of the old town was a gift of the king to his wife?", long, "en"
    )


@pytest.mark.parametrize(
    "reply",
    [
        "Why is it cold?",
        "**Question:** Why is it cold?",
        "Request: Why is it cold?\n",
        '"Why is it cold?"',
        'The question: "Why is it cold?"',
        "### Instruction:\nWhy is it cold?",
        "user's request： Why is it cold?",
    ],
)
def test_labels_and_quotation_marks_go(reply):
    assert unlabelled(reply) == "Why is it cold?"


@pytest.mark.parametrize("reply", ['"Yes" or "no"?', "Is the question: to be or not?", "Questions: which?", '"'])
def test_other_text_stays(reply):
    assert unlabelled(reply) == reply


@given(st.text())
def test_what_stays_is_a_part_of_the_reply(reply):
    assert unlabelled(reply) in reply
