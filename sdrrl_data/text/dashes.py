"""Dashes for a translator that has none in its vocabulary, and reads a sentence wrong at each of them.

"It isn't just fast—it's elegant" became "Não é apenas fast-it elegante". With a hyphen between spaces, the same model
reads what was meant; in the translation, the hyphen becomes the dash again.
"""

import re
from collections.abc import Callable

DASHES = "‒–—―"
# Between digits, and a short one between words ("client–server"), a dash joins; all others separate.
_JOINING = re.compile(r"(?<=\d)[‒–—](?=\d)|(?<=\w)[‒–](?=\w)")
_SEPARATING = re.compile(rf"(\s*)([{DASHES}]+)(\s*)")
_HYPHEN = re.compile(r"(?<!\S)-(?!\S)")
_HYPHEN_OR_DASH = re.compile(rf"(?<!\S)(?:-|[{DASHES}]+)(?!\S)")
_UNFINISHED = re.compile(r"(?<=[^\s\d])[—―](?=[\"'”’»)]*\Z)")  # "I thought—"
_LAST_HYPHEN = re.compile(r"\s+-\s*(?=[\"'”’»)]*\Z)")


def as_hyphens(text: str) -> str:
    """The text with hyphens for dashes: "-" where a dash joins, " - " where it separates."""
    return _separated(text, lambda _: "-")


def as_dashes(translation: str, source: str) -> str:
    """The translation of a text that was sent with hyphens, with the dashes of the text.

    Those that separate have a space on each side, as most languages write them. Where a hyphen was lost or added, and
    the text has several kinds of dashes, hyphens stay.
    """
    if unfinished := _UNFINISHED.search(source):
        translation = _LAST_HYPHEN.sub(unfinished[0], translation)
        source = source[: unfinished.start()]
    dashes = _HYPHEN_OR_DASH.findall(_separated(source, lambda dash: dash))
    hyphens = _HYPHEN.findall(translation)
    if len(dashes) != len(hyphens) and len(set(dashes)) == 1:
        dashes = dashes[:1] * len(hyphens)
    if len(dashes) != len(hyphens):
        return translation
    rest = iter(dashes)
    return _HYPHEN.sub(lambda _: next(rest), translation)


def _separated(text: str, written: Callable[[str], str]) -> str:
    """The text with a space on each side of the dashes that separate, which are written anew."""

    def spaced(dash: re.Match[str]) -> str:
        before = " " if dash.start() or dash[1] else ""
        after = " " if dash.end() < len(text) or dash[3] else ""
        return before + written(dash[2]) + after

    text = _JOINING.sub("-", text)
    return _SEPARATING.sub(spaced, text)
