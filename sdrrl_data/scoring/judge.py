"""A language model that rates translations."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from sdrrl_data.recipe import Form, GeneratorConfig, Score, ScorerConfig, ScorerContext, draws

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
    prompt: Annotated[
        str,
        Field(pattern=r"(?s)\{source\}.*\{target\}|\{target\}.*\{source\}"),
        Form("a text with {source} and {target} in it", "Rate from 1 to 5: {source} -> {target}"),
    ] = (
        "Below are a text in {src} and its translation into {tgt}. Rate the translation from 1 (useless) to 5 "
        "(all of the meaning, in natural {tgt}). Write the number and nothing else.\n\n"
        "{src}:\n{source}\n\n{tgt}:\n{target}"
    )
    generator: GeneratorConfig | None = None  # None: the recipe's own

    gpu = True
    scores = (
        Score(
            "judge",
            unscored="empty texts; pairs that do not fit into the model's context; replies without a rating",
            says="rating of the translation by a language model (1 to 5)",
            misses="what that model does not know; it may prefer its own wording",
            low="rated low by the judge",
            highest=5,
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


class Judge:
    """A language model that is asked about texts."""

    def __init__(self, config: GeneratorConfig | None, generator: Generator) -> None:
        """Get ready to ask.

        Args:
            config: with which the generator samples; None: it is the recipe's own, and gives the likeliest reply, in
                few tokens.
            generator: the model. The caller has to close it.
        """
        self._config, self._generator = config, generator
        self._sampling = sampling(config) if config else SHORT

    def replies(self, prompts: Mapping[int, tuple[str, int]], advance: Advance) -> dict[int, str]:
        """The replies by number; none where the model refused.

        Args:
            prompts: by number, each with its seed.
            advance: called for each prompt.
        """
        replies = {}
        requests = (self._request(number, *prompt) for number, prompt in prompts.items())
        for key, result in self._generator.generate(requests):
            if isinstance(result, Completion):
                replies[int(key)] = result.text.strip()
            advance(1)
        return replies

    def _request(self, number: int, prompt: str, seed: int) -> Request:
        messages: list[Message] = [{"role": "user", "content": prompt}]
        if self._config:
            messages = conversation(messages, self._config)
        return Request(str(number), messages, seed, self._sampling)


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
        self._seed = seed
        self._judge = Judge(settings.generator, generator)

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Column `judge`, and `judge_reply` (String): the first 200 characters of the reply."""
        prompts = {
            number: self._asked(pair)
            for number, pair in enumerate(pairs)
            if pair.source.strip() and pair.target.strip()
        }
        advance(len(pairs) - len(prompts))
        replies = self._judge.replies(prompts, advance)
        rows = [
            (rating(replies[number]), replies[number][:REPLY_LENGTH]) if number in replies else (None, None)
            for number in range(len(pairs))
        ]
        return pl.DataFrame(rows, schema={"judge": pl.Float64, "judge_reply": pl.String}, orient="row")

    def _asked(self, pair: TextPair) -> tuple[str, int]:
        prompt = filled(self._prompt, {**self._names, "source": pair.source, "target": pair.target})
        return prompt, draws.number(self._seed, "judge", self._tag, pair.source, pair.target)


def rating(reply: str) -> float | None:
    """The first number from 1 to 5 in a reply: 4 in "Rating: 4/5", but nothing in "10" or "3/10".

    None if there is no such number. Digits of any script count.
    """
    for match in _NUMBER.finditer(_SCALE.sub(" ", reply)):
        value, scale = float(match[1].translate(_POINTS)), match[2]
        if LOWEST <= value <= HIGHEST and (scale is None or int(scale) == HIGHEST):
            return value
    return None
