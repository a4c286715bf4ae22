"""The values of attributes that people read, in tags of HTML and in shortcodes: `alt`, `title` and the like."""

import re
from collections.abc import Iterator

_TAG = re.compile(r"<[A-Za-z][^<>]*>|\{\{[<%] [^{}]* [>%]\}\}")
# Values with marks of code or of templates are kept.
_VALUE = re.compile(
    r"""\s(?:alt|aria-label|caption|label|placeholder|summary|title)="""
    r"""(?P<mark>["'])(?P<words>[^"'<>{}&_/\\=\n]*[^\W\d_]{3}[^"'<>{}&_/\\=\n]*)(?P=mark)"""
)
_BEFORE = re.compile(r"=[ \t]*(?P<mark>[\"'])\Z")


def words_of_attributes(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The words in the attributes of a tag or shortcode: (start, end) in `text`, in order; none if it is neither.

    Args:
        text: has the tag.
        start: of the tag.
        end: of the tag.
    """
    if _TAG.fullmatch(text, start, end):
        for value in _VALUE.finditer(text, start, end):
            words = value["words"].strip()
            first = value.start("words") + value["words"].find(words)
            yield first, first + len(words)


def breaks_attribute(text: str, start: int, translation: str) -> bool:
    """Whether a translation would end the value of an attribute that begins at a position of a text."""
    before = _BEFORE.search(text, max(start - 4, 0), start)
    return before is not None and before["mark"] in translation
