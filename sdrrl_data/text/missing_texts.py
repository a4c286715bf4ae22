"""Questions that speak of a text that does not stand in them, such as "Summarize the following article:".

The patterns know English alone, and are careful: only a single sentence that cannot hold the text itself is judged.
"""

import re

LONGEST = 200  # characters
# Where one of these stands, the text may be there: quotes, a colon with something behind it, a second sentence, a list.
HOLDS_TEXT = re.compile(r"[\"“”„«»`<>{}\[\]|=\n;]|:\s*\S|[.!?…]\s+\S|,.*,|\s[-–—]\s|https?:|www\.")

NOUN = (
    r"(?:texts?|passages?|paragraphs?|articles?|excerpts?|extracts?|snippets?|sentences?|phrases?|stor(?:y|ies)|poems?"
    r"|e-?mails?|letters?|messages?|tweets?|posts?|headlines?|conversations?|dialog(?:ue)?s?|transcripts?|interviews?"
    r"|tables?|charts?|graphs?|images?|pictures?|photos?|documents?|files?|reports?|reviews?|comments?|essays?|speech"
    r"|code|quer(?:y|ies)|quotes?|lists?|data|dataset|information|statements?|words|numbers|names|items|options|lyrics)"
)
TIMES = r"(?:second|minute|hour|day|night|morning|evening|week|weekend|month|quarter|season|year|decade|century)s?"
TALK = "(?:dialog(?:ue)?|conversation|discussion|exchange|chat)"
ADJECTIVES = r"(?:[\w-]+ ){0,2}?"
PATTERNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:following|below|above|aforementioned|preceding|given|provided|attached|supplied) {ADJECTIVES}{NOUN}\b",
        rf"\b(?:the|which|what|these|this) {ADJECTIVES}{NOUN} (?:above|below|attached|provided)\b",
        r"\bthis (?:passage|paragraph|article|excerpt|(?:code )?snippet|transcript|dialog(?:ue)?|essay)\b",
        rf"\b{TALK} (?:that |which )?(?:(?:we|you) (?:have )?just|just|has just)\b",
        rf"\b(?:our|the|my|your) (?:previous|preceding|earlier|last) (?:{TALK}|message|answer|reply)\b",
        r"\b(?:the following|as follows)\s*[:.]?$",
        rf"\bthe (?:following|given|below) (?!{TIMES}\b|name\b){ADJECTIVES}[\w-]+[.:?!]?$",
        r"^(?:classify|categori[sz]e|group|label|sort|rank) (?:each of )?(?:the following|the below|these)\b"
        r"(?! (?:\w+ ){0,2}of)(?!.*,)",
    )
]
# What is done to a text, at the beginning of a question that names no other text.
REQUEST = re.compile(
    r"(?:please |can you |could you )?"
    r"(?:summari[sz]e|paraphrase|rephrase|rewrite|proofread|translate|edit|correct|shorten)"
    rf" (?:the|this|these) {ADJECTIVES}{NOUN}(?: (?:in|into|to|as|for|using|with)\b.*)?[.:?!]?$",
    re.IGNORECASE,
)
HINTS = (
    *("follow", "above", "below", "preced", "given", "provided", "attached", "supplied", "this ", "these", "just"),
    *("previous", "earlier", "last", "aforementioned"),
)


# A text that nobody has named before: "What does the author of the passage say?"
_NAMED = re.compile(
    r"\b(?:the|this|that|your) (?:[\w-]+ )?(text|passage|excerpt|paragraph|article|author)\b(?! of\b)", re.IGNORECASE
)


def names_missing_text(question: str) -> bool:
    """Whether an English question without a text takes one for known, as those do that are written about a text.

    Stricter than `speaks_of_missing_text`, which judges what people ask.
    """
    for match in _NAMED.finditer(question):
        introduced = rf"\b(?:an?|one|short|brief) (?:[\w-]+ ){{0,4}}{match[1]}\b|\b(?:book|novel|poem|play|essay)s?\b"
        if not re.search(introduced, question[: match.start()], re.IGNORECASE):
            return True
    return False


def speaks_of_missing_text(question: str) -> bool:
    """Whether an English question speaks of a text that is not there.

    Args:
        question: all that is asked, without earlier turns.
    """
    if len(question) > LONGEST:
        return False
    lower = question.lower()
    for hint in HINTS:
        if hint in lower:
            break
    else:
        return REQUEST.match(question) is not None and not HOLDS_TEXT.search(question)
    if HOLDS_TEXT.search(question):
        return False
    return REQUEST.match(question) is not None or any(pattern.search(question) for pattern in PATTERNS)
