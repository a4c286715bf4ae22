"""Whether the seeds are in the language that the run takes them to be in."""

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import Generator, TextPair, Translator, Unit
from sdrrl_data.recipe import GeneratorConfig, ScorerConfig, ScorerContext
from sdrrl_data.steps.magpie import IN_LANGUAGE
from sdrrl_data.text.segments import sentences

FIRST = 100  # questions that are looked at
FEWEST = 5  # of these must be long enough to tell


class ForeignSeeds(UserWarning):
    """Most seeds are in another language than the source of the run."""


def doubt(seeds: pl.DataFrame, settings: ScorerConfig, src: Language) -> str | None:
    """One sentence where most of the first questions are plainly not in the source language; else None.

    Args:
        seeds: their table, as `seeds.SCHEMA` has it.
        settings: a scorer that tells languages.
        src: the source language; one that the model does not know is not doubted.

    Raises:
        UserError: the model is not there, or is not a fastText model.
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
    raise UserError("seeds: a scorer that tells their language cannot ask for a translator")


def _no_generator(settings: GeneratorConfig | None) -> Generator:
    raise UserError("seeds: a scorer that tells their language cannot ask for a generator")


def _named(label: str) -> str:
    """The English name of a language that a fastText label stands for; the label where there is none."""
    try:
        return find(label).name
    except UserError:
        return label
