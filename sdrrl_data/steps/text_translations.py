"""Native texts in the source language, so that the generator can read them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from sdrrl_data.protocols import Advance, SetAside, TextPair
from sdrrl_data.recipe import ScorerConfig
from sdrrl_data.run import Part, Run, Task, sort_out
from sdrrl_data.scoring.language import LanguageConfig
from sdrrl_data.steps import seed_language, shaping
from sdrrl_data.steps.magpie import IN_LANGUAGE
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import UNITS, Schema
from sdrrl_data.steps.step import Needs, TargetStep, Work, each
from sdrrl_data.steps.translations import TranslationsStep
from sdrrl_data.translation.texts import translate_texts

SCHEMA: Schema = {
    "id": pl.String,
    "translation": pl.String,
    "units": UNITS,  # from the text to its translation
}


@dataclass(frozen=True, kw_only=True)
class TextTranslationsStep(TargetStep):
    """The texts in the source language, by the first translator; reads `native_texts.SCHEMA`.

    A text that is clearly in another language than the target's is set aside before it is translated.
    """

    version: ClassVar[int] = TranslationsStep.version
    needs: ClassVar[Needs] = TranslationsStep.needs
    keeps_rows: ClassVar[bool] = True
    reuses_rows: ClassVar[bool] = True

    @property
    def settings(self) -> Any:
        """The settings of the translator, the model behind it, and what tells the language."""
        config, target = self.recipe.translator[0], self.target
        model = target.back or next(iter(target.translators.values()))
        translator = shaping.of_translator(self.recipe, config)
        return [*translator, model.identity(), self.tgt, self.src, self._teller.shaping()]

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @property
    def asks_model(self) -> bool:
        """Only if a generator translates."""
        return self.recipe.translator[0].asks(self.recipe.generator) is not None

    @property
    def _teller(self) -> ScorerConfig:
        """What tells the language of a text: the recipe's scorer that does, if it has one."""
        return next((scorer for scorer in self.recipe.scorers if scorer.tells_language), LanguageConfig())

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load the translator from the target language into the source language."""
        src, tgt = self.target.src, self.target.tgt
        translator = models.translator(self.recipe.translator[0], tgt, src, self.recipe)
        with seed_language.teller(self._teller, tgt) as tell:

            def translate_part(task: Task) -> Part:
                (texts,) = task.tables
                reasons = _foreign(tell(texts["text"].to_list()), tgt.name)
                wanted = texts.filter(pl.Series([reason is None for reason in reasons], dtype=pl.Boolean))
                advance(texts.height - wanted.height)
                try:
                    pairs = iter(translate_texts(wanted["text"].to_list(), tgt, src, translator, advance, task.journal))
                finally:
                    task.journal.close()
                results = [
                    SetAside(reason) if reason else _row(id, next(pairs))
                    for id, reason in zip(texts["id"], reasons, strict=True)
                ]
                return sort_out(texts, results, SCHEMA)

            yield each(translate_part)


def _foreign(told: pl.DataFrame, language: str) -> Sequence[str | None]:
    """For each text, why it is not taken for one of this language; None: it may be."""
    return [
        None
        if probability is None or probability >= IN_LANGUAGE
        else f"the text is not in {language} ({seed_language.named(label)} is the likeliest language)"
        for probability, label in told.select("src_language", "src_language_label").iter_rows()
    ]


def _row(id: str, pair: TextPair | SetAside) -> dict[str, Any] | SetAside:
    if isinstance(pair, SetAside):
        return pair
    return {"id": id, "translation": pair.target, "units": [unit._asdict() for unit in pair.units]}
