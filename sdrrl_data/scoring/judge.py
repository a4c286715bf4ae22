"""A language model that rates translations."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from sdrrl_data.chat.conversations import conversation, filled, sampling
from sdrrl_data.languages import Language
from sdrrl_data.protocols import (
    Advance,
    Completion,
    Generator,
    Ingredient,
    Message,
    Request,
    Sampling,
    Scorer,
    TextPair,
)
from sdrrl_data.recipe import GeneratorConfig, Score, ScorerConfig, ScorerContext, draws

# For the recipe's own generator: the likeliest reply, with room for "I would rate this translation as 4 out of 5".
SHORT = Sampling(temperature=0.0, top_p=1.0, repetition_penalty=1.0, max_tokens=32)
REPLY_LENGTH = 200  # characters of the reply that are stored
LOWEST, HIGHEST = 1, 5

_SLASH = "[/／⁄]"
# "from 1 to 5", "1-5", "1から5": the scale itself, which a reply may repeat.
_SCALE = re.compile(r"(?<!\d)[1１]\s*(?:[^\W\d]{1,7}|[-‐-―~〜～])\s*[5５](?!\d)")
# A whole number or decimal, and what it is "out of": "4", "4.5", "４／５". Not a part of 1,000 or of 3.14159.
_NUMBER = re.compile(rf"(?<!\d)(?<!\d[.,．，٫])(\d+(?:[.,．，٫]\d{{1,2}})?)(?![.,．，٫]?\d)(?:\s*{_SLASH}\s*(\d+))?")
_POINTS = str.maketrans(",．，٫", "....")


class JudgeConfig(ScorerConfig):
    """A language model that rates a pair."""

    kind: Literal["judge"] = "judge"
    # `{src}` and `{tgt}` stand for the languages' English names, `{source}` and `{target}` for the texts.
    prompt: Annotated[str, Field(pattern=r"(?s)\{source\}.*\{target\}|\{target\}.*\{source\}")] = (
        "Below are a text in {src} and its translation into {tgt}. Rate the translation from 1 (useless) to 5 "
        "(all of the meaning, in natural {tgt}). Write the number and nothing else.\n\n"
        "{src}:\n{source}\n\n{tgt}:\n{target}"
    )
    generator: GeneratorConfig | None = None  # None: the recipe's own

    gpu = True
    scores = (
        Score(
            "judge",
            says="rating of the translation by a language model (1 to 5)",
            misses="what that model does not know; it may prefer its own wording",
        ),
    )

    def identify(self, generator: Callable[[GeneratorConfig | None], Ingredient]) -> list[Ingredient]:
        """The model that judges."""
        return [replace(generator(self.generator), role="scorer")]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer; the run closes the generator."""
        generator = context.generator(self.generator)
        yield JudgeScorer(self, generator, context.src, context.tgt, context.seed)


class JudgeScorer:
    """The rating that a language model gives a pair, from 1 to 5.

    Null if its reply has no rating, if the pair does not fit into its context, or if a side of the pair is empty.
    Ratings by a small model, or of a language that it hardly knows, say little.

    Source: Kocmi and Federmann 2023, https://aclanthology.org/2023.eamt-1.19, who ask for stars without a reference.
    """

    def __init__(self, settings: JudgeConfig, generator: Generator, src: Language, tgt: Language, seed: int) -> None:
        """Get ready to ask.

        Args:
            settings: if they name a generator, it samples as its settings say; the recipe's generator always gives
                the likeliest reply, in few tokens.
            generator: the model that judges. The caller has to close it.
            src: the language of the source texts.
            tgt: the language of the translations.
            seed: the seed of the run.
        """
        self._prompt = settings.prompt
        self._names = {"src": src.name, "tgt": tgt.name}
        self._tag = tgt.tag
        self._generator = generator
        self._seed = seed
        self._generator_config = settings.generator
        self._sampling = sampling(self._generator_config) if self._generator_config else SHORT

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Column `judge`, and `judge_reply` (String): the first 200 characters of the reply."""
        judged = [number for number, pair in enumerate(pairs) if pair.source.strip() and pair.target.strip()]
        advance(len(pairs) - len(judged))
        ratings: list[float | None] = [None] * len(pairs)
        replies: list[str | None] = [None] * len(pairs)
        requests = (self._request(number, pairs[number]) for number in judged)
        for key, result in self._generator.generate(requests):
            if isinstance(result, Completion):
                text = result.text.strip()
                ratings[int(key)], replies[int(key)] = rating(text), text[:REPLY_LENGTH]
            advance(1)
        schema = {"judge": pl.Float64, "judge_reply": pl.String}
        return pl.DataFrame({"judge": ratings, "judge_reply": replies}, schema=schema)

    def _request(self, number: int, pair: TextPair) -> Request:
        prompt = filled(self._prompt, {**self._names, "source": pair.source, "target": pair.target})
        messages: list[Message] = [{"role": "user", "content": prompt}]
        if self._generator_config:
            messages = conversation(messages, self._generator_config)
        seed = draws.number(self._seed, "judge", self._tag, pair.source, pair.target)
        return Request(str(number), messages, seed, self._sampling)


def rating(reply: str) -> float | None:
    """The first number from 1 to 5 in a reply: 4 in "Rating: 4/5", but nothing in "10" or "3/10".

    None if there is no such number. Digits of any script count.
    """
    for match in _NUMBER.finditer(_SCALE.sub(" ", reply)):
        value, scale = float(match[1].translate(_POINTS)), match[2]
        if LOWEST <= value <= HIGHEST and (scale is None or int(scale) == HIGHEST):
            return value
    return None
