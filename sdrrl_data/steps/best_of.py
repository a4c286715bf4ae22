"""Best of several answers to a question: the one that is most like the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from sdrrl_data.protocols import Completion, Scorer, TextPair, Unit


@dataclass(frozen=True)
class BestSample:
    """Which sample is the best, and its mean score against the others; None if there is nothing to compare."""

    index: int
    score: float | None


def choose(samples: Sequence[Sequence[Completion]], scorer: Scorer) -> list[BestSample]:
    """The best sample of each question: the one with the greatest mean score against the question's other samples.

    Whatever the scores, a text comes before an empty sample, and a sample that the model ended itself before a sample
    that was cut. If several are equal, the earliest is chosen. Empty samples are not compared. Without samples, the
    index is 0.

    Source: minimum Bayes risk, Eikema and Aziz 2020, https://arxiv.org/abs/2005.10283.

    Args:
        samples: the samples of each question.
        scorer: gets each sample as target and each other sample as its source, as one unit; its first column counts.
            It is called once, with the pairs of all questions.
    """
    texts = [[sample.text.strip() for sample in texts_of_question] for texts_of_question in samples]
    compared = [
        (question, index, TextPair(other, text, [Unit(0, len(other), 0, len(text))]))
        for question, texts_of_question in enumerate(texts)
        for index, text in enumerate(texts_of_question)
        for place, other in enumerate(texts_of_question)
        if place != index and text and other
    ]
    scored = scorer.score([pair for _, _, pair in compared], lambda _: None)
    scores: dict[tuple[int, int], list[float]] = {}
    for (question, index, _), score in zip(compared, scored.to_series(0), strict=True):
        if score is not None:
            scores.setdefault((question, index), []).append(score)
    means = {sample: fmean(against_others) for sample, against_others in scores.items()}
    return [
        _best(samples_of_question, [means.get((question, index)) for index in range(len(samples_of_question))])
        for question, samples_of_question in enumerate(samples)
    ]


def _best(samples: Sequence[Completion], means: Sequence[float | None]) -> BestSample:
    def worth(index: int) -> tuple[bool, bool, float]:
        sample, mean = samples[index], means[index]
        return bool(sample.text.strip()), sample.finish_reason == "stop", float("-inf") if mean is None else mean

    index = max(range(len(samples)), key=worth, default=0)  # the first, if several are equal
    return BestSample(index, means[index] if samples else None)
