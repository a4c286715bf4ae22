"""Words that people read within marks: `alt`, `title` and the like in tags and shortcodes, and the titles of links."""

import re
from collections.abc import Iterator

_TAG = re.compile(r"<[A-Za-z][^<>]*>|\{\{[<%] [^{}]* [>%]\}\}")
# Values with marks of code or of templates are kept.
_QUOTED = r"""(?P<mark>["'])(?P<words>[^"'<>{}&_/\\=\n]*[^\W\d_]{3}[^"'<>{}&_/\\=\n]*)(?P=mark)"""
_VALUE = re.compile(rf"\s(?:alt|aria-label|caption|label|placeholder|summary|title)={_QUOTED}")
# From the end of its text on; or the definition of a reference.
_ADDRESS = r"\](?:\([ \t]*|:[ \t]+)(?:<[^<>\n]*>|[^\s<]*)[ \t]+"
_TITLE = re.compile(rf"(?:\[[^\[\]\n]+)?{_ADDRESS}{_QUOTED}[ \t]*(?:\).*)?")
_BEFORE = re.compile(rf"(?:=[ \t]*|{_ADDRESS})[\"']\Z")


def words_of_attributes(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The words in a tag, a shortcode, or the end of a link: (start, end) in `text`, in order; none if it is neither.

    Args:
        text: has the tag.
        start: of the tag.
        end: of the tag.
    """
    values = [title] if (title := _TITLE.fullmatch(text, start, end)) else []
    if _TAG.fullmatch(text, start, end):
        values = list(_VALUE.finditer(text, start, end))
    for value in values:
        words = value["words"].strip()
        first = value.start("words") + value["words"].find(words)
        yield first, first + len(words)


def breaks_attribute(text: str, start: int, translation: str) -> bool:
    """Whether a translation would end the value of an attribute, or a title, that begins at a position of a text."""
    mark = text[start - 1 : start]
    is_mark_of_translation = mark in ("'", '"') and mark in translation
    return is_mark_of_translation and bool(_BEFORE.search(text, text.rfind("\n", 0, start) + 1, start))
