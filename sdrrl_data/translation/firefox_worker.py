"""The code that runs in a Firefox process: it translates batches of sentences."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sdrrl_data.processes.worker import serve
from sdrrl_data.protocols import SetAside
from sdrrl_data.translation.firefox_models import FirefoxModel, unreadable

if TYPE_CHECKING:
    from fxtranslate import Translator

_CLAUSE_END = re.compile(r"(?<=[,;:!?)])\s+|\s+(?=\()|(?<=[，；：、！？。）])")
_LETTER = re.compile(r"[^\W\d_]")
_SECOND_PERIOD = re.compile(r"(?<=\w\.\w\.)\.$")  # after an abbreviation that has one: "121 d.C.."
_ASIDE_AT_END = re.compile(r"(?<=.) \(([^()]*)\)?([.:!?]?)$")


def _load(job: tuple[Sequence[FirefoxModel], str]) -> Callable[[Sequence[tuple[str, bool]]], list[str | SetAside]]:
    """Load the models, and return the function that translates a batch.

    Args:
        job: the models that translate a sentence, one after another; and the separator between two clauses of the
            target language.

    Raises:
        UserError: a model cannot be read.
    """
    models, separator = job
    engines = [_engine(model) for model in models]
    return lambda batch: [_translated(engines, sentence, again, separator) for sentence, again in batch]


def _engine(model: FirefoxModel) -> "Translator":
    from fxtranslate import Translator

    try:
        return Translator(
            model=model.weights.read_bytes(),
            src_vocab=model.source_vocabulary.read_bytes(),
            trg_vocab=model.target_vocabulary.read_bytes(),
            shortlist=model.shortlist.read_bytes() if model.shortlist else None,
        )
    except (OSError, ValueError) as error:
        raise unreadable(model.weights.parent, error) from error


def _translated(engines: list["Translator"], sentence: str, again: bool, separator: str) -> str | SetAside:
    # The engine has no settings for decoding. Clause by clause, some sentences come out right that went wrong before.
    pieces = filter(None, _CLAUSE_END.split(sentence)) if again else [sentence]
    try:
        return separator.join(_through(engines, piece) if _LETTER.search(piece) else piece for piece in pieces)
    except ValueError as error:  # not text, such as half of a surrogate pair
        return SetAside(f"the Firefox engine refuses the sentence: {error}")


def _through(engines: list["Translator"], text: str) -> str:
    """A text, which becomes one line, translated by each model in turn."""
    for engine in engines:
        text = " ".join(text.split())
        text = _with_last_aside(text, _SECOND_PERIOD.sub("", engine.translate(text)))
    return text


def _with_last_aside(source: str, translation: str) -> str:
    """The translation with the brackets at the end of its source, if they need no translation, and no others.

    The models add glosses to names that they do not know, also instead of a year: "Elon Musk (em inglês)" for "Elon
    Musk", and "Hine, C. (em inglês)." for "Hine, C. (2012).".
    """
    last, translated = _ASIDE_AT_END.search(source), _ASIDE_AT_END.search(translation)
    if not translated or f"({translated[1]}" in source:
        return translation
    before, end = translation[: translated.start()], translated[2]
    if translation.count("(") > source.count("("):
        return before + end
    if last and _LETTER.search(translated[1]) and not _LETTER.search(last[1]):
        return f"{before} ({last[1]}){end}"
    return translation


if __name__ == "__main__":
    serve(_load)
