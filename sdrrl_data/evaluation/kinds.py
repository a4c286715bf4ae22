"""The kinds of figures: what each means, which models it favours, and how it is computed."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sdrrl_data.evaluation.bootstrap import FromSums, Statistics
from sdrrl_data.evaluation.endings import Ending

TRANSLATING = "Of the model's own translations: favours models tuned to translate, or to follow instructions closely."
UNSCORED = "Translations without a score are left out: empty ones, and any that the model could not score."
CHRF_SIGNATURE = "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no"  # as sacrebleu writes it


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure."""

    name: str  # in file names and JSON
    title: str  # in tables
    favours: str  # which models it favours: a sentence
    better: Literal["lower", "higher"]
    decimals: int
    figure: FromSums  # NaN if there is nothing to divide by
    by: Literal["likelihood", "generation", "answers", "comet", "judge"]
    chat: bool = True  # whether it needs a chat template
    texts: str | None = None  # the kind whose generated texts it is of
    shaped_by: tuple[Ending, ...] = ("cut", "empty")  # the endings of texts without which it cannot be compared
    version: int = 3  # of how items are measured; with a new version, they are measured again


@cache
def _chrf() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF(word_order=2)


def chrf_statistics(translation: str, reference: str) -> list[float]:
    """The counts that a sentence adds to the chrF++ of a corpus: for each n-gram order, the n-grams of the translation,
    of the reference, and of both.

    Source: Popović 2017, https://aclanthology.org/W17-4770, through sacrebleu, whose significance tests use the same
    methods.
    """
    counts: list[list[float]] = _chrf()._extract_corpus_statistics([translation], [[reference]])
    return counts[0]


def _chrf_of(sums: Statistics) -> float:
    return float(_chrf()._compute_score_from_stats(sums.tolist()).score)


def _bits_a_byte(sums: Statistics) -> float:
    """Bits per byte, from the sums of nats and bytes."""
    return _ratio(sums) / math.log(2)


def _percent(sums: Statistics) -> float:
    return 100 * _ratio(sums)


def _ratio(sums: Statistics) -> float:
    numerator, denominator = sums
    return float(numerator / denominator) if denominator else math.nan


def _harmonic_mean(sums: Statistics) -> float:
    """The harmonic mean of two shares in percent, from the sums of each one's numerator and denominator."""
    first, second = _percent(sums[:2]), _percent(sums[2:])
    return 2 * first * second / (first + second) if first + second else first + second


def _bits(name: str, of: str, favours: str, chat: bool = True) -> FigureKind:
    return FigureKind(name, f"bits/byte, {of}", favours, "lower", 3, _bits_a_byte, "likelihood", chat)


def _choice(how: str) -> FigureKind:
    favours = "Of questions with four answers. Neutral; but chance is 25, and a figure near 25 says nothing."
    return FigureKind(f"choice-{how}", f"% right, by {how}", favours, "higher", 1, _percent, "likelihood", chat=False)


KINDS = {
    kind.name: kind
    for kind in (
        _bits("neutral", "neutral text", "Neutral, if no model was tuned on such texts.", chat=False),
        _bits("references", "references", "Of reference answers: favours models tuned on reference answers."),
        _bits("own", "base's answers", "Of the base model's own answers: favours models tuned on these (SDRRL)."),
        FigureKind(
            "fidelity",
            "% in the right language",
            "Of answers to questions in a language, those in the same language. Does not say whether they are right. "
            "Answers that are too short to tell are left out.",
            "higher",
            1,
            _percent,
            "generation",
            texts="fidelity",
        ),
        FigureKind(
            "lines",
            "% with every line in the right language",
            "Of answers with a line of five words or more, those whose every such line is in the language of the "
            "question (line-level pass rate, Marchisio et al. 2024). Favours short answers.",
            "higher",
            1,
            _percent,
            "answers",
            texts="fidelity",
        ),
        FigureKind(
            "words",
            "% without a word in the Latin script",
            "Of answers with every line in the right language, those without a word of four or more Latin letters in "
            "lower case (word-level pass rate, Marchisio et al. 2024, without a list of English words). Only for "
            "languages in other scripts. Favours short answers.",
            "higher",
            1,
            _percent,
            "answers",
            texts="fidelity",
        ),
        FigureKind(
            "confusion",
            "% without language confusion",
            "Harmonic mean of the two shares, by line and by word (language confusion pass rate, Marchisio et al. "
            "2024). Only for languages in other scripts. Favours short answers.",
            "higher",
            1,
            _harmonic_mean,
            "answers",
            texts="fidelity",
        ),
        FigureKind(
            "looping",
            "% in a loop",
            "Of answers to questions, those that repeat the same text again and again. An answer that repeats its "
            "question again and again counts as an answer in the right language. Favours short answers.",
            "lower",
            1,
            _percent,
            "answers",
            texts="fidelity",
            shaped_by=("empty",),  # a loop goes on until it is cut
        ),
        FigureKind("chrf", "chrF++", TRANSLATING, "higher", 1, _chrf_of, "generation", texts="chrf"),
        FigureKind(
            "comet",
            "COMET",
            f"{TRANSLATING} {UNSCORED}",
            "higher",
            4,
            _ratio,
            "comet",
            texts="chrf",
            version=4,
        ),
        FigureKind(
            "judge",
            "% preferred to the base's answer",
            "Of answers to questions, those that a language model prefers to the base's. Ties count half, so the base "
            "itself has 50. The judge sees both orders of the two answers; if its verdicts disagree, it is a tie. "
            "Favours long answers, and answers like the judge's own (Zheng et al. 2023). Questions that it leaves "
            "undecided are left out.",
            "higher",
            1,
            _percent,
            "judge",
            texts="fidelity",
        ),
        _choice("letter"),
        _choice("text"),
    )
}
