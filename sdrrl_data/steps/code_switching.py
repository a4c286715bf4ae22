"""Code-switching: questions and answers with some words or sentences in the other language."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from sdrrl_data import recipe
from sdrrl_data.protocols import Aligner, TextPair
from sdrrl_data.recipe import draws
from sdrrl_data.steps import text_pairs
from sdrrl_data.steps.schemas import MESSAGES, SWITCHED, Schema
from sdrrl_data.text.masking import kept
from sdrrl_data.text.switching import Aligned, Sentence, Swap, choose, replace
from sdrrl_data.text.words import words

SCHEMA: Schema = {
    "id": pl.String,
    "matrix": pl.String,  # "src" or "tgt": the language of both texts, except for what is switched
    "question": MESSAGES,  # only the last turn may be switched
    "answer": pl.String,
    "switched": SWITCHED,
    "ratio": pl.Float32,  # share of the words (or sentences) fit to be switched that are switched
    "shortfall": pl.String,  # why the ratio asked for was not reached
}
MATRICES = ("src", "tgt")

TokenPair = tuple[list[str], list[str]]


@dataclass
class _Offer:
    """What could be switched in the texts of a row."""

    fit: int = 0  # how many words (or sentences) are fit to be switched
    single: list[Swap] = field(default_factory=list)  # single words (or sentences)
    phrases: list[Swap] = field(default_factory=list)


def training_pairs(
    seeds: pl.DataFrame, answers: pl.DataFrame, translations: pl.DataFrame, src: str, tgt: str
) -> list[TokenPair]:
    """The words of every translated sentence, of questions and answers: (source, target)."""
    sentences: list[tuple[Sentence, Sentence]] = []
    for row in _joined(seeds, answers, translations).iter_rows(named=True):
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
    answers: pl.DataFrame,
    translations: pl.DataFrame,
    aligner: Aligner,
    settings: recipe.CodeSwitchingConfig,
    src: str,
    tgt: str,
    seed: int,
) -> pl.DataFrame:
    """Two rows per translated seed: its texts with some target words, and their translations with some source words.

    The settings say which share of the words (or sentences) is switched: at least one, unless the share is 0. A row
    that was not drawn, or in which nothing can be switched, is included too, with an empty `switched`.

    Args:
        seeds: a part of the seeds.
        answers: their answers.
        translations: the translations of both; seeds without one are skipped.
        aligner: ready to align; not used if whole sentences are switched.
        settings: what to switch.
        src: tag of the source language.
        tgt: tag of the target language.
        seed: the recipe's.
    """
    rows = [(row, _drawn(row["id"], settings, seed)) for row in _joined(seeds, answers, translations).to_dicts()]
    pairs = [_pairs(row, settings.texts) if drawn else {} for row, drawn in rows]
    by_sentence = settings.level == "sentence"
    offers = map(_sentence_offers, pairs) if by_sentence else _word_offers(pairs, aligner, settings, src, tgt)
    return pl.DataFrame(
        [
            _row(row, matrix, offer[matrix] if matrix in drawn else None, settings, seed)
            for (row, drawn), offer in zip(rows, offers, strict=True)
            for matrix in MATRICES
        ],
        schema=SCHEMA,
    )


def _drawn(id: str, settings: recipe.CodeSwitchingConfig, seed: int) -> list[str]:
    """The matrices of a seed that are to be switched."""
    return [matrix for matrix in MATRICES if draws.share(seed, id, matrix) < settings.chance]


def _pairs(row: Mapping[str, Any], texts: str) -> dict[str, TextPair]:
    """The texts of a row in which to switch, by their names in the column `switched`."""
    pairs = {}
    if texts != "answer":
        pairs["prompt"] = text_pairs.turns(row)[-1]
    if texts != "question":
        pairs["completion"] = text_pairs.answer(row)
    return pairs


def _word_offers(
    rows: Sequence[Mapping[str, TextPair]], aligner: Aligner, settings: recipe.CodeSwitchingConfig, src: str, tgt: str
) -> Iterator[dict[str, _Offer]]:
    """What could be switched in each row, by matrix: words, and phrases if the settings ask for them."""
    sentences = [
        [(name, sentence_pair) for name, pair in row.items() for sentence_pair in _sentences(pair, src, tgt)]
        for row in rows
    ]
    links = iter(aligner.align(_tokens(pair for row in sentences for _, pair in row)))
    for row in sentences:
        offers = {matrix: _Offer() for matrix in MATRICES}
        for name, (source, target) in row:
            aligned = Aligned(source, target, next(links), settings.min_confidence)
            for matrix, side in ("src", aligned), ("tgt", aligned.turned()):
                swaps = side.swaps()
                offers[matrix].fit += side.fit()
                offers[matrix].single += [swap._replace(text=name) for swap in swaps]
                if settings.level == "phrase":
                    phrases = side.phrases()
                    offers[matrix].phrases += [swap._replace(text=name) for swap in phrases]
        yield offers


def _sentence_offers(row: Mapping[str, TextPair]) -> dict[str, _Offer]:
    """What could be switched in a row, by matrix: the sentences that are not the same in both languages."""
    offers = {matrix: _Offer() for matrix in MATRICES}
    for name, pair in row.items():
        for a, b, c, d in pair.units:
            source, target = pair.source[a:b], pair.target[c:d]
            if source != target:
                for matrix, swap in (
                    ("src", Swap(a, b, target, 1.0, 1, name)),
                    ("tgt", Swap(c, d, source, 1.0, 1, name)),
                ):
                    offers[matrix].fit += 1
                    offers[matrix].single.append(swap)
    return offers


def _row(
    row: Mapping[str, Any], matrix: str, offer: _Offer | None, settings: recipe.CodeSwitchingConfig, seed: int
) -> dict[str, Any]:
    """A row of the table; unchanged if there is no offer."""
    turns, answer = (row["messages"], row["source_answer"]) if matrix == "src" else (row["question"], row["answer"])
    *earlier, last = turns
    chosen, ratio, shortfall = _choice(offer, settings, (seed, row["id"], matrix)) if offer else ([], 0.0, "not drawn")
    texts = {"prompt": last["content"], "completion": answer}
    switched: list[dict[str, Any]] = []
    for name in texts:
        texts[name], switched_spans = replace(texts[name], [swap for swap in chosen if swap.text == name])
        switched += [{"text": name, **span._asdict()} for span in switched_spans]
    return {
        "id": row["id"],
        "matrix": matrix,
        "question": [*earlier, {"role": last["role"], "content": texts["prompt"]}],
        "answer": texts["completion"],
        "switched": switched,
        "ratio": ratio,
        "shortfall": shortfall,
    }


def _choice(
    offer: _Offer, settings: recipe.CodeSwitchingConfig, key: tuple[int, str, str]
) -> tuple[list[Swap], float, str | None]:
    """The swaps to make, the ratio that they reach, and why it is not the ratio asked for."""
    phrases, single = (
        sorted(swaps, key=lambda swap: draws.number(*key, swap.text, swap.start, swap.end))
        for swaps in (offer.phrases, offer.single)
    )
    if settings.level == "sentence":
        single = _without_last_of_each_text(single)
    wanted = max(1.0, settings.ratio * offer.fit) if settings.ratio else 0.0
    chosen = choose([*phrases, *single], wanted)
    reached = sum(swap.words for swap in chosen)
    possible = max(reached, sum(swap.words for swap in single))
    return chosen, reached / max(offer.fit, 1), _shortfall(settings.level, wanted, reached, possible, offer.fit)


def _without_last_of_each_text(sentences: Sequence[Swap]) -> list[Swap]:
    """Without the last of each text: if all were switched, the text would be entirely in the other language."""
    last = {sentence.text: sentence for sentence in sentences}
    return [sentence for sentence in sentences if sentence is not last[sentence.text]]


def _shortfall(level: str, wanted: float, reached: int, possible: int, fit: int) -> str | None:
    kind = "sentences" if level == "sentence" else "words"
    if not fit:
        return f"it has no {kind} fit to be switched"
    if reached > wanted - 1:
        return None
    limit = "could be switched, as one of each text stays" if level == "sentence" else "had a sure counterpart"
    apart = ", and not all of them could be switched together" if reached < possible else ""
    return f"{possible} of {fit} {kind} {limit}{apart}"


def _joined(seeds: pl.DataFrame, answers: pl.DataFrame, translations: pl.DataFrame) -> pl.DataFrame:
    return translations.join(seeds.select("id", "messages"), on="id", how="inner", maintain_order="left").join(
        answers.select("id", source_answer="answer"), on="id", how="inner", maintain_order="left"
    )


def _sentences(pair: TextPair, src: str, tgt: str) -> list[tuple[Sentence, Sentence]]:
    """The sentences of both sides, without the words of their protected spans."""
    sentence_pairs = []
    for unit in pair.units:
        spans = list(kept(pair, unit))
        source = _sentence(
            pair.source, unit.source_start, unit.source_end, src, [source_span for source_span, _ in spans]
        )
        target = _sentence(
            pair.target, unit.target_start, unit.target_end, tgt, [target_span for _, target_span in spans]
        )
        sentence_pairs.append((source, target))
    return sentence_pairs


def _sentence(text: str, start: int, end: int, language: str, excluded: Sequence[tuple[int, int]] = ()) -> Sentence:
    word_spans = [(start + first, start + last) for first, last in words(text[start:end], language)]
    if excluded:
        word_spans = [(a, b) for a, b in word_spans if not any(a < last and first < b for first, last in excluded)]
    return Sentence(text, word_spans, language)


def _tokens(pairs: Iterable[tuple[Sentence, Sentence]]) -> list[TokenPair]:
    return [(source.tokens(), target.tokens()) for source, target in pairs]
