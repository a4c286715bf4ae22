"""Lines that are marks of a Markdown dialect or of reStructuredText, and the titles in them.

Sources: the manuals of GitHub and Obsidian ("> [!NOTE]"), of Pandoc, Docusaurus and MyST (":::note", "```{note}"), of
Material for MkDocs ("!!! note", '=== "Tab"'), and of reStructuredText (".. note::").
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_BEFORE = r"(?P<before> [ \t]* (?: >[ \t]* )* )"
_ATTRIBUTES = r"(?P<attributes> \{[^{}\n]*\} )?"
_PROSE = (
    "(?: admonition|attention|caution|danger|dropdown|error|hint|important|note|seealso|tip|topic|warning|versionadded"
    "|versionchanged|deprecated )"
)
_KINDS = (
    r"\[! [A-Za-z][\w-]* \][+-]? (?: [ \t]+ (?P<alert> [^\n]+ ) )?",
    rf""":{{3,}} [ \t]* (?: [\w-]+ | \{{[\w-]+\}} )? (?: \[ (?P<label> [^\[\]\n]* ) \] )? [ \t]* {_ATTRIBUTES}
      (?: [ \t]* (?P<container> [^\s:{{][^\n]* ) )?""",
    r"""(?P<block> !!! | \?\?\?\+? ) [ \t]+ [a-z][\w-]* (?: [ \t]+ (?: inline | end ) )*
      (?: [ \t]+ "(?P<titled> [^"\n]* )" )?""",
    r"""(?P<tab> ===[!+]? ) [ \t]+ "(?P<tab_title> [^"\n]* )" """,
    rf"\.\.[ \t]+ (?: {_PROSE} :: [ \t]* (?P<argument> [^\n]* ) | [\w:-]+ :: [^\n]* )",
    rf"(?P<fence> `{{3,}} | ~{{3,}} ) \{{ {_PROSE} \}} (?: [ \t]+ (?P<fence_title> [^`\n]+ ) )?",
)
_LINE = re.compile(rf"{_BEFORE} (?: {' | '.join(_KINDS)} ) [ \t]*", re.VERBOSE)
_TITLES = ("alert", "label", "container", "titled", "tab_title", "argument", "fence_title")
_OPTION = re.compile(r"[ \t>]*:[a-z][\w-]*:(?:[ \t].*)?")  # of the directive before it
_TITLE_ATTRIBUTE = re.compile(r'(?<=[{ \t])(?:title|summary)="(?P<title>[^"\n]+)"')
_SIGN = re.compile(r"^[ \t>]*(?:\[!|:::|!!!|\?\?\?|===|\.\.[ \t]|```+\{|~~~+\{)", re.MULTILINE)
_FENCE = re.compile(r"[ \t>]*(?P<fence>`{3,}(?!.*`)|~{3,})(?P<info>.*)")


class Directive(NamedTuple):
    """A line that is no prose but for the titles in it."""

    start: int  # of the line, in characters of the text
    end: int
    titles: list[tuple[int, int]]
    replacement: str  # as long as the line: what stands for it in the Markdown that the parser knows


def directives(text: str) -> Iterator[Directive]:
    """The directives of a text whose line ends are "\\n", in order; not those in a block of code."""
    if not _SIGN.search(text):
        return
    start = 0
    code = notes = ""  # the fence of the code, or of the note, that this line is in
    is_option = False
    for line in text.split("\n"):
        end = start + len(line)
        fence = _FENCE.fullmatch(line)
        if code:
            if fence and fence["fence"].startswith(code) and not fence["info"].strip():
                code = ""
        elif notes and line.strip(" \t>") == notes:
            notes = ""
            yield Directive(start, end, [], " " * len(line))
        elif is_option := is_option and bool(_OPTION.fullmatch(line)):
            yield Directive(start, end, [], " " * len(line))
        elif directive := _LINE.fullmatch(line):
            notes = directive["fence"] or notes
            is_option = True
            yield Directive(start, end, _titles(directive, start), _replacement(directive))
        elif fence:
            code = fence["fence"]
        start = end + 1


def _titles(directive: re.Match[str], offset: int) -> list[tuple[int, int]]:
    spans = [directive.span(name) for name in _TITLES if directive[name] and directive[name].strip()]
    if directive["attributes"]:
        attributes = directive.span("attributes")
        spans += [title.span("title") for title in _TITLE_ATTRIBUTE.finditer(directive[0], *attributes)]
    return [(offset + start, offset + end) for start, end in spans]


def _replacement(directive: re.Match[str]) -> str:
    """The marks of quotes alone; an item of a list for what holds all lines that are indented by four."""
    before, length = directive["before"], len(directive[0]) - len(directive["before"])
    if directive["block"] or directive["tab"]:
        return before + "-   x".ljust(length)[:length]
    return before + " " * length
