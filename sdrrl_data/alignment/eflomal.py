"""Word alignment by Gibbs sampling in both directions, as eflomal does, through sil-thot."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sdrrl_data.alignment.lexicon import LONGEST
from sdrrl_data.alignment.symmetry import DOUBT, rated
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
        """Nothing: it learns from the run.

        Raises:
            UserError: sil-thot is not installed.
        """
        if not find_spec("thot"):
            raise NotInstalled("aligner eflomal needs sil-thot: pip install 'sdrrl-data[eflomal]'", "eflomal")

    def open(self, context: AlignerContext) -> "EflomalAligner":
        """The aligner, not trained yet."""
        return EflomalAligner()


class EflomalAligner:
    """Links the words that both directions link, and those beside them that one direction links to the same word.

    How sure a link is says `symmetry.rated`; the probabilities there are lower the fewer times a word was seen. Case is
    ignored. It draws by a seed of its own, so that the same pairs give the same links.

    Source: Östling and Tiedemann 2016, https://ufal.mff.cuni.cz/pbml/106/art-ostling-tiedemann.pdf. sil-thot has it
    written anew from there, under the LGPL; nothing here is from the authors' own program, which is under the GPL.
    """

    learns = True

    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None:
        """Learn from (source tokens, target tokens), each pair once; those of more than 200 tokens are passed over."""
        folded = dict.fromkeys((_fold(source), _fold(target)) for source, target in pairs)
        learned = [(source, target) for source, target in folded if _fits(source, target)]
        self._seen = [Counter(word for pair in learned for word in pair[side]) for side in (0, 1)]
        self._models = [_trained(learned), _trained([(target, source) for source, target in learned])]

    def align(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[list[Link]]:
        """The links of each pair, by source, then target; none where a side has more than 200 tokens."""
        from thot.alignment import SymmetrizationHeuristic, SymmetrizedAligner

        folded = [(_fold(source), _fold(target)) for source, target in pairs]
        fit = [number for number, pair in enumerate(folded) if _fits(*pair)]
        aligner = SymmetrizedAligner(*self._models)
        aligner.heuristic = SymmetrizationHeuristic.GROW
        alignments = aligner.get_best_alignments(*([folded[number][side] for number in fit] for side in (0, 1)))
        forward, backward = (
            cache(_probability(model, seen)) for model, seen in zip(self._models, self._seen, strict=True)
        )
        links: list[list[Link]] = [[] for _ in pairs]
        for number, (_, matrix) in zip(fit, alignments, strict=True):
            source, target = folded[number]
            linked = zip(*(places.tolist() for places in matrix.to_numpy().nonzero()), strict=True)
            sure = [(i, j, forward(source[i], target[j]), backward(target[j], source[i])) for i, j in linked]
            links[number] = rated(source, target, sure)
        return links

    def save(self, folder: Path) -> None:
        """Write both models, and how often each word was seen, into a folder that is there."""
        (folder / WORDS).write_text(json.dumps(self._seen, ensure_ascii=False), encoding="utf-8")
        for name, model in zip(DIRECTIONS, self._models, strict=True):
            if not model.print(str(folder / name)):
                raise OSError(f"{folder / name} could not be written")

    def load(self, folder: Path) -> None:
        """Know again what was saved there."""
        from thot.alignment import EflomalAlignmentModel

        self._seen = [Counter(counts) for counts in json.loads((folder / WORDS).read_text(encoding="utf-8"))]
        self._models = [EflomalAlignmentModel() for _ in DIRECTIONS]
        for name, model in zip(DIRECTIONS, self._models, strict=True):
            if not model.load(str(folder / name)):
                raise OSError(f"{folder / name} could not be read")


def _trained(pairs: Sequence[tuple[Tokens, Tokens]]) -> "EflomalAlignmentModel":
    from thot.alignment import EflomalAlignmentModel

    model = EflomalAlignmentModel()
    model.seed = SEED
    model.num_samplers = 1  # three take three times as long and are right hardly more often
    for source, target in pairs:
        model.add_sentence_pair(source, target)
    model.start_training()
    for _ in range(model.scheduled_iterations):
        model.train()
    model.end_training()
    return model


def _probability(model: "EflomalAlignmentModel", seen: Mapping[str, int]) -> Callable[[str, str], float]:
    """That a word is translated by another."""

    def probability(word: str, translation: str) -> float:
        translation_probability = model.translation_prob(
            model.get_src_word_index(word), model.get_trg_word_index(translation)
        )
        times = seen.get(word, 0)
        return float(translation_probability) * times / (times + DOUBT)

    return probability


def _fold(tokens: Tokens) -> tuple[str, ...]:
    return tuple(token.casefold() for token in tokens)


def _fits(source: Tokens, target: Tokens) -> bool:
    return 0 < len(source) <= LONGEST and 0 < len(target) <= LONGEST
