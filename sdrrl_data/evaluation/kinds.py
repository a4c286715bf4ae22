"""The kinds of figures: what each is, whom it favours, and how it comes from the sums of its items' statistics."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sdrrl_data.evaluation.bootstrap import Figure, Statistics

TRANSLATING = "Of the model's own translations: favours models tuned to translate, or to do just as they are told."
CHRF_SIGNATURE = "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no"  # as sacrebleu writes it


@dataclass(frozen=True)
class Kind:
    """A kind of figure."""

    name: str  # in file names and JSON
    title: str  # in tables
    favours: str  # whom it favours, in a sentence
    better: Literal["lower", "higher"]
    decimals: int
    figure: Figure  # of the sums of statistics; nan where there is nothing to divide by
    by: Literal["likelihood", "generation", "answers", "comet", "judge"]
    chat: bool = True  # whether it needs a chat template


@cache
def _chrf() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF(word_order=2)


def chrf_statistics(translation: str, reference: str) -> list[float]:
    """What a sentence adds to a corpus' chrF++: for each order of n-grams those of translation, reference and both.

    Source: Popović 2017, https://aclanthology.org/W17-4770, through sacrebleu, whose own significance tests use
    the same methods of its metrics.
    """
    counts: list[list[float]] = _chrf()._extract_corpus_statistics([translation], [[reference]])
    return counts[0]


def _chrf_of(sums: Statistics) -> float:
    return float(_chrf()._compute_score_from_stats(sums.tolist()).score)


def _bits_a_byte(sums: Statistics) -> float:
    """From nats and bytes."""
    return _ratio(sums) / math.log(2)


def _percent(sums: Statistics) -> float:
    return 100 * _ratio(sums)


def _ratio(sums: Statistics) -> float:
    above, below = sums
    return float(above / below) if below else math.nan


def _bits(name: str, of: str, favours: str, chat: bool = True) -> Kind:
    return Kind(name, f"bits/byte, {of}", favours, "lower", 3, _bits_a_byte, "likelihood", chat)


def _choice(how: str) -> Kind:
    favours = "Of questions with four answers. Neutral; but chance is 25, and near it this tells nothing."
    return Kind(f"choice-{how}", f"% right, by {how}", favours, "higher", 1, _percent, "likelihood", chat=False)


KINDS = {
    kind.name: kind
    for kind in (
        _bits("neutral", "neutral text", "Neutral, as far as no model was tuned towards these texts.", chat=False),
        _bits("references", "references", "Of reference answers: favours models tuned on reference answers."),
        _bits("own", "base's answers", "Of the base model's own answers: favours models tuned on these (SDRRL)."),
        Kind(
            "fidelity",
            "% in the right language",
            "Of answers to questions in a language, those in that language. Says nothing of whether they are right. "
            "Answers too short to tell are left out.",
            "higher",
            1,
            _percent,
            "generation",
        ),
        Kind(
            "looping",
            "% in a loop",
            "Of answers to questions, those that say the same again and again. A question that is echoed in a loop "
            "counts as an answer in the right language. Favours short answers.",
            "lower",
            1,
            _percent,
            "answers",
        ),
        Kind("chrf", "chrF++", TRANSLATING, "higher", 1, _chrf_of, "generation"),
        Kind("comet", "COMET", TRANSLATING, "higher", 4, _ratio, "comet"),
        Kind(
            "judge",
            "% preferred to the base's answer",
            "Of answers to questions, those that a language model finds better than the base's; ties count half, so "
            "that the base itself has 50. Both orders of the two are asked about; where they disagree, it is a tie. "
            "Favours long answers, and those that the judge would give itself (Zheng et al. 2023). What it leaves "
            "undecided is left out.",
            "higher",
            1,
            _percent,
            "judge",
        ),
        _choice("letter"),
        _choice("text"),
    )
}
