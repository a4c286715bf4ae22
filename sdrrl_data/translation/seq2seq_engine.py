"""The interface between encoder-decoder models, such as NLLB, and the two engines that run them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from sdrrl_data.text.batches import batches

# The padding of a batch, in sentences. Short sentences wait until the long ones are finished, but one step of the
# decoder costs as much as twenty more rows (five sentences with four beams): measured with NLLB-600M's sizes on a CPU.
MOST_PADDING = 5


class Search(NamedTuple):
    """The settings of the search for the best translation."""

    beams: int
    no_repeat_ngram: int = 0  # no n-gram of this many tokens may occur twice; 0: any may
    repetition_penalty: float = 1.0  # above 1: tokens that already occur become less likely
    length_penalty: float = 1.0  # above 1: longer translations are preferred


class Batch(NamedTuple):
    """Sentences that are translated side by side."""

    numbers: Sequence[int]  # of the sentences
    tokens: Sequence[Sequence[int]]  # of each, as the encoder reads them, with the end; the longest comes first
    limit: int  # the most tokens in a translation, with the end and without the target code


class Decoding(NamedTuple):
    """How the decoder of a kind of model is run."""

    kind: str  # transformers' name for the architecture
    code: str | None  # the token of the target language, with which a translation begins; None: the encoder reads it
    half: Literal["float16", "bfloat16"] = "float16"  # how numbers are kept on a GPU


class Engine(Protocol):
    """A loaded model; its target language is fixed."""

    device: str  # "cpu" or "cuda"

    def decode(self, batches: Iterable[Batch], search: Search) -> Iterator[tuple[Batch, list[list[int]]]]:
        """Translate batches; yield each with its translations, in tokens, as soon as it is finished.

        A translation starts after the target code, if there is one. Its last token is the end token, unless it was cut
        off.
        """
        ...

    def close(self) -> None:
        """Free the memory."""
        ...


def max_translation_tokens(length: int) -> int:
    """The most tokens in the translation of `length` tokens: some scripts need three times as many as others."""
    return 3 * length + 20


def batched(sentences: Sequence[Sequence[int]], max_tokens: int) -> Iterator[Batch]:
    """Tokenized sentences in batches of similar length, longest first; a padded batch has at most `max_tokens` tokens.

    A sentence that is longer than that is a batch by itself.
    """
    lengths = list(map(len, sentences))
    for numbers in batches(range(len(sentences)), lengths.__getitem__, max_tokens, padding_rows=MOST_PADDING):
        tokens = [sentences[number] for number in numbers]
        yield Batch(numbers, tokens, max_translation_tokens(len(tokens[0])))
