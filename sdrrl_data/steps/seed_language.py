"""Whether the seeds are in the language that they should be in."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import Generator, TextPair, Translator, Unit
from sdrrl_data.recipe import GeneratorConfig, ScorerConfig, ScorerContext
from sdrrl_data.steps.magpie import IN_LANGUAGE
from sdrrl_data.text.segments import sentences

FIRST = 100  # questions that are judged
FEWEST = 5  # of these must be long enough to identify their language


class ForeignSeeds(UserWarning):
    """Most seeds, or native texts, are not in the language that they should be in."""


def doubt(seeds: pl.DataFrame, settings: ScorerConfig, language: Language) -> str | None:
    """One sentence if most of the first questions, or native texts, are clearly in another language; otherwise None.

    Args:
        seeds: the seeds, with the columns of `seeds.SCHEMA`; or native texts, with those of `native_texts.SCHEMA`.
        settings: a scorer that identifies languages.
        language: what they should be in; if the model does not know it, the result is None.

    Raises:
        UserError: the model does not exist, or is not a fastText model.
    """
    first = seeds.head(FIRST)
    if native := "text" in first.columns:
        texts = first["text"].to_list()
    else:
        texts = [messages[-1]["content"] for messages in first["messages"]]
    with teller(settings, language) as tell:
        scores = tell(texts)
    judged = scores.filter(pl.col("src_language").is_not_null())
    foreign = judged.filter(pl.col("src_language") < IN_LANGUAGE)
    if judged.height < FEWEST or foreign.height <= judged.height / 2:
        return None
    likeliest = foreign["src_language_label"].value_counts(sort=True)["src_language_label"][0]
    what, option = ("texts", "--tgt") if native else ("questions", "--src")
    return (
        f"seeds: most of the first {what} are not in {language.name} ({named(likeliest)} is the likeliest language): "
        f"give others with --seeds, or name their language with {option}"
    )


@contextmanager
def teller(settings: ScorerConfig, language: Language) -> Iterator[Callable[[Sequence[str]], pl.DataFrame]]:
    """Tells of texts how probably they are in a language (`src_language`), and in which likeliest (…`_label`).

    Raises:
        UserError: the model does not exist, or is not a fastText model.
    """
    with settings.open(ScorerContext(language, language, _no_translator, _no_generator, seed=0)) as scorer:

        def tell(texts: Sequence[str]) -> pl.DataFrame:
            pairs = [TextPair(text, "", [Unit(a, b, 0, 0) for a, b in sentences(text, language.tag)]) for text in texts]
            return scorer.score(pairs, lambda _: None)

        yield tell


def _no_translator() -> Translator:
    raise UserError("seeds: the scorer that identifies their language cannot use a translator")


def _no_generator(settings: GeneratorConfig | None) -> Generator:
    raise UserError("seeds: the scorer that identifies their language cannot use a generator")


def named(label: str) -> str:
    """The English name of the language of a fastText label; the label itself if the language is unknown."""
    try:
        return find(label).name
    except UserError:
        return label
