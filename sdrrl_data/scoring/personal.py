"""Personal data: e-mail addresses and secret keys in a text.

Few false alarms matter more than finding everything: what looks like an example or like code is left out, and a key
counts only if it has a form that its issuer uses for nothing else.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from sdrrl_data.recipe import Score
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair


class PersonalConfig(CountingConfig):
    """E-mail addresses and secret keys in a text."""

    kind: Literal["personal"] = "personal"

    scores = (
        Score(
            "personal",
            unscored="empty texts",
            says="how many e-mail addresses and secret keys are in the text",
            misses="other personal data: names, telephone numbers, places; keys of forms that it does not know",
            high="with e-mail addresses or keys",
            better="less",
            both_sides=True,
        ),
    )

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        """How many there are in the whole texts."""
        return [count(pair.pair.source), count(pair.pair.target)]


class Found(NamedTuple):
    """An address or a key, and its place (characters, end excluded)."""

    kind: Literal["e-mail address", "key"]
    start: int
    end: int


# Letters of scripts that put spaces between words; in the others, the text around an address may touch it.
_OTHERS = r"\u00c0-\u060b\u0610-\u061a\u0620-\u06d3\u06d5-\u0963\u0966-\u0dff\u10a0-\u137f\u1e00-\u1fff"
_LETTERS = rf"A-Za-z0-9{_OTHERS}"
# The end of a domain does not mix ASCII with other letters. `q@k.mT` and `query@key.to(x)` are code: a person has more
# than one letter, and no bracket and no other name follows a domain.
_ADDRESS = re.compile(
    rf"(?<![{_LETTERS}._%+@/-])(?P<person>[{_LETTERS}][{_LETTERS}._%+'-]{{1,63}}+)@"
    rf"(?P<domain>(?:[{_LETTERS}-]{{1,63}}\.)+"
    rf"(?:(?P<end>[A-Za-z]{{2,24}})(?![A-Za-z0-9_(]|\.[A-Za-z])|[{_OTHERS}]{{2,24}}))"
)
# The ends of countries' domains, and other ends in wide use, from https://www.iana.org/domains/root/db. Any other word
# is more often code (`data@self.weight`) or a file (`icon@2x.png`).
_END = re.compile(
    "[a-z]{2}|agency|app|asia|biz|blog|cat|club|com|company|coop|dev|edu|email|gov|info|int|life|live|mil|mobi|museum"
    "|net|news|online|org|press|pro|school|shop|site|social|store|studio|support|tech|travel|university|website|world|xyz",
    re.IGNORECASE,
)
# Addresses of nobody: https://www.rfc-editor.org/rfc/rfc2606 (.test, .example and .invalid are not among the ends
# above), and placeholders for the reader's own. `git@github.com:org/name` is the place of a repository.
_NO_DOMAIN = re.compile(r"(?:.*\.)?example\.(?:com|org|net)|domain\.com|your.*", re.IGNORECASE)
_NO_PERSON = re.compile(r"git|test|foo|name|user|username|someone|email|your.*", re.IGNORECASE)

_ENTIRE = (r"(?<![A-Za-z0-9_-])(?:", r")(?![A-Za-z0-9_-])")
# Each with a text that all such keys contain, to search for first. Where no source is named, lengths and alphabets are
# those of gitleaks, https://github.com/gitleaks/gitleaks/tree/master/cmd/generate/config/rules.
_KEYS = (
    # AWS, an access key or a temporary one: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    ("AKIA", r"AKIA[A-Z2-7]{16}"),
    ("ASIA", r"ASIA[A-Z2-7]{16}"),
    # GitHub: https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available
    *((f"gh{letter}_", rf"gh{letter}_[A-Za-z0-9]{{36,251}}") for letter in "pousr"),
    ("github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    # OpenAI: all have "OpenAI" in base64 in the middle (gitleaks, openai.go)
    ("T3BlbkFJ", r"sk-(?:[a-z]{4,10}-)?[A-Za-z0-9_-]{20,74}T3BlbkFJ[A-Za-z0-9_-]{20,74}"),
    # Hugging Face: https://huggingface.co/docs/hub/security-tokens (gitleaks, huggingface.go)
    ("hf_", r"hf_[A-Za-z]{34}"),
    # Slack: https://api.slack.com/authentication/token-types (gitleaks, slack.go)
    ("xox", r"xox[abeoprs]-(?:[0-9]{1,14}-){1,4}[A-Za-z0-9]{10,64}"),
    # Google: https://learn.microsoft.com/en-us/purview/sit-defn-google-api-key
    ("AIza", r"AIza[A-Za-z0-9_-]{35}"),
    # JSON Web Tokens, whose first two parts are JSON objects in base64: https://www.rfc-editor.org/rfc/rfc7519
    ("eyJ", r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
)
# A private key as https://www.rfc-editor.org/rfc/rfc7468 and, of PGP, https://www.rfc-editor.org/rfc/rfc9580 write it;
# within JSON, its lines end in `\n`. A placeholder for its lines ("...") does not count.
_BREAK = r"(?:\s|\\[nr])"
_PRIVATE_KEY = (
    "PRIVATE KEY",
    re.compile(
        rf"-----BEGIN (?:[A-Z]{{2,9}} ){{0,2}}PRIVATE KEY(?: BLOCK)?-----{_BREAK}++"
        rf"(?:[A-Z][A-Za-z-]*+: [^\n\\]*+{_BREAK}++)*+[A-Za-z0-9+/]{{40}}(?:[A-Za-z0-9+/=]|{_BREAK})*+"
        r"(?:-----END [A-Z ]{5,40}-----)?"
    ),
)
_SHAPES = (*((sign, re.compile(key.join(_ENTIRE))) for sign, key in _KEYS), _PRIVATE_KEY)
# Keys in manuals: those of AWS end so; the JSON Web Token of https://jwt.io is about 1234567890.
_EXAMPLES = ("EXAMPLE", "eyJzdWIiOiIxMjM0NTY3ODkw")
_LAST, _FEWEST = 16, 8  # so many of a key's last characters must differ: "hf_xxxxxxxx" is a placeholder


def count(text: str) -> float | None:
    """How many e-mail addresses and secret keys are in a text; None for an empty text."""
    return float(len(found(text))) if text else None


def found(text: str) -> list[Found]:
    """The e-mail addresses and secret keys in a text, in the order of their places."""
    addresses = _addresses(text) if "@" in text else ()
    return sorted([*addresses, *_keys(text)], key=lambda match: match.start)


def _addresses(text: str) -> Iterator[Found]:
    for match in _ADDRESS.finditer(text):
        known_end = match["end"] is None or _END.fullmatch(match["end"])
        if known_end and not _NO_DOMAIN.fullmatch(match["domain"]) and not _NO_PERSON.fullmatch(match["person"]):
            yield Found("e-mail address", *match.span())


def _keys(text: str) -> Iterator[Found]:
    for sign, pattern in _SHAPES:
        if sign in text:
            for match in pattern.finditer(text):
                if len(set(match[0][-_LAST:])) >= _FEWEST and not any(example in match[0] for example in _EXAMPLES):
                    yield Found("key", *match.span())
