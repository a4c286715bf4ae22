import json

import pytest

from sdrrl_data.text.missing_texts import names_missing_text, speaks_of_missing_text
from tests.support.real_texts import answers


@pytest.mark.parametrize(
    "question",
    [
        "Write a summary of the dialogue that just happened.",
        "Summarize the following article:",
        "What does the passage above say about bees?",
        "Who won most games, based on the given table?",
        "From the text provided, which runways are used?",
        "What is this article about?",
        "Translate the sentence into French.",
        "Please rewrite the paragraph.",
        "What did you mean in your last message?",
        "Classify each of the following as a primary color or a secondary color",
        "Rank the following universities.",
        "Complete the following:",
    ],
)
def test_a_question_that_has_lost_its_text(question):
    assert speaks_of_missing_text(question)


@pytest.mark.parametrize(
    "question",
    [
        "Summarize the following article:\n\nIt rained.",
        "Translate the following sentence into French: It rained.",
        'Rewrite the sentence "It rained" in the passive voice.',
        "It rained all day. Rewrite the sentence above.",
        "Which of the following are colors? Red, dog, blue.",
        "Classify the following animals, a dog and a cat",
        "Summarize the story of Cinderella.",
        "Translate the word dog into French.",
        "Who was king in the following year?",
        "What is the given name of the author?",
        "Write an email to my boss.",
        "How do I end a conversation?",
        "Summarize https://example.org/this-article and the above data",
        "Resuma o seguinte artigo:",
        "",
    ],
)
def test_a_question_that_has_its_text_or_needs_none(question):
    assert not speaks_of_missing_text(question)


def rows(*files):
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def flagged(rows):
    """How many questions have no input beside them, and those of them that are flagged."""
    alone = [row["instruction"].strip() for row in rows if not row.get("input", "").strip()]
    return len(alone), [question for question in alone if speaks_of_missing_text(question)]


def test_real_questions_that_stand_alone_are_hardly_ever_flagged(real_texts):
    read = rows(*real_texts.glob("instructions/*.jsonl"))
    count, found = flagged(read)
    assert (count, len(found)) == (1427, 7)  # read: each of the seven has lost its list
    robbed = [row["instruction"].strip() for row in read if row["input"].strip()]
    assert sum(map(speaks_of_missing_text, robbed)) >= 160  # of 748, most of which do not speak of their input


@pytest.mark.corpora
def test_questions_of_alpaca_eval_are_not_flagged():
    assert flagged(rows(answers()[0])) == (400, [])


@pytest.mark.parametrize(
    "question",
    [
        "What does the passage say?",
        "Why is the author angry?",
        "Summarise this article in a sentence.",
        "Who wrote the given text?",
    ],
)
def test_a_question_that_was_written_about_a_text_may_take_it_for_known(question):
    assert names_missing_text(question)


@pytest.mark.parametrize(
    "question",
    [
        "Write a short article about ports. The article should name two of them.",
        "Which book made the author famous?",
        "Who was the author of the novel Os Maias?",
        "Why do monks sell salt?",
    ],
)
def test_a_text_that_is_asked_for_or_named_is_not_missing(question):
    assert not names_missing_text(question)
