"""The test sets whose items are searched for in a run's texts."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient
from sdrrl_data.sources import text_sets
from sdrrl_data.sources.text_sets import TextSet

ROLE = "test set"
# Languages for which FLORES+ and FLORES-200 have different codes.
FLORES_PLUS = {
    "est_Latn": "ekk_Latn",
    "tgl_Latn": "fil_Latn",
    "zho_Hans": "cmn_Hans",
    "zho_Hant": "cmn_Hant",
}


class Known(NamedTuple):
    """A test set on the Hub that has a short name."""

    dataset: str
    config: Callable[[Language], str]  # the config of a language
    columns: tuple[str, ...]  # that hold the items' texts


KNOWN = {
    "belebele": Known("facebook/belebele", lambda language: language.flores, ("flores_passage", "question")),
    "flores": Known(
        "openlanguagedata/flores_plus", lambda language: FLORES_PLUS.get(language.flores, language.flores), ("text",)
    ),
    "mgsm": Known("juletxara/mgsm", lambda language: language.tag, ("question",)),
    "xquad": Known("google/xquad", lambda language: f"xquad.{language.tag}", ("context", "question")),
}


def identify(name: str) -> Ingredient:
    """Identify a test set: one of `KNOWN`, a file, or a dataset on the Hub.

    Raises:
        UserError: it does not exist, or may not be read.
    """
    return _find(name).ingredient()


def items(name: str, src: Language, tgt: Language) -> Iterator[tuple[Language, str, str]]:
    """The texts of a test set, except its training split: the language, the place ("belebele:17"), and the text.

    Of a set in `KNOWN`, the parts in the two languages are read, if it has them. In any other set, every text counts
    for both languages, because its language is unknown.

    Raises:
        UserError: it cannot be read, or has neither of the two languages.
    """
    text_set = _find(name)
    languages = dict.fromkeys([src, tgt])
    if name not in KNOWN:
        for place, content in text_sets.rows(text_set, text_sets.held_out):
            for text in text_sets.strings(content):
                yield from ((language, f"{text_set.name}:{place}", text) for language in languages)
        return
    test_set = KNOWN[name]
    configs = {
        language: test_set.config(language) for language in languages if test_set.config(language) in text_set.configs
    }
    if not configs:
        both = " nor ".join(language.name for language in languages)
        raise UserError(f"{ROLE} {name} ({text_set.name}) has neither {both}: take it out of the recipe")
    for language, config in configs.items():
        for place, row in text_sets.rows(text_set._replace(config=config), text_sets.held_out):
            yield from ((language, f"{name}:{place}", _text(text_set, row, column)) for column in test_set.columns)


def _find(name: str) -> TextSet:
    return text_sets.find(KNOWN[name].dataset if name in KNOWN else name, ROLE)


def _text(text_set: TextSet, row: dict[str, Any], column: str) -> str:
    if not isinstance(row.get(column), str):
        raise UserError(
            f"{ROLE} {text_set.name}: it has no texts in a column {column!r}, so it may have changed: use a file"
        )
    return str(row[column])
