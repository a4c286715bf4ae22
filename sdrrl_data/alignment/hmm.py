"""Word alignment by hidden Markov models (Vogel et al., 1996) in both directions, through sil-thot."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sdrrl_data import recipe
from sdrrl_data.protocols import Link

if TYPE_CHECKING:
    from thot.alignment import HmmAlignmentModel

Tokens = Sequence[str]


class HmmAligner:
    """Links the words that both directions link, and those beside them that one direction links to the same word.

    So a word can have several counterparts ("police", "cảnh sát"). The confidence of a link is the geometric mean of
    two probabilities: that the source word is translated by the target words it is linked to, and that the target
    word is translated by the source words it is linked to. Case is ignored.
    """

    def __init__(self, settings: recipe.HmmAligner) -> None:
        self._iterations = settings.iterations

    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None:
        """Learn from (source tokens, target tokens); pairs with more than 200 tokens on a side are passed over."""
        folded = [(_fold(source), _fold(target)) for source, target in pairs]
        self._forward = self._model(folded)
        self._backward = self._model((target, source) for source, target in folded)

    def align(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[list[Link]]:
        """The links of each pair, by source, then target; none where a side has more than 200 tokens."""
        from thot.alignment import SymmetrizationHeuristic, SymmetrizedAligner

        aligner = SymmetrizedAligner(self._forward, self._backward)
        aligner.heuristic = SymmetrizationHeuristic.GROW
        sources = [_fold(source) for source, _ in pairs]
        targets = [_fold(target) for _, target in pairs]
        found = aligner.get_best_alignments(sources, targets)
        return [
            self._links(source, target, [(int(i), int(j)) for i, j in zip(*matrix.to_numpy().nonzero(), strict=True)])
            for source, target, (_, matrix) in zip(sources, targets, found, strict=True)
        ]

    def _model(self, pairs: Iterable[tuple[Tokens, Tokens]]) -> "HmmAlignmentModel":
        from thot.alignment import HmmAlignmentModel

        # It adds its counts up in as many threads as OpenMP gives it, in any order, but uses the rounded sums: one
        # thread and four have made the same models.
        model = HmmAlignmentModel()
        for source, target in pairs:
            model.add_sentence_pair(source, target)
        model.start_training()
        for _ in range(self._iterations):
            model.train()
        model.end_training()
        return model

    def _links(self, source: Tokens, target: Tokens, linked: Sequence[tuple[int, int]]) -> list[Link]:
        forward = [
            _probability(self._forward, word, {target[j] for k, j in linked if k == i}) for i, word in enumerate(source)
        ]
        backward = [
            _probability(self._backward, word, {source[i] for i, k in linked if k == j})
            for j, word in enumerate(target)
        ]
        return [Link(i, j, math.sqrt(forward[i] * backward[j])) for i, j in linked]


def _fold(tokens: Tokens) -> list[str]:
    return [token.casefold() for token in tokens]


def _probability(model: "HmmAlignmentModel", word: str, translations: Iterable[str]) -> float:
    """The probability that `word` is translated by any of these."""
    index = model.get_src_word_index(word)
    indices = [model.get_trg_word_index(translation) for translation in sorted(translations)]
    return min(1.0, sum(float(model.translation_prob(index, other)) for other in indices))
