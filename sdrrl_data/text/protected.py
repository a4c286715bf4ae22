"""What must come through a translation unchanged: code, URLs, paths, mathematics, HTML, placeholders, ends of links.

Both expressions take linear time: a failed attempt ends where the next opener of its kind begins, and what could
be divided in several ways is matched possessively.
"""

import re

# Letters only of scripts that put spaces between words: in others the text may go on without one.
_URL_CHARACTER = r"[A-Za-z0-9\u00c0-\u04ff\u1e00-\u1eff._~:/?\#@!$&'*+,;=%{}-]"
_URL_REST = rf"(?: {_URL_CHARACTER}++ | \({_URL_CHARACTER}*+\) )+"
_PATH_CHARACTER = r"[A-Za-z0-9_.~%+@-]"
_FILE_CHARACTER = r'[^\s\\/:*?"<>|]'
_TITLE = r"""(?: "[^"]*+" | '[^']*+' | \([^()]*+\) )"""
# In brackets a label, but not the second of two numbers: "[1][2]" cites.
_LINK_TARGET = rf"""(?:
    \(\s*+ (?: <[^<>\n]*+> | (?: [^\s()<]++ | \([^\s()]*+\) )* ) (?: \s++ {_TITLE} )? \s*+\)
  | \[ (?! (?<=[0-9]\]\[) [0-9]++\] ) [^\[\]\n]*+ \]
)"""
_ATTRIBUTE_NAME = r"\s++[A-Za-z_:@][\w.:@-]*+"
_ATTRIBUTE_VALUE = r"""\s*+=\s*+ (?: "[^"<]*+" | '[^'<]*+' | [^\s"'=<>`]++ )"""
_ENVIRONMENT = (
    r"(?: equation | align(?:ed|at)? | gather(?:ed)? | multline | eqnarray | split | d?cases | array"
    r"  | [pbBvV]?matrix )\*?"
)

# Tried in this order from left to right, so that what begins first wins: a `$` within code is no mathematics.
_MARKUP = [
    # Markdown: an escaped mark, which is not protected but opens nothing
    r"(?P<escape> \\[\\`$<{*_] )",
    # code, between two runs of equally many backticks
    r"(?P<ticks> (?<!`)`{1,99}(?!`) ) (?: [^`]++ | (?!(?P=ticks)(?!`))`++ )* (?P=ticks)(?!`)",
    # both ends of a link or an image, but not its text
    rf"!?\[ (?= [^\[\]]*+ \] {_LINK_TARGET} )",
    rf"\] {_LINK_TARGET}",
    # the definition of a reference; the mark of a footnote
    r"\[[^\[\]\n]++\]: [ \t]++ (?: <[^<>\n]*+> | (?: [A-Za-z][A-Za-z0-9+.-]*+: | www\. | \.{0,2}/ | \# ) \S*+ )"
    rf"(?: [ \t]++ {_TITLE} )?",
    r"\[\^ [^\[\]\s]++ \]",
    # LaTeX
    r"\\\[ (?: [^\\]++ | \\[^\[\]] )* \\\]",
    r"\\\( (?: [^\\]++ | \\[^()] )* \\\)",
    rf"\\begin\{{ (?P<environment> {_ENVIRONMENT} ) \}}"
    r"(?: [^\\]++ | \\(?! (?:begin|end)\{(?P=environment)\} ) )* \\end\{(?P=environment)\}",
    r"(?P<dollars> (?<!\$)\$\$(?!\$) ) (?: [^$\\]++ | \\[\s\S] )+ \$\$(?!\$)",
    r"(?P<dollar> (?<![A-Za-z$])\$(?![\s$]) ) (?: [^$\\\n]++ | \\. )+ (?<!\s)\$(?![\d$])",
    # HTML: elements that hold code, comments, declarations, instructions, addresses in angle brackets
    r"<(?P<code> code | kbd | samp | pre | script | style )\b [^<>]*+ >"
    r"(?: [^<]++ | <(?! /?(?P=code)\b ) )* </(?P=code)\s*+>",
    r"<!-- (?: [^<-]++ | -(?!->) | <(?!!--) )* -->",
    r"<![A-Za-z][^<>]*+>",
    r"<\? (?: [^<?]++ | \?(?!>) )* \?>",
    r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*+>",
    r"<[^\s<>@]++@[^\s<>]++>",
    # tags; not those that a comparison would make: "a<b and c>d"
    r"</[A-Za-z][A-Za-z0-9-]*+\s*+>",
    rf"<[A-Za-z][A-Za-z0-9-]*+ (?: {_ATTRIBUTE_NAME} {_ATTRIBUTE_VALUE} )* \s*+/?>",
    rf"(?<![A-Za-z0-9_)])<[A-Za-z][A-Za-z0-9-]*+ (?: {_ATTRIBUTE_NAME} (?: {_ATTRIBUTE_VALUE} )? )* \s*+/?>",
    # entities
    r"&(?: [A-Za-z][A-Za-z0-9]{1,31} | \#[0-9]{1,7} | \#[xX][0-9A-Fa-f]{1,6} );",
    # placeholders
    r"\{\{[^{}\n]*+\}\}",
    r"\$?\{[\w.:!\[\]-]*+\}",
    r"%(?<![\w%]%) (?: \(\w++\) | [0-9]++\$ )? [+\#-]?[0-9]*+(?:\.[0-9]++)? [A-Za-z](?!\w)",
    # what parts columns
    r"[\t\v\f\x1c-\x1f]++",
    r"[ ]{4,}",
]
_BARE = [
    # URLs
    r"(?: (?i: https? | ftps? | sftp | file | ssh | git | wss? | s3 | gs | hf )://"
    rf"  | (?i: mailto: ) | (?i: www\. )(?=[A-Za-z0-9]) ) {_URL_REST}",
    rf"(?<![./-])(?: [A-Za-z0-9-]++\. )+ [a-z]{{2,}}+/ (?: {_URL_REST} )?",
    # e-mail addresses
    r"(?<![._%+-])[A-Za-z0-9._%+-]++ @[A-Za-z0-9-]++ (?: \.[A-Za-z0-9-]++ )+",
    # paths: absolute, but no phonetic transcription; relative with an extension, so not "and/or"; with a drive
    rf"(?<![_/.~)\]><%])(?: ~ | \.\.? )? /(?= \.?[A-Za-z_] ) {_PATH_CHARACTER}++(?![\u00c0-\u04ff])"
    rf"(?: /{_PATH_CHARACTER}*+ )*",
    rf"(?<![_.~%+@/\\:-])(?: {_PATH_CHARACTER}++/ )+ {_PATH_CHARACTER}*\.[a-z][a-z0-9]{{0,4}}(?![A-Za-z0-9_/])",
    rf"[A-Za-z]: (?: \\{_FILE_CHARACTER}++ (?: [ ]{_FILE_CHARACTER}++ )* (?=\\) )* \\{_FILE_CHARACTER}*+",
]
# The look-ahead, and a search for what is in every match, pass over most texts quickly.
_MARKUP_PATTERN = re.compile(r"(?= [`\\\[\]!$<&{%\t\v\f\x1c-\x1f] | [ ]{4} ) (?:" + "|".join(_MARKUP) + ")", re.VERBOSE)
_MARKUP_SIGN = re.compile(r"[`\\\[\]$<&{%\t\v\f\x1c-\x1f]|[ ]{4}")
_BARE_PATTERN = re.compile(r"(?<![A-Za-z0-9]) (?= [A-Za-z0-9./~_] ) (?:" + "|".join(_BARE) + ")", re.VERBOSE)
_BARE_SIGN = re.compile(r"[@/\\]|[wW]{3}\.")
_PUNCTUATION_AFTER_BARE = ".,;:!?'*_~"


def protected(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The spans of `text[start:end]` that no translator may see, as (start, end) in `text`.

    They may overlap and are not in order.
    """
    spans: list[tuple[int, int]] = []
    if _MARKUP_SIGN.search(text, start, end):
        position = start
        while match := _MARKUP_PATTERN.search(text, position, end):
            position = match.end()
            if match.lastgroup in ("dollar", "dollars") and not _is_mathematics(match[0]):
                position = match.end(match.lastgroup)
            elif match.lastgroup != "escape":
                spans.append(match.span())
    if _BARE_SIGN.search(text, start, end):
        for match in _BARE_PATTERN.finditer(text, start, end):
            spans.append((match.start(), match.start() + len(match[0].rstrip(_PUNCTUATION_AFTER_BARE))))
    return spans


def _is_mathematics(text: str) -> bool:
    """Whether what stands between dollar signs is a formula, and not the words between two prices."""
    return not re.search(r"\s", text) or bool(re.search(r"[\\^_=]", text)) or not re.search("[A-Za-z]{3}", text)
