"""Text that a translation must not change: code, URLs, paths, mathematics, HTML, placeholders, the ends of links.

Both regular expressions take linear time: a failed attempt ends where the next opener of its kind begins, and parts
that could match in several ways are matched possessively.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, cast

from sdrrl_data.text.entities import ENTITY, is_character
from sdrrl_data.text.slots import is_slot

Role = Literal["word", "slot", "opening", "closing", "gap"]


class Span(NamedTuple):
    """A protected span (in characters, end excluded), and its role in the sentence.

    It can be a word of the sentence (code, a URL), the opening or closing of a pair around some of its words (the ends
    of a link, a pair of tags), or a gap between two sentences (a tab, a comment). A slot is a word of the sentence,
    too, but is not protected: the words in it are translated.
    """

    start: int
    end: int
    role: Role


# Only letters of scripts with spaces between words: in other scripts, the text may go on without a space.
_URL_CHARACTER = r"[A-Za-z0-9\u00c0-\u04ff\u1e00-\u1eff._~:/?\#@!$&'*+,;=%{}-]"
_URL_REST = rf"(?: {_URL_CHARACTER}++ | \({_URL_CHARACTER}*+\) )+"
_PATH_CHARACTER = r"[A-Za-z0-9_.~%+@-]"
_FILE_CHARACTER = r'[^\s\\/:*?"<>|]'
_TITLE = r"""(?: "[^"]*+" | '[^']*+' | \([^()]*+\) )"""
# The attributes of Pandoc and kramdown: {#id .class key="value"}, {: .lead}, {:toc}
_ATTRIBUTE = (
    r"""(?: \#[\w:.-]++ | \.[A-Za-z][\w-]*+ | [A-Za-z_][\w:-]*+=(?: "[^"\n]*+" | '[^'\n]*+' | [^\s{}"'=]++ ) )"""
)
_ATTRIBUTE_LIST = rf"(?: \{{ (?: ::?[a-z_]++ | :?\s*+ {_ATTRIBUTE} ) (?: \s++ {_ATTRIBUTE} )* \s*+ \}} )"
# A label in brackets, but not after a number or a letter: "[1][2]" and "[a][note]" are citations.
_LINK_TARGET = rf"""(?:
    \(\s*+ (?: <[^<>\n]*+> | (?: [^\s()<]++ | \([^\s()]*+\) )* ) (?: \s++ {_TITLE} )? \s*+\) {_ATTRIBUTE_LIST}?
  | {_ATTRIBUTE_LIST}
  | \[ (?<! \[[0-9a-z]\]\[ ) (?<! \[[0-9]{{2}}\]\[ ) (?<! \[[0-9]{{3}}\]\[ ) [^\[\]\n]*+ \]
)"""
_TAG_NAME = r"[A-Za-z][A-Za-z0-9_-]*+(?:[:.][A-Za-z0-9_-]++)*+"  # of XML, too: "dc:title"
_ATTRIBUTE_NAME = r"\s++[A-Za-z_:@][\w.:@-]*+"
_ATTRIBUTE_VALUE = r"""\s*+=\s*+ (?: "[^"<]*+" | '[^'<]*+' | [^\s"'=<>`]++ )"""
_ENVIRONMENT = (
    r"(?: equation | align(?:ed|at)? | gather(?:ed)? | multline | eqnarray | split | d?cases | array"
    r"  | [pbBvV]?matrix )\*?"
)

# Elements whose closing tag may be missing, or in another paragraph. A tag with any other name and without a closing
# tag is a placeholder: "<your_name>".
_ELEMENT = re.compile(
    r"a|article|aside|b|blockquote|body|br|button|center|code|d[dlt]|details|div|em|figure|font|footer|form|h[1-6r]|head"
    r"|header|html|i|img|input|label|li|link|main|mark|meta|nav|ol|option|p|section|select|small|span|strong|su[bp]"
    r"|summary|table|tbody|t[dhr]|thead|title|ul?|video|wbr",
)
# Elements that are not part of a sentence.
_BLOCK_ELEMENT = re.compile(
    r"article|aside|blockquote|body|br|center|d[dlt]|details|div|figure|footer|form|h[1-6r]|head|header|html|li|main|nav"
    r"|ol|option|p|section|select|summary|table|tbody|t[dhr]|tfoot|thead|ul",
)
_CLOSING_TAG = re.compile(rf"</({_TAG_NAME})", re.VERBOSE)

# Tried in this order, from left to right, so that the first to begin wins: a `$` within code is not mathematics.
_MARKUP = [
    # Markdown: an escaped mark, which is not protected, but does not open anything either
    ("escape", r"\\[\\`$<{*_]"),
    # a pipe in a cell of a table
    ("word", r"\\\|"),
    # code, between two runs of equally many backticks
    ("word", r"(?P<ticks> (?<!`)`{1,99}(?!`) ) (?: [^`]++ | (?!(?P=ticks)(?!`))`++ )* (?P=ticks)(?!`)"),
    # both ends of a link or an image, but not its text
    ("opening", rf"!?\[ (?= (?: [^\[\]]++ | \[[^\[\]]*+\] )*+ \] {_LINK_TARGET} )"),
    ("closing", rf"\] {_LINK_TARGET}"),
    # the definition of a reference; the mark of a footnote; a letter after a sentence, which is a citation
    (
        "gap",
        r"\[[^\[\]\n]++\]: [ \t]++ (?: <[^<>\n]*+> | (?: [A-Za-z][A-Za-z0-9+.-]*+: | www\. | \.{0,2}/ | \# ) \S*+ )"
        rf"(?: [ \t]++ {_TITLE} )? (?=[ \t]*+(?:\n|\Z))",
    ),
    ("gap", r"\[\^ [^\[\]\s]++ \]"),
    ("gap", _ATTRIBUTE_LIST),
    ("gap", r"\[ (?: TOC | toc | \[ _?TOC_? \] | \[ toc \] ) \]"),
    # the marks of turns in a prompt: <|user|>, [INST], <<SYS>>
    ("gap", r"<\| [\w/ -]{1,40} \|> | \[/?INST\] | <</?SYS>>"),
    ("gap", r"(?<=[.!?])\[[a-z]\](?!\()"),
    # LaTeX
    ("word", r"\\\[ (?: [^\\]++ | \\[^\[\]] )* \\\]"),
    ("word", r"\\\( (?: [^\\]++ | \\[^()] )* \\\)"),
    (
        "word",
        rf"\\begin\{{ (?P<environment> {_ENVIRONMENT} ) \}}"
        r"(?: [^\\]++ | \\(?! (?:begin|end)\{(?P=environment)\} ) )* \\end\{(?P=environment)\}",
    ),
    ("word", r"\{ (?=\\[a-z]) (?: [^{}\n]++ | \{ (?: [^{}\n]++ | \{[^{}\n]*+\} )*+ \} )*+ \}"),
    ("dollars", r"(?P<two> (?<!\$)\$\$(?!\$) ) (?: [^$\\]++ | \\[\s\S] )+ \$\$(?!\$)"),
    ("dollars", r"(?P<one> (?<![A-Za-z$])\$(?![\s$]) ) (?: [^$\\\n]++ | \\. )+ (?<!\s)\$(?![\d$])"),
    # HTML: elements that hold code, comments, declarations, instructions
    (
        "word",
        r"<(?P<code> code | kbd | samp | pre | script | style )\b [^<>]*+ >"
        r"(?: [^<]++ | <(?! /?(?P=code)\b ) )* </(?P=code)\s*+>",
    ),
    ("gap", r"<!-- (?: [^<-]++ | -(?!->) | <(?!!--) )* -->"),
    ("gap", r"<![A-Za-z][^<>]*+>"),
    ("gap", r"<!\[CDATA\[ | \]\]>(?!\w)"),
    ("gap", r"<\? (?: [^<?]++ | \?(?!>) )* \?>"),
    # tags; but not comparisons such as "a<b and c>d"
    ("tag", rf"</{_TAG_NAME}\s*+>"),
    ("tag", rf"<{_TAG_NAME} (?: {_ATTRIBUTE_NAME} {_ATTRIBUTE_VALUE} )* \s*+/?>"),
    (
        "tag",
        rf"(?<![A-Za-z0-9_)])<{_TAG_NAME} (?: {_ATTRIBUTE_NAME} (?: {_ATTRIBUTE_VALUE} )? )* \s*+/?>",
    ),
    # addresses in angle brackets
    ("word", r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*+>"),
    ("word", r"<[^\s<>@]++@[^\s<>]++>"),
    # entities; those of words are not protected
    ("entity", ENTITY),
    # templates: Jinja and Liquid, Handlebars, ERB, plural forms of ICU
    ("template", r"\{%[-+]? \s*+ (?P<statement> \w++ ) [^%\n]*+ (?: %(?!\}) [^%\n]*+ )* %\}"),
    ("template", r"\{\{~? [\#^/] \s*+ (?P<section> [\w.-]++ ) [^{}\n]*+ \}\}"),
    ("gap", r"\{\# [^{}\n\#]*+ (?: \#(?!\}) [^{}\n\#]*+ )* \#\}"),
    ("word", r"<% [^%\n]*+ (?: %(?!>) [^%\n]*+ )* %>"),
    (
        "word",
        r"\{ \w++ , \s*+ (?: plural | select | selectordinal | number | date | time )\b"
        r" (?: [^{}]++ | \{ (?: [^{}]++ | \{[^{}]*+\} )*+ \} )*+ \}",
    ),
    # placeholders; sets of numbers, around which translators lose the braces
    ("word", r"\{\{\{[^{}\n]*+\}\}\}"),
    ("word", r"\{\{[^{}\n]*+\}\}"),
    ("word", r"\{ [A-Za-z_]\w*+ [\[(.] [^{}\n]*+ \}"),
    ("word", r"\$?\{[\w.:!\[\]-]*+\}"),
    ("word", r"\{[0-9eE ,.;+*/^=<>-]++\}"),
    ("word", r"%(?<![\w%]%) (?: \(\w++\) | [0-9]++\$ )? [+\#-]?[0-9]*+(?:\.[0-9]++)? [A-Za-z](?!\w)"),
    # space between columns
    ("gap", r"[\t\v\f\x1c-\x1f]++"),
    ("gap", r"[ ]{4,}"),
]
_BARE = [
    # URLs
    r"(?: (?i: https? | ftps? | sftp | file | ssh | git | wss? | s3 | gs | hf )://"
    rf"  | (?i: mailto: ) | (?i: www\. )(?=[A-Za-z0-9]) ) {_URL_REST}",
    rf"(?<![./-])(?: [A-Za-z0-9-]++\. )+ [a-z]{{2,}}+/ (?: {_URL_REST} )?",
    # e-mail addresses
    r"(?<![._%+-])[A-Za-z0-9._%+-]++ @[A-Za-z0-9-]++ (?: \.[A-Za-z0-9-]++ )+",
    # paths: absolute, but not a phonetic transcription; relative with an extension, so not "and/or"; with a drive
    rf"(?<![_/.~)\]><%])(?: ~ | \.\.? )? /(?= \.?[A-Za-z_] ) {_PATH_CHARACTER}++(?![\u00c0-\u04ff])"
    rf"(?: /{_PATH_CHARACTER}*+ )*",
    rf"(?<![_.~%+@/\\:-])(?: {_PATH_CHARACTER}++/ )+ {_PATH_CHARACTER}*\.[a-z][a-z0-9]{{0,4}}(?![A-Za-z0-9_/])",
    # elements of an array: "a[0]", "arr[i][j]"; but not citations: "the census[8]"
    r"(?<![./-])(?!a\[n\]) (?:"
    r"    [A-Za-z_]\w*+ (?: \[ (?: 0 | -[0-9]++ | [ijkmnxy](?:[+-][0-9]++)? | -?[0-9]*+:-?[0-9]*+ ) \] )++"
    r"  | [a-z]\w? (?: \[[0-9]++\] )++ | [A-Za-z]\w*+(?=(?:\[\w{1,5}\])?\[[A-Za-z0_])(?: \[[A-Za-z0-9_+-]{1,5}\] ){2}"
    r"  )(?![\w(\[])",
    rf"[A-Za-z]: (?: \\{_FILE_CHARACTER}++ (?: [ ]{_FILE_CHARACTER}++ )* (?=\\) )* \\{_FILE_CHARACTER}*+",
]
# The look-ahead, and a search for a character that every match has, skip most texts quickly.
_MARKUP_PATTERN = re.compile(
    r"(?= [`\\\[\]!$<&{%\t\v\f\x1c-\x1f] | [ ]{4} ) (?:"
    + "|".join(f"(?P<{kind}_{number}> {pattern} )" for number, (kind, pattern) in enumerate(_MARKUP))
    + ")",
    re.VERBOSE,
)
_MARKUP_SIGN = re.compile(r"[`\\\[\]$<&{%\t\v\f\x1c-\x1f]")
_BARE_PATTERN = re.compile(r"(?<![A-Za-z0-9]) (?= [A-Za-z0-9./~_] ) (?:" + "|".join(_BARE) + ")", re.VERBOSE)
_BARE_SIGN = re.compile(r"[@/\\\[]")
_PUNCTUATION_AFTER_BARE = ".,;:!?'*_~"


def protected(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The spans of `text[start:end]` that a translation must not change, as (start, end) in `text`.

    They may overlap, and are not in order.
    """
    return [(start, end) for start, end, _ in protected_spans(text, start, end)]


def protected_spans(text: str, start: int, end: int) -> list[Span]:
    """The same spans, each with its role. An opening or a closing may be without its counterpart."""
    spans: list[Span] = []
    tags: list[re.Match[str]] = []
    templates: list[re.Match[str]] = []
    if _MARKUP_SIGN.search(text, start, end) or text.find("    ", start, end) >= 0:
        position = start
        while match := _MARKUP_PATTERN.search(text, position, end):
            position = match.end()
            kind = str(match.lastgroup).partition("_")[0]
            if kind == "dollars":
                if _is_mathematics(match[0]):
                    spans.append(Span(*match.span(), "word"))
                else:
                    position = match.end("one" if match["one"] else "two")
            elif kind == "tag":
                tags.append(match)
            elif kind == "template":
                templates.append(match)
            elif kind == "entity":
                if not is_character(text, *match.span()):
                    spans.append(Span(*match.span(), "gap"))
            elif kind != "escape" and not is_slot(match[0]):
                spans.append(Span(*match.span(), cast(Role, kind)))
    if tags:
        closed = {name[1].lower() for name in _CLOSING_TAG.finditer(text, start, end)}
        spans += [Span(*tag.span(), _tag_role(tag[0], closed)) for tag in tags if not _is_slot(tag[0], closed)]
    if templates:
        spans += _template_spans(templates)
    if _BARE_SIGN.search(text, start, end) or "www." in text[start:end].lower():
        for match in _BARE_PATTERN.finditer(text, start, end):
            length = len(match[0].rstrip(_PUNCTUATION_AFTER_BARE))
            spans.append(Span(match.start(), match.start() + length, "word"))
    return spans


def _is_slot(tag: str, closed: set[str]) -> bool:
    """Whether it is a slot, such as "<your name>", and neither "<note important>…</note>" nor "<input disabled>"."""
    if not is_slot(tag) or _tag_name(tag) in closed:
        return False
    return not _ELEMENT.fullmatch(_tag_name(tag)) or len(tag.split()) > 2


def _tag_role(tag: str, closed: set[str]) -> Role:
    name = _tag_name(tag)
    if _BLOCK_ELEMENT.fullmatch(name):
        return "gap"
    if tag.startswith("</"):
        return "closing"
    return "opening" if name in closed or _ELEMENT.fullmatch(name) else "word"


def _template_spans(statements: Sequence[re.Match[str]]) -> Iterator[Span]:
    """The statements of a template: the two ends of a block are a pair, all others are words."""
    open_blocks: list[tuple[str, int]] = []
    roles: list[Role] = ["word"] * len(statements)
    for number, statement in enumerate(statements):
        name = statement["statement"] or statement["section"]
        ends = name.removeprefix("end") if statement["statement"] and name.startswith("end") else None
        if statement["section"] and "/" in statement[0][:4]:
            ends = name
        if ends is None:
            open_blocks.append((name, number))
        elif match := next((block for block in reversed(open_blocks) if block[0] == ends), None):
            del open_blocks[open_blocks.index(match) :]
            roles[match[1]], roles[number] = "opening", "closing"
    yield from (Span(*statement.span(), role) for statement, role in zip(statements, roles, strict=True))


def _tag_name(tag: str) -> str:
    return re.split(r"[\s/>]", tag.lstrip("</"), maxsplit=1)[0].lower()


def _is_mathematics(text: str) -> bool:
    """Whether the text between dollar signs is a formula, and not the words between two prices."""
    return not re.search(r"\s", text) or bool(re.search(r"[\\^_=]", text)) or not re.search("[A-Za-z]{3}", text)
