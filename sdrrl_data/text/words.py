"""The words of a text, in any script."""

from collections.abc import Iterable, Iterator

HYPHENS = ("-", "‐", "‑")  # the marks between the words of a compound


def words(text: str, language: str) -> list[tuple[int, int]]:
    """The positions of the words of `text`: (start, end) in characters, in order.

    `language` is a BCP 47 tag. Words are found by Unicode's rules (UAX 29) and by ICU's dictionaries for Chinese,
    Japanese, Thai, Lao, Khmer and Burmese. A piece with neither a letter nor a digit is not a word.
    """
    from icu4py.breakers import WordBreaker

    spans = offsets(WordBreaker(text, language))
    # The first character usually decides.
    return [(start, end) for start, end in spans if text[start].isalnum() or any(map(str.isalnum, text[start:end]))]


def offsets(pieces: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The positions of an ICU breaker's pieces in its text: (start, end) in characters.

    The breaker's `segments()` counts UTF-16 units, which are wrong for Python after the first emoji.
    """
    end = 0
    for piece in pieces:
        start, end = end, end + len(piece)
        yield start, end
