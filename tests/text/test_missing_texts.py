import json

import pytest

from sdrrl_data.text.missing_texts import speaks_of_missing_text


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


def test_real_questions_that_stand_alone_are_hardly_ever_flagged(shared_data):
    files = ["instructions/dolly-2k.jsonl", "instructions/seed-tasks-175.jsonl", "answers/Qwen2-72B-Instruct.jsonl"]
    rows = [json.loads(line) for file in files for line in (shared_data / file).read_text("utf-8").splitlines()]
    alone = [row["instruction"].strip() for row in rows if not row.get("input", "").strip()]
    flagged = [question for question in alone if speaks_of_missing_text(question)]
    assert (len(alone), len(flagged)) == (1827, 7)  # read: each of the seven has lost its list
    robbed = [row["instruction"].strip() for row in rows if row.get("input", "").strip()]
    assert sum(map(speaks_of_missing_text, robbed)) >= 160  # of 748, most of which do not speak of their input
