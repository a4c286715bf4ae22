"""The beginning of a long text, up to the end of a paragraph."""

import re

from sdrrl_data.text.words import words
from sdrrl_data.text.wraps import END_OF_SENTENCE

_BLANK_LINES = re.compile(r"\s*?(?:\r\n|\r|\n)[^\S\r\n]*[\r\n]")
_LINE_END = re.compile(r"[^\S\r\n]*[\r\n]")


def beginning(text: str, language: str, most: int) -> str | None:
    """The longest beginning of a text of at most so many words that ends with a paragraph.

    Blank lines stand between paragraphs; in a text without any, a line that ends a sentence is a paragraph.

    Args:
        text: any text.
        language: BCP 47 tag of its language, whose rules break it into words.
        most: words.

    Returns:
        The text itself if it is short enough, else its beginning, without the white space behind it; None if the first
        paragraph has too many words.
    """
    spans = words(text, language)
    if len(spans) <= most:
        return text
    first = spans[0][0]
    ends = [match.start() for match in _BLANK_LINES.finditer(text, first)]
    if not any(text[end:].strip() for end in ends):
        ends = [match.start() for match in _LINE_END.finditer(text, first)]
        ends = [end for end in ends if END_OF_SENTENCE.search(text[:end])]
    fitting = [end for end in ends if end <= spans[most][0]]
    return text[: fitting[-1]] if fitting else None
