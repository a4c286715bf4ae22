"""Slots to be filled in, named with words: "[Your Name]", "{name of the city}", "<your name>", "{{Recipient Name}}".

The brackets stay, and the words are translated. A machine's name is not a slot of words: "{city_name}", "{{name}}",
"<USER_ID>", "[x]", "[12]".
"""

import re
from collections.abc import Iterator

LONGEST = 150  # characters between the brackets

# Not what is in code: "{a: 1;}", "<a href=x>".
_WORDS = rf"[^\W_][^\[\]{{}}<>\n\t|`=;\\]{{1,{LONGEST - 1}}}"
_SLOT = re.compile(
    rf"""(?<![\w\])!\[])\[ (?P<square> {_WORDS} ) \](?![\[(\]])
       | (?<![\w$\\{{}}]) (?:
           \{{ (?P<braces> {_WORDS} ) \}}(?!\}})
         | \{{\{{[ ]? (?P<twice> {_WORDS} ) \}}\}}(?!\}})
         )
       | (?<![\w<])< (?P<angles> {_WORDS} ) >(?!>)""",
    re.VERBOSE,
)
_SIGN = re.compile(r"[\[{<]")
_WORD = re.compile(r"[^\W\d_]{3,}|[\u0e00-\u0fff\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7a3]{2,}")
# A word in brackets that begins with a small letter is as often one that an editor put into a quotation: "[he]".
_ONE_WORD = re.compile(
    r"(?![a-z]) [^\W\d_]+ (?: ['’-][^\W\d_]+ )*"
    r"| (?: address | amount | city | company | country | date | email | link | location | name | number | phone"
    r"    | place | price | product | time | title | topic | year )",
    re.VERBOSE,
)
_PHONETIC = re.compile("[\u0250-\u02ff]")
_SENTENCE_END = re.compile(r"[.!?]\s+\S|[。！？]\S")
_CAMEL = re.compile(r"[a-z][A-Z]|[a-z]_|\w\.\w|\w\(")
_KEYWORDS = re.compile(r"(?:if|else|elif|unless|each|with|for|end|include|import|block|template|range|define|lookup)\b")


def slots(text: str) -> Iterator[tuple[int, int]]:
    """The positions of the slots of words in `text`, with their brackets, in order."""
    if not _SIGN.search(text):
        return
    for match in _SLOT.finditer(text):
        if _is_of_words(match):
            yield match.span()


def is_slot(text: str) -> bool:
    """Whether the whole text is a slot of words."""
    match = _SLOT.fullmatch(text)
    return match is not None and _is_of_words(match)


def inside(text: str, start: int, end: int) -> tuple[int, int]:
    """The position of the words of the slot `text[start:end]`, without its brackets."""
    words = text[start:end].strip("[]{}<> ")
    start = text.find(words, start)
    return start, start + len(words)


def _is_of_words(match: re.Match[str]) -> bool:
    kind = str(match.lastgroup)
    name = match[kind].strip()
    words = name.split()
    if not _WORD.search(name) or _SENTENCE_END.search(name) or _PHONETIC.search(name):
        return False
    if kind == "square":
        is_name = name.isupper() or bool(_CAMEL.search(name))
        return len(words) > 1 or (bool(_ONE_WORD.fullmatch(name)) and not is_name)
    if len(words) == 1 or (kind == "twice" and (_CAMEL.search(name) or _KEYWORDS.match(name))):
        return False
    if kind == "angles":
        return len(words[0]) > 1 or (words[0].lower() == "a" and len(words) > 2)
    return True
