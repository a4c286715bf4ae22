"""Which lines of a Markdown text are prose, and where in each line the prose begins."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sdrrl_data.text.directives import Directive, directives
from sdrrl_data.text.front_matter import FrontMatter, front_matter
from sdrrl_data.text.protected import protected
from sdrrl_data.text.unfenced_code import code_start

# Without the rule for link reference definitions, which would match "[Answer]: Paris".
_MARKDOWN = MarkdownIt("commonmark").enable("table").disable("reference")

# Markers of list items that CommonMark does not know, one or several: "•", "a)", "(iv)", "1.Like", "-Like", "[x]".
_MARKER = re.compile(
    r"""(?: [^\w\s(\[{<$"'“‘«„¿¡]* [ \t]+
          | \(? (?: \d{1,3} | [a-z] | [A-H] | [ivxIVX]{2,5} ) [.)] [ \t]+ (?![A-Z]\.)
          | \d{1,2} [.)] (?=[^\W\d_])
          | [-–—•·▪●◦‣] (?=[^\W\d_])
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


Block = list[tuple[int, int]]
"""The spans of the lines (or cells) of a block."""


def blocks(text: str) -> Iterator[Block]:
    """The paragraphs, headings, table rows and HTML blocks of `text`, each as the spans of its lines (or cells).

    The spans do not contain the markers of quotes, lists, tasks, headings and notes, nor the space around them. Code
    blocks, horizontal rules, the delimiter rows of tables and blank lines are not in any block; of front matter, only
    the values that are prose are.
    """
    if _is_one_line(text):
        # A single line that begins with a letter is a paragraph. The parser, which takes half of the time, is skipped.
        yield _lines(text, 0, [text] if code_start([text]) is None else [])
        return
    parsed, head, marks = _as_parsed(text)
    if head is None and not marks:
        yield from _parsed(parsed)
        return
    all_blocks = [block for block in _without(marks, _parsed(parsed)) if block]
    all_blocks += [[title] for mark in marks for title in mark.titles]
    all_blocks += head.prose if head else []
    yield from sorted(all_blocks)


def outline(text: str) -> list[tuple[str, object]]:
    """What kind each block of a text is, and its number of lines or cells, or its code; in order.

    Two texts with the same outline look the same, whatever their sentences say.
    """
    if _is_one_line(text):
        return [("paragraph_open", ""), ("inline", 1)]
    parsed, head, marks = _as_parsed(text)
    parts: list[tuple[str, object]] = [("front matter", [*head.keys, head.is_valid()])] if head else []
    parts += [("mark", mark.replacement.rstrip()) for mark in marks]
    line_starts = _line_starts(parsed)
    in_table = False
    for token in _tokens(parsed):
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
        if token.type == "tr_open" and token.map:
            start, end = line_starts[token.map[0]], line_starts[token.map[1]] - 1
            parts.append(("row", sum(1 for _ in _CELL.finditer(parsed, start, end))))
        elif token.type in ("fence", "code_block"):
            parts.append((token.type, token.content))
        elif token.type == "inline" and not in_table:
            parts.append(("inline", token.content.count("\n") + 1))
        elif token.type.endswith("_open") and not in_table:
            parts.append((token.type, token.markup if token.type == "heading_open" else ""))
        elif token.type in ("html_block", "hr"):
            parts.append((token.type, token.content.count("\n")))
    return parts


def _is_one_line(text: str) -> bool:
    return text[:1].isalpha() and "\n" not in text and "\r" not in text


def _without(marks: Sequence[Directive], all_blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks without the lines that stand for these marks."""
    starts = [mark.start for mark in marks]
    for block in all_blocks:
        yield [line for line in block if not (n := bisect_right(starts, line[0])) or marks[n - 1].end < line[0]]


def _tokens(parsed: str) -> list[Token]:
    tokens: list[Token] = []
    _MARKDOWN.block.parse(parsed, _MARKDOWN, {}, tokens)
    return tokens


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]


def _parsed(text: str) -> Iterator[Block]:
    line_starts = _line_starts(text)
    in_table = after_code = False
    for token in _tokens(text):
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


def _as_parsed(text: str) -> tuple[str, FrontMatter | None, list[Directive]]:
    """`text` for the parser, with every character at its position; its front matter, and the marks of dialects.

    Those are hidden, and so are formulas of several lines: the parser would take their lines for lists or headings.
    """
    text = text.replace("\r\n", " \n").replace("\r", "\n").replace("\0", "\ufffd")
    if "$$" in text or "\\[" in text:
        text = _DISPLAY_MATHEMATICS.sub(_hidden, text)
    head = front_matter(text)
    if head:
        text = re.sub(r"[^\n]", " ", text[: head.end]) + text[head.end :]
    marks = list(directives(text))
    pieces = []
    end = 0
    for mark in marks:
        pieces += [text[end : mark.start], mark.replacement]
        end = mark.end
    return "".join([*pieces, text[end:]]), head, marks


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
