"""Questions that a language model wrote for a text: without labels, and whether they have the text in them."""

import re

from sdrrl_data.text.ngrams import plain_words

ORDER = 6  # words in a row that a question and a text hardly share by chance
SHARE = 0.5  # of the words of a text that a question must not have
MOST, OF_QUESTION = 12, 0.8  # words that a question may have of a long text, unless they are a smaller share of it

_LABEL = re.compile(
    r"[*#\s]*(?:(?:the|a|possible|user(?:['’]s)?)\s)?(?:request|question|instruction|prompt|query)\s*[*]*\s*[:：]\s*[*]*\s*",
    re.IGNORECASE,
)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "`": "`"}


def unlabelled(reply: str) -> str:
    """A reply without a label before it ("Question:") and without the quotation marks around all of it."""
    reply = reply.strip()
    if label := _LABEL.match(reply):
        reply = reply[label.end() :].strip()
    closing = _QUOTES.get(reply[:1])
    if closing and len(reply) > 1 and reply.endswith(closing) and not set(reply[1:-1]) & {reply[0], closing}:
        reply = reply[1:-1].strip()
    return reply


def gives_away(question: str, text: str, language: str) -> bool:
    """Whether a question has so much of a text in it that nothing is left to be answered.

    Only words in runs of six count that both have. Half of the text is too much, and so is a quotation that makes up
    the question.

    Args:
        question: that the text is to answer.
        text: in the same language.
        language: its BCP 47 tag.
    """
    words, text_words = plain_words(question, language), plain_words(text, language)
    shared = set(_runs(words)) & set(_runs(text_words))
    quoted = sum(_covered(words, shared))
    return (quoted >= MOST and quoted >= OF_QUESTION * len(words)) or (
        bool(shared) and sum(_covered(text_words, shared)) >= SHARE * len(text_words)
    )


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    order = min(ORDER, max(len(words), 1))
    return [tuple(words[start : start + order]) for start in range(len(words) - order + 1)]


def _covered(words: list[str], shared: set[tuple[str, ...]]) -> list[bool]:
    """Which words stand in one of the shared runs."""
    covered = [False] * len(words)
    for start, run in enumerate(_runs(words)):
        if run in shared:
            covered[start : start + len(run)] = [True] * len(run)
    return covered
