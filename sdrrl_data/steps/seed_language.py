"""Whether the seeds are in the source language of the run."""

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
    """Most seeds are not in the source language of the run."""


def doubt(seeds: pl.DataFrame, settings: ScorerConfig, src: Language) -> str | None:
    """One sentence if most of the first questions are clearly not in the source language; otherwise None.

    Args:
        seeds: the seeds, with the columns of `seeds.SCHEMA`.
        settings: a scorer that identifies languages.
        src: the source language; if the model does not know it, the result is None.

    Raises:
        UserError: the model does not exist, or is not a fastText model.
    """
    questions = [messages[-1]["content"] for messages in seeds["messages"].head(FIRST)]
    pairs = [TextPair(text, "", [Unit(a, b, 0, 0) for a, b in sentences(text, src.tag)]) for text in questions]
    with settings.open(ScorerContext(src, src, _no_translator, _no_generator, seed=0)) as scorer:
        scores = scorer.score(pairs, lambda _: None)
    judged = scores.filter(pl.col("src_language").is_not_null())
    foreign = judged.filter(pl.col("src_language") < IN_LANGUAGE)
    if judged.height < FEWEST or foreign.height <= judged.height / 2:
        return None
    likeliest = foreign["src_language_label"].value_counts(sort=True)["src_language_label"][0]
    return (
        f"seeds: most of the first questions are not in {src.name} ({_named(likeliest)} is the likeliest language): "
        "give others with --seeds, or name their language with --src"
    )


def _no_translator() -> Translator:
    raise UserError("seeds: the scorer that identifies their language cannot use a translator")


def _no_generator(settings: GeneratorConfig | None) -> Generator:
    raise UserError("seeds: the scorer that identifies their language cannot use a generator")


def _named(label: str) -> str:
    """The English name of the language of a fastText label; the label itself if the language is unknown."""
    try:
        return find(label).name
    except UserError:
        return label
