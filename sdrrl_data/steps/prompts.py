"""Prompts: the words in which the rows of one target ask, in the source and in the target language."""

from collections.abc import Callable, Mapping

import polars as pl

from sdrrl_data import draws
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import SetAside, Translator
from sdrrl_data.recipe import Prompts
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, sort_out
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.translation.texts import translate_texts

SCHEMA: Schema = {"id": pl.String, "kind": pl.String, "language": pl.String, "text": pl.String}


def check(prompts: Mapping[str, Prompts], src: Language, tgt: Language) -> None:
    """Find out before anything runs whether the recipe has what `make` needs.

    Raises:
        UserError: it has no prompts in the source language that can name both languages.
    """
    if _filled(prompts, src, other=tgt, itself=src) is None:
        raise UserError(
            f"prompts: the recipe has none in {src.name} that name {tgt.name}: give it prompts.{src.tag} with names"
        )


def make(prompts: Mapping[str, Prompts], src: Language, tgt: Language, translator: Callable[[], Translator]) -> Part:
    """Every sentence a row may ask with: its `kind`, the tag of its `language`, its `text`.

    Those of kind `answer_in` and `translate` name the other language, those of kind `complete` their own. Where the
    recipe has none in the target language, the run's translator makes them from those in the source language.
    """
    rows = _table(_filled(prompts, src, other=tgt, itself=src) or [], src)
    written = _filled(prompts, tgt, other=src, itself=tgt)
    if written is not None:
        rows = pl.concat([rows, _table(written, tgt)])
        return Part(rows, NOTHING_SET_ASIDE)
    # What an asker in the target language would say: the other language is then the source language.
    wanted = _table(_filled(prompts, src, other=src, itself=tgt) or [], tgt)
    pairs = translate_texts(wanted["text"].to_list(), src.tag, translator(), lambda _: None)
    translated = [
        pair if isinstance(pair, SetAside) else row | {"text": pair.target}
        for row, pair in zip(wanted.to_dicts(), pairs, strict=True)
    ]
    made = sort_out(wanted, translated, SCHEMA)
    return made._replace(rows=pl.concat([rows, made.rows]))


class Asking:
    """Chooses the words in which a row asks: varied, and always the same for the same row."""

    def __init__(self, prompts: pl.DataFrame, seed: int) -> None:
        self._seed = seed
        groups = prompts.group_by("kind", "language", maintain_order=True)
        self._texts = {key: group["text"].to_list() for key, group in groups}

    def __call__(self, kind: str, language: str, id: str) -> str:
        """A sentence of this kind in this language, for the row with this id."""
        texts = self._texts[kind, language]
        return str(texts[draws.number(self._seed, kind, id) % len(texts)])


def _filled(
    prompts: Mapping[str, Prompts], language: Language, other: Language, itself: Language
) -> list[tuple[str, str]] | None:
    """(kind, text) in `language` with names filled in; None where the recipe lacks the sentences or the names."""
    own = prompts.get(language.tag)
    if own is None:
        return None
    names = _name(own, language, other), _name(own, language, itself)
    if names[0] is None or names[1] is None:
        return None
    kinds = (("answer_in", names[0], own.answer_in), ("translate", names[0], own.translate))
    return [
        (kind, text.format(language=name))
        for kind, name, texts in (*kinds, ("complete", names[1], own.complete))
        for text in texts
    ]


def _name(prompts: Prompts, language: Language, named: Language) -> str | None:
    """What `named` is called in `language`; English names are known for every language."""
    return prompts.names.get(named.tag) or (named.name if language.tag == "en" else None)


def _table(sentences: list[tuple[str, str]], language: Language) -> pl.DataFrame:
    rows = [
        {"id": f"{language.tag}-{number}", "kind": kind, "language": language.tag, "text": text}
        for number, (kind, text) in enumerate(sentences)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)
