"""The test sets that a run's texts are searched for."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient
from sdrrl_data.sources import text_sets
from sdrrl_data.sources.text_sets import TextSet

ROLE = "test set"
# Where FLORES+ has other codes than FLORES-200.
FLORES_PLUS = {
    "est_Latn": "ekk_Latn",
    "tgl_Latn": "fil_Latn",
    "zho_Hans": "cmn_Hans",
    "zho_Hant": "cmn_Hant",
}


class Known(NamedTuple):
    """A test set of the Hub that goes by a name of its own."""

    dataset: str
    config: Callable[[Language], str]  # the name of a language's part
    columns: tuple[str, ...]  # that hold what is asked


KNOWN = {
    "belebele": Known("facebook/belebele", lambda language: language.flores, ("flores_passage", "question")),
    "flores": Known(
        "openlanguagedata/flores_plus", lambda language: FLORES_PLUS.get(language.flores, language.flores), ("text",)
    ),
    "mgsm": Known("juletxara/mgsm", lambda language: language.tag, ("question",)),
    "xquad": Known("google/xquad", lambda language: f"xquad.{language.tag}", ("context", "question")),
}


def identify(name: str) -> Ingredient:
    """A test set that is there: one of `KNOWN`, a file, or a dataset of the Hub.

    Raises:
        UserError: it is not there, or may not be read.
    """
    return _find(name).ingredient()


def items(name: str, src: Language, tgt: Language) -> Iterator[tuple[Language, str, str]]:
    """The texts of a test set, but for its training split: the language, the place ("belebele:17"), and the text.

    One of `KNOWN` is read in both languages, as far as it has them. Of any other, every text counts, in both languages,
    for there is no telling in which it is.

    Raises:
        UserError: it cannot be read, or has neither language.
    """
    text_set = _find(name)
    languages = dict.fromkeys([src, tgt])
    if name not in KNOWN:
        for place, content in text_sets.rows(text_set, text_sets.held_out):
            for text in text_sets.strings(content):
                yield from ((language, f"{text_set.name}:{place}", text) for language in languages)
        return
    known = KNOWN[name]
    configs = {
        wanted_language: known.config(wanted_language)
        for wanted_language in languages
        if known.config(wanted_language) in text_set.configs
    }
    if not configs:
        both = " nor ".join(wanted_language.name for wanted_language in languages)
        raise UserError(f"{ROLE} {name} ({text_set.name}) has neither {both}: take it out of the recipe")
    for language, config in configs.items():
        for place, row in text_sets.rows(text_set._replace(config=config), text_sets.held_out):
            yield from ((language, f"{name}:{place}", _text(text_set, row, column)) for column in known.columns)


def _find(name: str) -> TextSet:
    return text_sets.find(KNOWN[name].dataset if name in KNOWN else name, ROLE)


def _text(text_set: TextSet, row: dict[str, Any], column: str) -> str:
    if not isinstance(row.get(column), str):
        raise UserError(
            f"{ROLE} {text_set.name}: it has no texts in a column {column!r}, it may have changed: use a file"
        )
    return str(row[column])
