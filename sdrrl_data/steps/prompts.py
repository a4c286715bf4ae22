"""Prompts: the sentences with which the rows of one target ask, in the source and in the target language."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import polars as pl

from sdrrl_data.errors import RecipeError
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import Advance, SetAside, Translator
from sdrrl_data.recipe import MixConfig, PromptsConfig, draws
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, sort_out
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import TargetStep, Work, each
from sdrrl_data.translation.texts import translate_texts

ENGLISH = find("en")
# The kinds of sentences that every recipe has, and those that the rows `contrast` and `pivot` need besides.
KINDS = ("answer_in", "translate", "complete")
SAME = "answer_in/same"  # as `answer_in`, with the name of the language of the sentence itself
PIVOT = ("pivot", "question_label", "answer_label")
SCHEMA: Schema = {"id": pl.String, "kind": pl.String, "language": pl.String, "text": pl.String}


@dataclass(frozen=True, kw_only=True)
class PromptsStep(TargetStep):
    """The prompts of one target; prompts that the recipe lacks are translated from English."""

    makes: ClassVar[Literal["table"]] = "table"

    @property
    def settings(self) -> Any:
        """The recipe's prompts in source language, target language and English, and what translates missing ones."""
        tags = (self.src, self.tgt, ENGLISH.tag)
        shaping = self.recipe.shaping()["prompts"]
        written = {tag: shaping[tag] for tag in tags if tag in shaping}
        more = kinds(self.recipe.mix)[len(KINDS) :]
        return [written, [translator.identity() for translator in self.target.prompters], *([more] if more else [])]

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Load nothing yet: a translator is loaded only if a prompt is missing."""

        def from_english(language: Language) -> Translator:
            return models.translator(self.recipe.translator[0], ENGLISH, language, self.recipe)

        wanted = kinds(self.recipe.mix)
        yield each(lambda task: make(self.recipe.prompts, self.target.src, self.target.tgt, from_english, wanted))


def kinds(mix: MixConfig) -> tuple[str, ...]:
    """The kinds of sentences that a mix needs."""
    return (*KINDS, *([SAME] if mix.contrast else []), *(PIVOT if mix.pivot else []))


def unwritten(
    prompts: Mapping[str, PromptsConfig], src: Language, tgt: Language, wanted: Collection[str] = KINDS
) -> list[Language]:
    """Which of these two languages have no prompts in the recipe: theirs are translated from English.

    Raises:
        RecipeError: the recipe has no prompts in English either, or not of the kinds that are wanted.
    """
    lacking = [language for language in (src, tgt) if language.tag not in prompts]
    if lacking and ENGLISH.tag not in prompts:
        names = " or ".join(language.name for language in lacking)
        raise RecipeError(
            f"prompts: the recipe has no prompts in {names}, and none in English that could be translated: "
            f"add prompts.{lacking[0].tag}"
        )
    for tag in dict.fromkeys(ENGLISH.tag if language in lacking else language.tag for language in (src, tgt)):
        if {*PIVOT} & {*wanted} and prompts[tag].pivot is None:
            raise RecipeError(
                f"prompts.{tag}.pivot is missing, and rows of the kind pivot need its request, question and answer"
            )
    return lacking


def make(
    prompts: Mapping[str, PromptsConfig],
    src: Language,
    tgt: Language,
    from_english: Callable[[Language], Translator],
    wanted: Collection[str] = KINDS,
) -> Part:
    """Every sentence with which a row may ask: its `kind`, the tag of its `language`, its `text`.

    Sentences of kind `answer_in` and `translate` name the other language, sentences of kind `complete`, `SAME` and the
    labels their own language, and those of kind `pivot` both. If the recipe has no prompts in one of the languages,
    they are translated from English.

    Args:
        prompts: the recipe's prompts, by the tags of their languages.
        src: the source language.
        tgt: the target language.
        from_english: gives the translator from English into a language.
        wanted: the kinds.

    Raises:
        RecipeError: as `unwritten`.
    """
    translated = unwritten(prompts, src, tgt, wanted)
    parts = []
    for language, other in ((src, tgt), (tgt, src)):
        if language in translated:
            rows = _table(prompts[ENGLISH.tag], ENGLISH, other, language, wanted)
            parts.append(_translated(rows, language, from_english))
        else:
            parts.append(Part(_table(prompts[language.tag], language, other, language, wanted), NOTHING_SET_ASIDE))
    return Part(
        pl.concat(part.rows for part in parts),
        pl.concat(part.set_aside for part in parts),
        again=[id for part in parts for id in part.again],
    )


class PromptChooser:
    """Chooses the sentence with which a row asks: varied, but always the same for the same row."""

    def __init__(self, prompts: pl.DataFrame, seed: int) -> None:
        self._seed = seed
        groups = prompts.group_by("kind", "language", maintain_order=True)
        self._texts = {key: group["text"].to_list() for key, group in groups}

    def has(self, kind: str) -> bool:
        """Whether there are sentences of this kind."""
        return any(of == kind for of, _ in self._texts)

    def __call__(self, kind: str, language: str, id: str) -> str:
        """A sentence of this kind in this language, for the row with this id.

        For the same id, `SAME` gives the sentence that `answer_in` gives, with the name of the other language.
        """
        texts = self._texts[kind, language]
        return str(texts[draws.number(self._seed, kind.partition("/")[0], id) % len(texts)])


def _table(
    prompts: PromptsConfig, written: Language, other: Language, language: Language, wanted: Collection[str]
) -> pl.DataFrame:
    """The sentences for rows in `language`, in the language they are `written` in, with languages' names filled in."""
    pivot = prompts.pivot
    sentences_of_kinds: list[tuple[str, Language, Sequence[str]]] = [
        ("answer_in", other, prompts.answer_in),
        ("translate", other, prompts.translate),
        ("complete", language, prompts.complete),
        (SAME, language, prompts.answer_in),
        ("pivot", language, pivot.request if pivot else ()),
        ("question_label", language, (pivot.question,) if pivot else ()),
        ("answer_label", language, (pivot.answer,) if pivot else ()),
    ]
    texts = [
        (kind, text.format(language=_name(named, prompts, written), pivot=_name(other, prompts, written)))
        for kind, named, sentences in sentences_of_kinds
        if kind in wanted
        for text in sentences
    ]
    rows = [
        {"id": f"{language.tag}-{number}", "kind": kind, "language": language.tag, "text": text}
        for number, (kind, text) in enumerate(texts)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def _name(named: Language, prompts: PromptsConfig, written: Language) -> str:
    """The name of a language in another language."""
    return prompts.names.get(named.tag) or named.name_in(written)


def _translated(wanted: pl.DataFrame, language: Language, from_english: Callable[[Language], Translator]) -> Part:
    pairs = translate_texts(wanted["text"].to_list(), ENGLISH, language, from_english(language))
    rows = [
        pair if isinstance(pair, SetAside) else row | {"text": pair.target}
        for row, pair in zip(wanted.to_dicts(), pairs, strict=True)
    ]
    return sort_out(wanted, rows, SCHEMA)
