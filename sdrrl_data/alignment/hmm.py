"""Word alignment by hidden Markov models (Vogel et al., 1996) in both directions, through sil-thot."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sdrrl_data import recipe
from sdrrl_data.protocols import Link

if TYPE_CHECKING:
    from thot.alignment import HmmAlignmentModel

Sentence = Sequence[str]


class HmmAligner:
    """Links the words that both directions link to each other: one to one, and none where they disagree.

    The confidence of a link is the geometric mean of its two translation probabilities, p(target word | source word)
    and p(source word | target word). It is high only where each is the other's usual counterpart. Case is ignored.
    """

    def __init__(self, settings: recipe.HmmAligner) -> None:
        self._iterations = settings.iterations

    def train(self, pairs: Sequence[tuple[Sentence, Sentence]]) -> None:
        """Learn from (source tokens, target tokens); pairs with more than 200 tokens on a side are passed over."""
        folded = [(_fold(source), _fold(target)) for source, target in pairs]
        self._forward = self._model(folded)
        self._backward = self._model([(target, source) for source, target in folded])

    def align(self, pairs: Sequence[tuple[Sentence, Sentence]]) -> list[list[Link]]:
        """The links of each pair, ordered by source token; none where a side has more than 200 tokens."""
        from thot.alignment import SymmetrizationHeuristic, SymmetrizedAligner

        aligner = SymmetrizedAligner(self._forward, self._backward)
        aligner.heuristic = SymmetrizationHeuristic.INTERSECTION
        sources = [_fold(source) for source, _ in pairs]
        targets = [_fold(target) for _, target in pairs]
        matrices = [matrix.to_numpy() for _, matrix in aligner.get_best_alignments(sources, targets)]
        return [
            [
                Link(int(i), int(j), self._confidence(source[i], target[j]))
                for i, j in zip(*matrix.nonzero(), strict=True)
            ]
            for source, target, matrix in zip(sources, targets, matrices, strict=True)
        ]

    def _model(self, pairs: Sequence[tuple[Sentence, Sentence]]) -> "HmmAlignmentModel":
        from thot.alignment import HmmAlignmentModel

        model = HmmAlignmentModel()
        for source, target in pairs:
            model.add_sentence_pair(source, target)
        model.start_training()
        for _ in range(self._iterations):
            model.train()
        model.end_training()
        return model

    def _confidence(self, source: str, target: str) -> float:
        return math.sqrt(_probability(self._forward, source, target) * _probability(self._backward, target, source))


def _fold(tokens: Sentence) -> list[str]:
    return [token.casefold() for token in tokens]


def _probability(model: "HmmAlignmentModel", word: str, translation: str) -> float:
    word_index, translation_index = model.get_src_word_index(word), model.get_trg_word_index(translation)
    return float(model.translation_prob(word_index, translation_index))
