"""What NLLB's translator and its two engines tell each other."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from sdrrl_data.text.batches import batches

# Sentences' worth of padding in a batch. Short sentences wait for the long ones to be written, but a step of the
# decoder costs as much as some twenty more rows (five sentences at four beams): measured at NLLB-600M's sizes on a CPU.
MOST_PADDING = 5


class Search(NamedTuple):
    """How the best translation is looked for."""

    beams: int
    no_repeat_ngram: int = 0  # no run of so many tokens comes twice; 0: any may
    repetition_penalty: float = 1.0  # above 1: what was written already gets less likely
    length_penalty: float = 1.0  # above 1: longer translations are liked better


class Batch(NamedTuple):
    """Sentences that are translated side by side."""

    numbers: Sequence[int]  # of the sentences
    tokens: Sequence[Sequence[int]]  # of each: source code, pieces, end; the longest sentence comes first
    limit: int  # of tokens written for each, the end included and the target code not


class Engine(Protocol):
    """A loaded model; its target language is fixed."""

    device: str  # "cpu" or "cuda"

    def decode(self, batches: Iterable[Batch], search: Search) -> Iterator[tuple[Batch, list[list[int]]]]:
        """Each batch with what was written for its sentences, as soon as it is there.

        It starts after the target code, and its last token is the end where the translation came to one.
        """
        ...

    def close(self) -> None:
        """Give back memory."""
        ...


def most_tokens(length: int) -> int:
    """How many tokens a translation may have: some scripts take three times as many as another."""
    return 3 * length + 20


def batched(sentences: Sequence[Sequence[int]], most: int) -> Iterator[Batch]:
    """Tokenized sentences in batches of like length, longest first; each has at most `most` tokens when padded.

    A sentence that is longer than that is a batch of its own.
    """
    in_batches = batches(range(len(sentences)), lambda number: len(sentences[number]), most, padding_rows=MOST_PADDING)
    for numbers in in_batches:
        yield Batch(numbers, [sentences[number] for number in numbers], most_tokens(len(sentences[numbers[0]])))
