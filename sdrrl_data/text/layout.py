"""Which lines of a Markdown text are prose, and where in each line the prose begins."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sdrrl_data.text.protected import protected

# Without the rule for definitions of references, which takes "[Answer]: Paris" for one.
_MARKDOWN = MarkdownIt("commonmark").enable("table").disable("reference")

# Marks of list items that CommonMark does not know, one after another: "•", "a)", "(iv)", "1.Like this", "[x]".
_MARKER = re.compile(
    r"""(?: [^\w\s(\[{<$"'“‘«„¿¡]* [ \t]+
          | \(? (?: \d{1,3} | [a-z] | [A-H] | [ivxIVX]{2,5} ) [.)] [ \t]+ (?![A-Z]\.)
          | \d{1,2} [.)] (?=[^\W\d_])
          | \[[ xX]\] [ \t]+ )*""",
    re.VERBOSE,
)
# "**Term**: what it means", "**Term:** what it means", "*Term* - what it means"
_TERM = re.compile(
    r"""(?P<mark> [*_]{1,3} ) (?P<term> [^*_]+ ) (?P=mark) (?: : | [ ]+[–—-] | (?<=:[*_]) | (?<=:[*_][*_]) ) (?=\s)""",
    re.VERBOSE,
)
# How code without fences begins, and no prose: then all of the paragraph is code from there on.
_CODE = re.compile(
    r"""(?: def | func | function | fn ) [ ] \w+ [ ]? \( | class [ ] \w.* [:{] $ | (?: const | let | var ) [ ] \w+ [ ] =
      | import [ ] [\w.]+ (?: [ ] as [ ] \w+ )? ;? $ | from [ ] [\w.]+ [ ] import [ ] | \#include\b
      | .* [)>] [ ]? \{ $ | (?= .* \w\( ) .* \) ; $""",
    re.VERBOSE,
)
_CELL = re.compile(r"(?: [^|\\]++ | \\. )+", re.VERBOSE)
_RAW_HTML = re.compile(r"\s*<(?:script|style|pre|textarea|!--)", re.IGNORECASE)
_DISPLAY_MATHEMATICS = re.compile(
    r"""\$\$ (?: [^$`\n]++ | \n(?![ \t]*+\n) )+ \$\$
      | (?<!\\)\\\[ (?: [^\\`\n]++ | \n(?![ \t]*+\n) | \\[^\[\]] )+ \\\]""",
    re.VERBOSE,
)


def blocks(text: str) -> Iterator[list[tuple[int, int]]]:
    """The paragraphs, headings, table rows and HTML blocks of `text`, each as the spans of its lines (or cells).

    A span leaves out the marks of quotes, lists, tasks and headings and the space around them. Code blocks, rules,
    the rows that delimit the head of a table and blank lines are in no block.
    """
    if text[:1].isalpha() and "\n" not in text and "\r" not in text:
        # A single line that begins with a letter is a paragraph: the parser, which takes half of the time, is spared.
        yield _lines(text, 0, text)
    else:
        yield from _parsed(_as_parsed(text))


def _parsed(text: str) -> Iterator[list[tuple[int, int]]]:
    tokens: list[Token] = []
    _MARKDOWN.block.parse(text, _MARKDOWN, {}, tokens)
    line_starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]
    in_table = False
    for token in tokens:
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
        elif token.map:
            start, end = line_starts[token.map[0]], line_starts[token.map[1]] - 1
            if token.type == "tr_open":
                yield _cells(text, start, end)
            elif (token.type == "inline" and not in_table) or (
                token.type == "html_block" and not _RAW_HTML.match(token.content)
            ):
                yield _lines(text, start, token.content)


def _as_parsed(text: str) -> str:
    """`text` as the parser wants it, every character in its place.

    Formulas of several lines are hidden from it: it would take their lines for lists or headings.
    """
    text = text.replace("\r\n", " \n").replace("\r", "\n").replace("\0", "\ufffd")
    if "$$" not in text and "\\[" not in text:
        return text
    return _DISPLAY_MATHEMATICS.sub(_hidden, text)


def _hidden(formula: re.Match[str]) -> str:
    start, end = formula.span()
    return "x" * (end - start) if (start, end) in protected(formula.string, start, end) else formula[0]


def _lines(text: str, position: int, content: str) -> list[tuple[int, int]]:
    """Where the lines of `content`, which the parser took out of `text` from `position` on, stand in `text`."""
    spans: list[tuple[int, int]] = []
    for line in map(str.strip, content.split("\n")):
        if _CODE.match(line):
            break
        start = text.find(line, position)
        position = start + len(line)
        if line.startswith("|"):  # a row of a table that lacks its delimiter row
            spans += _cells(text, start, position)
        elif line:
            spans += _terms(text, start, position)
    return spans


def _cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [span for cell in _CELL.finditer(text, start, end) for span in _terms(text, *cell.span())]


def _terms(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A line or cell without its marker; in two if it explains a term."""
    if marker := _MARKER.match(text, start, end):
        start = marker.end()
    if term := _TERM.match(text, start, end):
        return [term.span("term"), (term.end(), end)]
    return [(start, end)]
