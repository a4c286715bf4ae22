"""Which lines of a Markdown text are prose, and where in each line the prose begins."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sdrrl_data.text.protected import protected
from sdrrl_data.text.unfenced_code import code_start

# Without the rule for link reference definitions, which would match "[Answer]: Paris".
_MARKDOWN = MarkdownIt("commonmark").enable("table").disable("reference")

# Markers of list items that CommonMark does not know, one or several: "•", "a)", "(iv)", "1.Like this", "[x]".
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
_CELL = re.compile(r"(?: [^|\\]++ | \\. )+", re.VERBOSE)
_RAW_HTML = re.compile(r"\s*<(?:script|style|pre|textarea|!--)", re.IGNORECASE)
_DISPLAY_MATHEMATICS = re.compile(
    r"""\$\$ (?: [^$`\n]++ | \n(?![ \t]*+\n) )+ \$\$
      | (?<!\\)\\\[ (?: [^\\`\n]++ | \n(?![ \t]*+\n) | \\[^\[\]] )+ \\\]""",
    re.VERBOSE,
)


def blocks(text: str) -> Iterator[list[tuple[int, int]]]:
    """The paragraphs, headings, table rows and HTML blocks of `text`, each as the spans of its lines (or cells).

    The spans do not contain the markers of quotes, lists, tasks and headings, nor the space around them. Code blocks,
    horizontal rules, the delimiter rows of tables and blank lines are not in any block.
    """
    if text[:1].isalpha() and "\n" not in text and "\r" not in text:
        # A single line that begins with a letter is a paragraph. The parser, which takes half of the time, is skipped.
        yield _lines(text, 0, [text] if code_start([text]) is None else [])
    else:
        yield from _parsed(_as_parsed(text))


def _parsed(text: str) -> Iterator[list[tuple[int, int]]]:
    tokens: list[Token] = []
    _MARKDOWN.block.parse(text, _MARKDOWN, {}, tokens)
    line_starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]
    in_table = after_code = False
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
                lines = token.content.split("\n")
                first_of_code = code_start(lines)
                # Indented behind code, as the second half of a function is; in lists, text is indented too.
                after_code = token.level == 1 and (first_of_code == 0 or (after_code and text[start].isspace()))
                yield _lines(text, start, [] if after_code else lines[:first_of_code])


def _as_parsed(text: str) -> str:
    """`text` for the parser, with every character at its position.

    Formulas of several lines are hidden: the parser would take their lines for lists or headings.
    """
    text = text.replace("\r\n", " \n").replace("\r", "\n").replace("\0", "\ufffd")
    if "$$" not in text and "\\[" not in text:
        return text
    return _DISPLAY_MATHEMATICS.sub(_hidden, text)


def _hidden(formula: re.Match[str]) -> str:
    start, end = formula.span()
    return "x" * (end - start) if (start, end) in protected(formula.string, start, end) else formula[0]


def _lines(text: str, position: int, lines: Sequence[str]) -> list[tuple[int, int]]:
    """The spans in `text` of these lines of prose, which the parser found in `text` from `position` on."""
    spans: list[tuple[int, int]] = []
    for line in map(str.strip, lines):
        start = text.find(line, position)
        position = start + len(line)
        if line.startswith("|"):  # a row of a table without a delimiter row
            spans += _cells(text, start, position)
        elif line:
            spans += _terms(text, start, position)
    return spans


def _cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [span for cell in _CELL.finditer(text, start, end) for span in _terms(text, *cell.span())]


def _terms(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A line or cell without its marker; in two parts if it explains a term."""
    if marker := _MARKER.match(text, start, end):
        start = marker.end()
    if term := _TERM.match(text, start, end):
        return [term.span("term"), (term.end(), end)]
    return [(start, end)]
