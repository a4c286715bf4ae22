"""The words of a text, in any script."""

from collections.abc import Iterable, Iterator

HYPHENS = ("-", "‐", "‑")  # what ties the words of a compound together


def words(text: str, language: str) -> list[tuple[int, int]]:
    """Where the words of `text` stand: (start, end) in characters, in order.

    `language` is a BCP 47 tag. Words are what Unicode's rules (UAX 29) and ICU's dictionaries for Chinese, Japanese,
    Thai, Lao, Khmer and Burmese give; what holds neither a letter nor a digit is no word.
    """
    from icu4py.breakers import WordBreaker

    spans = offsets(WordBreaker(text, language))
    # The first character mostly settles it.
    return [(start, end) for start, end in spans if text[start].isalnum() or any(map(str.isalnum, text[start:end]))]


def offsets(pieces: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where the pieces of an ICU breaker stand in its text.

    Its own `segments()` counts UTF-16 units, which are wrong for Python after the first emoji.
    """
    end = 0
    for piece in pieces:
        start, end = end, end + len(piece)
        yield start, end
