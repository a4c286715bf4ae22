"""Word alignment by Gibbs sampling in both directions, as eflomal does, through sil-thot."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sdrrl_data.alignment.lexicon import LONGEST
from sdrrl_data.alignment.symmetry import SMOOTHING, with_confidence
from sdrrl_data.errors import NotInstalled
from sdrrl_data.protocols import Link
from sdrrl_data.recipe import AlignerConfig, AlignerContext

if TYPE_CHECKING:
    from thot.alignment import EflomalAlignmentModel

Tokens = Sequence[str]

SEED = 1
DIRECTIONS = ("forward", "backward")
WORDS = "words.json"


class EflomalConfig(AlignerConfig):
    """Bayesian alignment models by Gibbs sampling in both directions, symmetrised (sil-thot)."""

    kind: Literal["eflomal"] = "eflomal"

    extra = "eflomal"
    learns = True

    def identify(self) -> None:
        """None, since it learns from the run.

        Raises:
            UserError: sil-thot is not installed.
        """
        if not find_spec("thot"):
            raise NotInstalled("aligner eflomal needs sil-thot: pip install 'sdrrl-data[eflomal]'", "eflomal")

    def open(self, context: AlignerContext) -> "EflomalAligner":
        """The aligner, not trained yet."""
        return EflomalAligner()


class EflomalAligner:
    """Links the words that both directions link, and neighbours of these that one direction links to the same word.

    For the confidence of a link, see `symmetry.with_confidence`; its probabilities are lower for words that occur
    seldom. Case is ignored. The seed is fixed, so that the same pairs give the same links.

    Source: Östling and Tiedemann 2016, https://ufal.mff.cuni.cz/pbml/106/art-ostling-tiedemann.pdf. sil-thot is an
    independent implementation of this paper, under the LGPL; nothing here is from the authors' program, which is under
    the GPL.
    """

    learns = True

    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None:
        """Learn from (source tokens, target tokens), each pair once; pairs with more than 200 tokens are skipped."""
        folded = dict.fromkeys((_fold(source), _fold(target)) for source, target in pairs)
        usable = [(source, target) for source, target in folded if _is_usable(source, target)]
        self._counts = [Counter(word for pair in usable for word in pair[side]) for side in (0, 1)]
        self._models = [_trained(usable), _trained([(target, source) for source, target in usable])]

    def align(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[list[Link]]:
        """The links of each pair, by source, then target; no links if a side has more than 200 tokens."""
        from thot.alignment import SymmetrizationHeuristic, SymmetrizedAligner

        folded = [(_fold(source), _fold(target)) for source, target in pairs]
        usable = [number for number, pair in enumerate(folded) if _is_usable(*pair)]
        aligner = SymmetrizedAligner(*self._models)
        aligner.heuristic = SymmetrizationHeuristic.GROW
        alignments = aligner.get_best_alignments(*([folded[number][side] for number in usable] for side in (0, 1)))
        forward, backward = (
            cache(_probability(model, counts)) for model, counts in zip(self._models, self._counts, strict=True)
        )
        links: list[list[Link]] = [[] for _ in pairs]
        for number, (_, matrix) in zip(usable, alignments, strict=True):
            source, target = folded[number]
            linked = zip(*(places.tolist() for places in matrix.to_numpy().nonzero()), strict=True)
            with_probabilities = [
                (i, j, forward(source[i], target[j]), backward(target[j], source[i])) for i, j in linked
            ]
            links[number] = with_confidence(source, target, with_probabilities)
        return links

    def save(self, folder: Path) -> None:
        """Write both models, and the count of each word, into an existing folder."""
        (folder / WORDS).write_text(json.dumps(self._counts, ensure_ascii=False), encoding="utf-8")
        for name, model in zip(DIRECTIONS, self._models, strict=True):
            if not model.print(str(folder / name)):
                raise OSError(f"{folder / name} could not be written")

    def load(self, folder: Path) -> None:
        """Load what was saved in the folder."""
        from thot.alignment import EflomalAlignmentModel

        self._counts = [Counter(counts) for counts in json.loads((folder / WORDS).read_text(encoding="utf-8"))]
        self._models = [EflomalAlignmentModel() for _ in DIRECTIONS]
        for name, model in zip(DIRECTIONS, self._models, strict=True):
            if not model.load(str(folder / name)):
                raise OSError(f"{folder / name} could not be read")


def _trained(pairs: Sequence[tuple[Tokens, Tokens]]) -> "EflomalAlignmentModel":
    from thot.alignment import EflomalAlignmentModel

    model = EflomalAlignmentModel()
    model.seed = SEED
    model.num_samplers = 1  # three take three times as long, and are hardly better
    for source, target in pairs:
        model.add_sentence_pair(source, target)
    model.start_training()
    for _ in range(model.scheduled_iterations):
        model.train()
    model.end_training()
    return model


def _probability(model: "EflomalAlignmentModel", counts: Mapping[str, int]) -> Callable[[str, str], float]:
    """A function that returns the probability that a word is translated by another."""

    def probability(word: str, translation: str) -> float:
        translation_probability = model.translation_prob(
            model.get_src_word_index(word), model.get_trg_word_index(translation)
        )
        count = counts.get(word, 0)
        return float(translation_probability) * count / (count + SMOOTHING)

    return probability


def _fold(tokens: Tokens) -> tuple[str, ...]:
    return tuple(token.casefold() for token in tokens)


def _is_usable(source: Tokens, target: Tokens) -> bool:
    return 0 < len(source) <= LONGEST and 0 < len(target) <= LONGEST
