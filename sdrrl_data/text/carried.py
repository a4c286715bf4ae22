"""Which symbols of a sentence go through a translator as placeholders, with the number or the word that they touch."""

import unicodedata
from collections.abc import Iterator

import regex

from sdrrl_data.text.entities import ENTITY
from sdrrl_data.text.equivalents import entity_is_readable, is_readable
from sdrrl_data.text.paired_marks import between, continues_word, matched
from sdrrl_data.text.protected import Span
from sdrrl_data.text.segments import Segment
from sdrrl_data.text.symbols import Symbol, symbols

# Between two of these, a word goes on: "user.name", "x=1", "Müller-Lyer".
_WITHIN_WORD = "._\\^:&+=@#%-−"
_OPERAND = (
    r"(?:\p{Sc}?\d(?:[.,]?\d)*+\p{No}*+(?:\s?[%°]\p{L}?)?|\p{L}[\p{No}′]*+(?:\([\w\s,.+-]{1,12}\))?(?![\p{L}'’])"
    r"|\([^()\p{L}]{1,40}\))"
)
_OPERATOR = r"(?:\*|/|-|[<>=!]=|(?![|~])[\p{Sm}^])"
_FORMULA = regex.compile(
    rf"(?<![\w.,])(?:{_OPERATOR}\s?+)?+{_OPERAND}(?:\s?{_OPERATOR}{{1,2}}+\s?{_OPERAND})++"
    r"|\d+\s[¼-¾⅐-⅞]"
    rf"|[~±≈≤≥<>∼≲≳√+−-]\s?{_OPERAND}"
)
_ENTITY = regex.compile(ENTITY)
_NAME = regex.compile(r"(?<![^\W_])[A-HJ-Z](?![^\W_])")  # not "I"
_LONE_LETTERS = regex.compile(r"(?: [\W\d_] | (?<![^\W\d_])[A-Za-z](?![^\W\d_]) )*+", regex.VERBOSE)
_ARITHMETIC = regex.compile(r"[=*+/^<>]")
_LETTERS = regex.compile(r"\p{Ll}{3}")

_NAME_SIGNS = "™®©℠"


def carrying(
    text: str, segment: Segment, characters: frozenset[str] | None, every_symbol: bool = False
) -> Segment | None:
    """The segment with further spans: the symbols that are to be carried. Emoji and the like at its ends are left out.

    None if an emoji, an arrow or the like touches words on both sides, so that the sentence has to be cut there.

    Args:
        text: has the segment.
        segment: of the text.
        characters: that the translator has. What holds another character is carried. None: they are not known.
        every_symbol: whether all symbols are carried.
    """
    runs: list[Span] = []
    separators: set[Span] = set()
    for start, end in _prose(segment):
        for symbol in _to_carry(text, start, end, characters, every_symbol):
            run = _run(text, start, end, symbol)
            if run is None:
                return None
            is_separator = symbol.kind == "separator" and run[:2] == symbol[:2]
            if runs and runs[-1].end > start and not text[runs[-1].end : run.start].strip():
                is_separator = is_separator and runs[-1] in separators
                before = runs.pop()
                run = Span(before.start, max(before.end, run.end), "word")
            runs.append(run)
            if is_separator:
                separators.add(run)
    if not runs:
        return segment
    spans = sorted([*segment.spans, *runs])
    if len(runs) < len(spans):
        spans, _ = matched(text, spans)
    return _without_outer(text, Segment(segment.start, segment.end, tuple(spans)), separators)


def cut_at_separators(text: str, segment: Segment) -> Segment:
    """The segment with a span for each emoji, arrow and the like, so that it can be cut there."""
    separators = [
        Span(symbol.start, symbol.end, "word")
        for start, end in _prose(segment)
        for symbol in symbols(text, start, end)
        if symbol.kind == "separator" and symbol.key not in _NAME_SIGNS
    ]
    return segment._replace(spans=tuple(sorted([*segment.spans, *separators])))


def has_prose(text: str, segment: Segment) -> bool:
    """Whether there are words outside the segment's spans; names of one letter, as in "A + B" or "n * n", are none."""
    prose = " ".join(between(text, *segment))
    return any(map(str.isalpha, _NAME.sub("", prose))) and not _is_figure(prose)


def has_letters(text: str, segment: Segment) -> bool:
    """Whether there are letters outside the segment's spans."""
    return any(map(str.isalpha, "".join(between(text, *segment))))


def _is_figure(prose: str) -> bool:
    """Whether it is an equation or a drawing: a translator wrote "n n * n" for "n * n", and "( o.o)" for "( o.o )"."""
    if not _LONE_LETTERS.fullmatch(prose):
        return False
    letters = sum(map(str.isalpha, prose))
    marks = sum(not (char.isalnum() or char.isspace()) for char in prose)
    return bool(_ARITHMETIC.search(prose)) or marks > letters


def _prose(segment: Segment) -> list[tuple[int, int]]:
    """The stretches of a segment outside its spans."""
    edges = [segment.start, *(edge for span in segment.spans for edge in span[:2]), segment.end]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def _to_carry(
    text: str, start: int, end: int, characters: frozenset[str] | None, every_symbol: bool
) -> Iterator[Symbol]:
    """The symbols to be carried, and the characters that the translator does not have, in order."""
    place = start
    for symbol in symbols(text, start, end):
        yield from _unreadable(text, place, symbol.start, characters)
        if every_symbol or any(True for _ in _unreadable(text, symbol.start, symbol.end, characters)):
            yield symbol
        place = symbol.end
    yield from _unreadable(text, place, end, characters)


def _unreadable(text: str, start: int, end: int, characters: frozenset[str] | None) -> Iterator[Symbol]:
    """The characters, and the entities for characters, that a translator with these characters cannot read."""
    if characters is None or (characters.issuperset(text[start:end]) and "&" not in text[start:end]):
        return
    place = start
    while place < end:
        entity = _ENTITY.match(text, place, end)
        readable = entity_is_readable(entity[0], characters) if entity else is_readable(text, place, characters)
        following = entity.end() if entity else place + 1
        if not readable:
            yield Symbol(place, following, text[place:following], "sign")
        place = following


def _run(text: str, start: int, end: int, symbol: Symbol) -> Span | None:
    """What is carried for a symbol in `text[start:end]`: with the formula, the number or the word that it belongs to.

    None if the sentence has to be cut at the symbol.
    """
    left, right = symbol.start, symbol.end
    if symbol.kind == "word":
        return Span(left, right, "word")
    if symbol.kind == "sign":
        for formula in _FORMULA.finditer(text, start, end):
            if formula.start() < right and left < formula.end():
                left, right = min(left, formula.start()), max(right, formula.end())
    while left > start and _goes_on(text[left - 1], text[left - 2 : left - 1] if left - 1 > start else ""):
        left -= 1
    while right < end and _goes_on(text[right], text[right + 1 : right + 2] if right + 1 < end else ""):
        right += 1
    touches_words = _LETTERS.search(text, left, symbol.start) or _LETTERS.search(text, symbol.end, right)
    if touches_words and symbol.kind == "separator" and symbol.key not in _NAME_SIGNS:
        return None
    return Span(left, right, "word")


def _goes_on(char: str, beyond: str) -> bool:
    """Whether a word goes on with this character, beyond which another one stands."""
    if continues_word(char) or unicodedata.category(char) in ("Mn", "No"):
        return True
    if char == ",":
        return beyond.isdigit()
    return char in _WITHIN_WORD and bool(beyond) and continues_word(beyond)


def _without_outer(text: str, segment: Segment, separators: set[Span]) -> Segment:
    """The segment without separators at its ends."""
    start, end, spans = segment
    while spans and spans[-1] in separators and not text[spans[-1].end : end].strip():
        end = start + len(text[start : spans[-1].start].rstrip())
        spans = spans[:-1]
    while spans and spans[0] in separators and not text[start : spans[0].start].strip():
        rest = text[spans[0].end : end]
        if rest[:1] and not rest[0].isspace() and not rest[0].isalpha():
            break
        start = end - len(rest.lstrip())
        spans = spans[1:]
    return Segment(start, max(start, end), spans)
