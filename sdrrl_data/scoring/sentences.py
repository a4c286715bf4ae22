"""The sentences of texts that are judged together, and the score of a text from those of its sentences."""

from collections.abc import Iterator, Sequence

from sdrrl_data.protocols import TextPair
from sdrrl_data.text.masking import plain

MIN_LETTERS = 10  # in a source sentence that counts for the minimum; "Hello" is 0.86 similar to "?"


def mean_and_lowest(sentences: Sequence[tuple[str, str]], scores: Sequence[float]) -> tuple[float | None, float | None]:
    """The mean of the scores, weighted by length, and the lowest score of a sentence that is not very short.

    Args:
        sentences: source and target of each; the length is that of the source, in characters.
        scores: one per sentence.

    Returns:
        None for either, if there is no sentence to judge by.
    """
    if not sentences:
        return None, None
    weights = [len(source) for source, _ in sentences]
    mean = sum(score * weight for score, weight in zip(scores, weights, strict=True)) / sum(weights)
    telling = [sum(map(str.isalpha, source)) >= MIN_LETTERS for source, _ in sentences]
    return mean, min((score for score, tells in zip(scores, telling, strict=True) if tells), default=None)


def groups(pairs: Sequence[TextPair], at_once: int) -> Iterator[list[list[tuple[str, str]]]]:
    """The sentences (source, target) of each pair, in groups of pairs that are judged together.

    Args:
        pairs: the texts.
        at_once: sentences in a group, from which on another begins.
    """
    group: list[list[tuple[str, str]]] = []
    for pair in pairs:
        # A sentence that is all code has no text left.
        group.append([sentence for sentence in plain(pair) if sentence[0].strip()])
        if sum(map(len, group)) >= at_once:
            yield group
            group = []
    if group:
        yield group
