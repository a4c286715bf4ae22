"""Best of several answers to a question: the one that has the best score, such as being most like the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from sdrrl_data.protocols import Completion, Scorer, TextPair, Unit


@dataclass(frozen=True)
class BestSample:
    """Which sample is the best, and its score; None if there is nothing to compare."""

    index: int
    score: float | None


def choose(samples: Sequence[Sequence[Completion]], scorer: Scorer) -> list[BestSample]:
    """The sample of each question that is most like the others (see `likeness` and `best`).

    Args:
        samples: the samples of each question.
        scorer: as for `likeness`.
    """
    scores = likeness([[sample.text for sample in of_question] for of_question in samples], scorer)
    return [best(of_question, scores[question]) for question, of_question in enumerate(samples)]


def likeness(samples: Sequence[Sequence[str]], scorer: Scorer) -> list[list[float | None]]:
    """The mean score of each text against the other texts of its question. Empty texts are not compared.

    Source: minimum Bayes risk, Eikema and Aziz 2020, https://arxiv.org/abs/2005.10283.

    Args:
        samples: the texts of each question.
        scorer: gets each text as target and each other text as its source, as one unit; its first column counts. It is
            called once, with the pairs of all questions.
    """
    texts = [[text.strip() for text in of_question] for of_question in samples]
    compared = [
        (question, index, TextPair(other, text, [Unit(0, len(other), 0, len(text))]))
        for question, of_question in enumerate(texts)
        for index, text in enumerate(of_question)
        for place, other in enumerate(of_question)
        if place != index and text and other
    ]
    scored = scorer.score([pair for _, _, pair in compared], lambda _: None)
    scores: dict[tuple[int, int], list[float]] = {}
    for (question, index, _), score in zip(compared, scored.to_series(0), strict=True):
        if score is not None:
            scores.setdefault((question, index), []).append(score)
    return [
        [fmean(scores[question, index]) if (question, index) in scores else None for index in range(len(of_question))]
        for question, of_question in enumerate(texts)
    ]


def best(samples: Sequence[Completion], scores: Sequence[float | None]) -> BestSample:
    """The sample of a question with the greatest score; of several with equal scores the earliest.

    Whatever the scores, a text comes before an empty sample, and a sample that the model ended itself before a sample
    that was cut. Without samples, the index is 0.
    """

    def worth(index: int) -> tuple[bool, bool, float]:
        sample, score = samples[index], scores[index]
        return bool(sample.text.strip()), sample.finish_reason == "stop", float("-inf") if score is None else score

    index = max(range(len(samples)), key=worth, default=0)  # the first, if several are equal
    return BestSample(index, scores[index] if samples else None)
