"""Emphasis apart from the words: taken out of a sentence, and put into its translation where the words went."""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from sdrrl_data.text.paired_marks import as_read, continues_word, is_left_out
from sdrrl_data.text.protected import Span, protected
from sdrrl_data.text.segments import Segment
from sdrrl_data.text.words import words

# Characters for private use: a sentence that is sent with marks has them instead of its own, so that they can be told
# from everything else.
OPENING, CLOSING = "\ue000", "\ue001"

STEM = 5  # characters: two forms of a word begin with the same ones
_STAND_IN = re.compile(f"[{OPENING}{CLOSING}]")
# What may be found as it is: a number, or a name that is no short word, such as "No" in Portuguese.
_NAME = re.compile(r"\d+|(?=.*[\dA-Z]).{4,}", re.DOTALL)
_ABBREVIATION = re.compile(r"(?<!\w)\w\.(?:\w\.)*\w\Z")  # without its last period: "d.C", "p.m"
_SAME = (".。।", "?？؟;", "!！", ":：", ",，、،", "\"'“”‘’„«»「」『』", "(（", ")）")

Place = tuple[int, int]
"""Where emphasised words are (in characters, end excluded)."""


class Emphasis(NamedTuple):
    """Emphasised words of a bare sentence, and their marks."""

    place: Place
    opening: str
    closing: str


class Bare(NamedTuple):
    """A sentence without marks of emphasis."""

    text: str
    segment: Segment  # all of the text, with its other spans
    emphases: tuple[Emphasis, ...]  # by their starts, the outer ones first

    def within(self, place: Place) -> Segment:
        """A part of the sentence, with the spans in it."""
        return Segment(*place, tuple(span for span in self.segment.spans if place[0] <= span.start < place[1]))


def without_emphasis(text: str, segment: Segment) -> Bare:
    """A segment of a text as a text of its own, without the marks of its emphasis."""
    pieces: list[str] = []
    spans: list[Span] = []
    emphases: list[Emphasis] = []
    opened: list[tuple[int, str]] = []
    length, position = 0, segment.start
    for span in segment.spans:
        mark = text[span.start : span.end]
        is_mark = is_left_out(text, span)
        end = span.start if is_mark else span.end
        pieces.append(text[position:end])
        length += end - position
        position = span.end
        if not is_mark:
            spans.append(Span(length - len(mark), length, span.role))
        elif span.role == "opening":
            opened.append((length, mark))
        else:
            start, opening = opened.pop()
            emphases.append(Emphasis((start, length), opening, mark))
    pieces.append(text[position : segment.end])
    bare = "".join(pieces)
    emphases.sort(key=lambda emphasis: (emphasis.place[0], -emphasis.place[1]))
    return Bare(bare, Segment(0, len(bare), tuple(spans)), tuple(emphases))


def has_stand_ins(text: str) -> bool:
    """Whether a text has these characters, so that they cannot stand for marks."""
    return bool(_STAND_IN.search(text))


def with_stand_ins(bare: Bare, places: Sequence[Place]) -> tuple[str, Segment]:
    """The sentence with stand-ins for marks at these places of it, as a text and its only segment."""
    text = with_marks(bare.text, [Emphasis(place, OPENING, CLOSING) for place in places])
    positions = [position for position, char in enumerate(text) if not _STAND_IN.match(char)] + [len(text)]
    spans = [Span(positions[span.start], positions[span.end - 1] + 1, span.role) for span in bare.segment.spans]
    for mark in _STAND_IN.finditer(text):
        spans.append(Span(*mark.span(), "opening" if mark[0] == OPENING else "closing"))
    return text, Segment(0, len(text), tuple(sorted(spans)))


def without_stand_ins(text: str) -> tuple[str, list[Place]]:
    """A text without stand-ins, and the places that they were around, in the order of their openings."""
    places: list[Place] = []
    opened: list[int] = []
    for number, mark in enumerate(_STAND_IN.finditer(text)):
        position = mark.start() - number
        if mark[0] == OPENING:
            opened.append(len(places))
            places.append((position, position))
        else:
            index = opened.pop()
            places[index] = places[index][0], position
    return _STAND_IN.sub("", text), places


def with_marks(text: str, emphases: Sequence[Emphasis]) -> str:
    """The text with the marks of emphases, whose places are in it."""
    marks = [
        mark
        for number, ((start, end), opening, closing) in enumerate(emphases)
        for mark in ((end, 0, -start, -number, closing), (start, 1, -end, number, opening))
    ]
    pieces: list[str] = []
    position = 0
    for place, *_, mark in sorted(marks):
        pieces += [text[position:place], mark]
        position = place
    return "".join([*pieces, text[position:]])


def reads_back(text: str, emphases: Sequence[Emphasis]) -> bool:
    """Whether a reader of the text with these marks takes them for marks of emphasis, and not for characters."""
    with_emphasis = with_marks(text, emphases)
    return as_read(with_emphasis, protected(with_emphasis, 0, len(with_emphasis))) == as_read(
        text, protected(text, 0, len(text))
    )


def widened(place: Place, spans: Sequence[Place]) -> Place:
    """The place with all of the spans, such as code, that it would cut."""
    start, end = place
    for span_start, span_end in spans:
        if span_start < start < span_end:
            start = span_start
        if span_start < end < span_end:
            end = span_end
    return start, end


def place_of_all(bare: Bare, place: Place, translation: str) -> Place | None:
    """Where the emphasis belongs if all words are emphasised: around all words of the translation."""
    before, after = bare.text[: place[0]], bare.text[place[1] :]
    if any(map(str.isalnum, before + after)):
        return None
    start = len(before) if translation.startswith(before) else 0
    end = len(translation)
    for char in reversed(after.strip()):
        if end - 1 > start and _is_same(char, translation[end - 1]):
            end -= 1
    return start, len(translation[:end].rstrip())


def place_of_initial(bare: Bare, place: Place, translation: str) -> Place | None:
    """Where the emphasis of the first letters of the first word belongs: "**S**top"."""
    is_first = not any(map(str.isalnum, bare.text[: place[0]])) and bare.text[slice(*place)].isalnum()
    if not is_first or not _is_in_word(bare.text, place[1]):
        return None
    start, _ = _ends(translation)
    end = start + place[1] - place[0]
    return (start, end) if _is_in_word(translation, end) else None


def is_of_words(bare: Bare, place: Place) -> bool:
    """Whether the emphasis is of whole words."""
    return not any(_is_in_word(bare.text, edge) for edge in place)


def place_of_words(bare: Bare, place: Place, phrase: str, translation: str) -> Place | None:
    """Where the translation of the emphasised words is, if it is there as often as these words are in the sentence."""
    source_words = _core(bare.text[slice(*place)])
    sources = _occurrences(source_words, bare.text)
    targets = _occurrences(_core(phrase), translation)
    if len(sources) != len(targets):
        return None
    inside = [target for source, target in zip(sources, targets, strict=True) if place[0] <= source[0] < place[1]]
    return _with_outer_marks(bare.text[slice(*place)], translation, inside[0]) if inside else None


def place_of_name(bare: Bare, place: Place, translation: str) -> Place | None:
    """Where emphasised words are that stayed as they are."""
    name = _core(bare.text[slice(*place)])
    return place_of_words(bare, place, name, translation) if _NAME.fullmatch(name) and name in translation else None


def place_by_alignment(
    bare: Bare, place: Place, marked: tuple[str, Place], translation: str, language: str
) -> Place | None:
    """Where the words are that another translation of the sentence has at a place.

    Args:
        bare: the sentence.
        place: of the emphasised words in it.
        marked: another translation, and their place in it.
        translation: in which they are looked for.
        language: of both translations, as a BCP 47 tag.
    """
    other, (start, end) = marked
    other_words, target_words = words(other, language), words(translation, language)
    inside = [number for number, word in enumerate(other_words) if start <= word[0] and word[1] <= end]
    if not inside or not target_words:
        return None
    stems, target_stems = _stems(other, other_words), _stems(translation, target_words)
    blocks = SequenceMatcher(None, stems, target_stems, autojunk=False).get_matching_blocks()
    same = {block.a + step: block.b + step for block in blocks for step in range(block.size)}
    # Beyond the words of both translations, the first and the last words are next to the same edge.
    same[-1], same[len(other_words)] = -1, len(target_words)
    first = same.get(inside[0], same.get(inside[0] - 1, len(target_words)) + 1)
    last = same.get(inside[-1], same.get(inside[-1] + 1, -1) - 1)
    if last >= len(target_words) or not _is_as_long(last - first + 1, len(inside)):
        return None
    around = {*stems[: inside[0]], *stems[inside[-1] + 1 :]}
    elsewhere = {*target_stems[:first], *target_stems[last + 1 :]}
    if any(stems[number] in elsewhere - around for number in inside):  # some of the words went elsewhere
        return None
    target_place = target_words[first][0], target_words[last][1]
    return _with_outer_marks(bare.text[slice(*place)], translation, target_place)


def _is_as_long(count: int, expected: int) -> bool:
    """Whether so many words may have the meaning of so many others."""
    return expected / 2 <= count <= max(expected + 1, 1.5 * expected)


def is_compatible(source: Place, target: Place, places: Mapping[Place, Place]) -> bool:
    """Whether a place is inside, around or beside each other place as it is in the source: no emphasis crosses another.

    Args:
        source: the place in the bare sentence.
        target: the place in its translation.
        places: the other places in the bare sentence, and those in its translation.
    """
    return all(
        _relation(target, other_target) == _relation(source, other_source)
        for other_source, other_target in places.items()
    )


def _relation(place: Place, other: Place) -> str:
    if place[1] <= other[0] or other[1] <= place[0]:
        return "beside"
    if other[0] <= place[0] and place[1] <= other[1]:
        return "inside"
    return "around" if place[0] <= other[0] and other[1] <= place[1] else "across"


def _occurrences(phrase: str, text: str) -> list[Place]:
    """Where the words of a phrase are in a text, in capitals or not."""
    if not phrase:
        return []
    return [
        match.span()
        for match in re.finditer(re.escape(phrase), text, re.IGNORECASE)
        if not _is_in_word(text, match.start()) and not _is_in_word(text, match.end())
    ]


def _is_in_word(text: str, position: int) -> bool:
    return 0 < position < len(text) and continues_word(text[position - 1]) and continues_word(text[position])


def _core(phrase: str) -> str:
    """A phrase from its first letter or digit to its last one."""
    start, end = _ends(phrase)
    return phrase[start:end]


def _ends(phrase: str) -> Place:
    alphanumeric = [position for position, char in enumerate(phrase) if char.isalnum()]
    return (alphanumeric[0], alphanumeric[-1] + 1) if alphanumeric else (0, 0)


def _with_outer_marks(phrase: str, translation: str, place: Place) -> Place:
    """The place with what is around it: an abbreviation's period, and the phrase's quotation marks, brackets, …"""
    start, end = place
    if _ABBREVIATION.search(translation, start, end) and translation.startswith(".", end):
        end += 1
    first, last = _ends(phrase)
    for char in reversed(phrase[:first]):
        if start and _is_same(char, translation[start - 1]):
            start -= 1
    for char in phrase[last:]:
        if end < len(translation) and _is_same(char, translation[end]):
            end += 1
    return start, end


def _is_same(char: str, other: str) -> bool:
    """Whether two marks are the same, each as its language writes it."""
    return char == other or any(char in marks and other in marks for marks in _SAME)


def _stems(text: str, spans: Sequence[Place]) -> list[str]:
    return [text[start:end].casefold()[:STEM] for start, end in spans]
