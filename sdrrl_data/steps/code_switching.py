"""Code-switching: questions in which some words stand in the other language."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from sdrrl_data import draws, recipe
from sdrrl_data.protocols import Aligner, Link, Message, TextPair
from sdrrl_data.steps import text_pairs
from sdrrl_data.steps.schemas import MESSAGES, SWITCHED, Schema
from sdrrl_data.text.kept import kept
from sdrrl_data.text.switching import Sentence, choose, find_swaps, replace
from sdrrl_data.text.words import words

SCHEMA: Schema = {
    "id": pl.String,
    "matrix": pl.String,  # "src" or "tgt": the language of the question, which the switched words are not in
    "question": MESSAGES,  # the last turn is switched
    "switched": SWITCHED,  # offsets in the last turn
    "ratio": pl.Float32,  # of the words fit to be switched
    "shortfall": pl.String,  # why it is not the ratio asked for
}

TokenPair = tuple[list[str], list[str]]


def training_pairs(
    seeds: pl.DataFrame, answers: pl.DataFrame, translations: pl.DataFrame, src: str, tgt: str
) -> list[TokenPair]:
    """The words of every translated sentence, of questions and answers: (source, target)."""
    rows = _joined(seeds, translations).join(
        answers.select("id", source_answer="answer"), on="id", how="inner", maintain_order="left"
    )
    sentences: list[tuple[Sentence, Sentence]] = []
    for row in rows.iter_rows(named=True):
        for pair in *text_pairs.turns(row), text_pairs.answer(row):
            sentences += _sentences(pair, src, tgt)
    return _tokens(sentences)


def external_pairs(pairs: pl.DataFrame, src: str, tgt: str) -> list[TokenPair]:
    """The words of a parallel corpus (columns src, tgt): (source, target)."""
    rows = pairs.select("src", "tgt").iter_rows()
    return _tokens(
        (_sentence(source, 0, len(source), src), _sentence(target, 0, len(target), tgt)) for source, target in rows
    )


def switch(
    seeds: pl.DataFrame,
    translations: pl.DataFrame,
    aligner: Aligner,
    settings: recipe.CodeSwitching,
    src: str,
    tgt: str,
    seed: int,
) -> pl.DataFrame:
    """Two rows a translated seed: its question with target words in it, and its translation with source words.

    Switched is the share of words that the settings ask for, at least one unless it is 0. Where nothing can be
    switched, the question has its row as well, with an empty `switched`.
    """
    joined = _joined(seeds, translations).to_dicts()
    sentences = [_sentences(text_pairs.turns(row)[-1], src, tgt) for row in joined]
    links = iter(aligner.align(_tokens(pair for pairs in sentences for pair in pairs)))
    rows: list[dict[str, Any]] = []
    for row, pairs in zip(joined, sentences, strict=True):
        aligned = [(source, target, next(links)) for source, target in pairs]
        turned = [(target, source, [Link(j, i, sure) for i, j, sure in own]) for source, target, own in aligned]
        for matrix, turns, parts in ("src", row["messages"], aligned), ("tgt", row["question"], turned):
            key = (seed, row["id"], matrix)
            rows.append({"id": row["id"], "matrix": matrix, **_switch(turns, parts, settings, key)})
    return pl.DataFrame(rows, schema=SCHEMA)


def _switch(
    turns: Sequence[Message],
    sentences: Sequence[tuple[Sentence, Sentence, list[Link]]],
    settings: recipe.CodeSwitching,
    key: tuple[int, str, str],
) -> dict[str, Any]:
    *earlier, last = turns
    found = [find_swaps(*sentence, settings.min_confidence) for sentence in sentences]
    fit = sum(words for words, _ in found)
    swaps = [swap for _, own in found for swap in own]
    wanted = max(1, round(settings.ratio * fit)) if fit and settings.ratio else 0
    chosen = choose(sorted(swaps, key=lambda swap: draws.number(*key, swap.start)), wanted)
    reached, possible = (sum(swap.words for swap in some) for some in (chosen, swaps))
    text, switched = replace(last["content"], chosen)
    return {
        "question": [*earlier, {"role": last["role"], "content": text}],
        "switched": [stretch._asdict() for stretch in switched],
        "ratio": reached / max(fit, 1),
        "shortfall": _shortfall(wanted, reached, possible, fit),
    }


def _shortfall(wanted: int, reached: int, possible: int, fit: int) -> str | None:
    if not fit:
        return "it has no words fit to be switched"
    if reached >= wanted:
        return None
    return f"{possible} of {fit} words had a sure counterpart" + (
        ", and not all of them could be switched together" if reached < possible else ""
    )


def _joined(seeds: pl.DataFrame, translations: pl.DataFrame) -> pl.DataFrame:
    return translations.join(seeds.select("id", "messages"), on="id", how="inner", maintain_order="left")


def _sentences(pair: TextPair, src: str, tgt: str) -> list[tuple[Sentence, Sentence]]:
    """The sentences of both sides, without the words of what is protected in them."""
    found = []
    for unit in pair.units:
        spans = list(kept(pair, unit))
        source = _sentence(pair.source, unit.source_start, unit.source_end, src, [own for own, _ in spans])
        target = _sentence(pair.target, unit.target_start, unit.target_end, tgt, [theirs for _, theirs in spans])
        found.append((source, target))
    return found


def _sentence(text: str, start: int, end: int, language: str, barred: Sequence[tuple[int, int]] = ()) -> Sentence:
    found = ((start + first, start + last) for first, last in words(text[start:end], language))
    return Sentence(text, [(a, b) for a, b in found if not any(a < last and first < b for first, last in barred)])


def _tokens(pairs: Iterable[tuple[Sentence, Sentence]]) -> list[TokenPair]:
    return [(source.tokens(), target.tokens()) for source, target in pairs]
