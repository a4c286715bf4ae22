"""Language-bound tasks, by a language model that is asked about each question."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from sdrrl_data.chat.conversations import filled
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Generator, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Form, GeneratorConfig, ScorerConfig, ScorerContext, draws
from sdrrl_data.scoring.judge import REPLY_LENGTH, Judge
from sdrrl_data.scoring.language_bound import LanguageBoundConfig, language_bound

_VERDICT = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


class LanguageBoundJudgeConfig(ScorerConfig):
    """Whether the task of a question is bound to its language, by a language model; takes the place of language_bound.

    Where its reply is neither yes nor no, the patterns of language_bound decide.
    """

    kind: Literal["language_bound_judge"] = "language_bound_judge"
    # `{src}` stands for the English name of the language, `{question}` for all turns of the question.
    prompt: Annotated[
        str, Field(pattern=r"\{question\}"), Form("a text with {question} in it", "Is this about {src}? {question}")
    ] = (
        "Below is what somebody asked in {src}. Is the task about {src} itself, so that it makes no sense, or has "
        "another answer, once it is translated? This is so for rhymes, spelling, letters, grammar, synonyms, puns and "
        "translation. Write yes or no and nothing else.\n\n{question}"
    )
    generator: GeneratorConfig | None = None  # None: the recipe's own

    gpu = True
    scores = tuple(
        score._replace(
            misses="what that model does not know; a small model's verdicts say little",
            unscored="empty questions; in languages without patterns, replies without a verdict",
        )
        for score in LanguageBoundConfig.scores
    )

    def identify(self, generator: Callable[[GeneratorConfig | None], Ingredient]) -> list[Ingredient]:
        """The model that judges."""
        return [replace(generator(self.generator), role="scorer")]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer; the run closes the generator."""
        yield LanguageBoundJudgeScorer(self, context.generator(self.generator), context.src, context.seed)


class LanguageBoundJudgeScorer:
    """1 if a language model says that the source is bound to its language, else 0; null if the source is empty."""

    def __init__(self, settings: LanguageBoundJudgeConfig, generator: Generator, src: Language, seed: int) -> None:
        """Get ready to ask.

        Args:
            settings: if they name a generator, it samples as its settings say.
            generator: the model that judges. The caller has to close it.
            src: the language of the questions.
            seed: the seed of the run.
        """
        self._prompt, self._src, self._seed = settings.prompt, src, seed
        self._judge = Judge(settings.generator, generator)

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Column `language_bound`, and `language_bound_reply` (String): the first 200 characters of the reply."""
        sources = [pair.source for pair in pairs]
        prompts = {number: self._asked(source) for number, source in enumerate(sources) if source.strip()}
        advance(len(pairs) - len(prompts))
        replies = self._judge.replies(prompts, advance)
        rows = [(self._verdict(source, replies.get(n)), replies.get(n)) for n, source in enumerate(sources)]
        schema = {"language_bound": pl.Float64, "language_bound_reply": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
            pl.col("language_bound_reply").str.slice(0, REPLY_LENGTH)
        )

    def _asked(self, source: str) -> tuple[str, int]:
        prompt = filled(self._prompt, {"src": self._src.name, "question": source})
        return prompt, draws.number(self._seed, "language_bound_judge", source)

    def _verdict(self, source: str, reply: str | None) -> float | None:
        verdict = _VERDICT.match(reply or "")
        return float(verdict[1].lower() == "yes") if verdict else language_bound(source, self._src.tag)
