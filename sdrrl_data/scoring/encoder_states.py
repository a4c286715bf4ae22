"""An encoder's hidden states through CTranslate2, on the CPU: the same weights in int8."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sdrrl_data.errors import UserError
from sdrrl_data.processes.child_process import threads
from sdrrl_data.scoring.centred_inputs import centre
from sdrrl_data.scoring.int8_weights import quantize
from sdrrl_data.text.batches import batches

if TYPE_CHECKING:
    from ctranslate2.specs import TransformerEncoderModelSpec

PACKAGE = "ctranslate2"
PRECISION = "int8"  # measured in benchmarks/encoders.py

# Of a batch, with padding. Larger batches are no faster: 512 and 1024 gave the same speed, 4096 a quarter less.
BATCH_TOKENS = 1024
MOST_PADDING = 5  # of a batch, in sentences

CONVERSION = "centred-7bit"  # in the names of converted encoders: older ones were less exact
# Texts that show usual states.
PROBES = (
    "Where can I buy fresh bread near the station?",
    "A água ferve a 96 °C na montanha.",
    "昨日は雨でした。",
    "No",
    "The committee decided on Monday that the new bridge over the river would be built by 2031, although its costs "
    "have doubled since the first plans were made public.",
    "Os alunos que terminarem o trabalho antes do prazo podem ajudar os colegas, mas não lhes dar as respostas.",
    "この地域では、冬になると雪が多く降るため、電車が遅れることがよくあります。",
    "Người dân ở đây thường trồng lúa và nuôi cá để bán ở chợ vào cuối tuần.",
)


def installed() -> bool:
    """Whether CTranslate2 is installed."""
    return find_spec(PACKAGE) is not None


def engine() -> str:
    """The engine with its version and its precision, as a run records it."""
    return f"{PACKAGE} {version(PACKAGE)} {PRECISION}"


def save(
    spec: "TransformerEncoderModelSpec",
    vocabulary: int,
    texts: Sequence[Sequence[int]],
    folder: Path,
    precision: str = PRECISION,
) -> None:
    """Write an encoder for CTranslate2.

    Args:
        spec: its weights, in single precision; they are changed.
        vocabulary: the number of its tokens. They only get their numbers: the texts come as numbers, too.
        texts: tokens of a few usual texts, which `centre` needs.
        folder: to write into; it is created.
        precision: of the weights that are written.
    """
    if precision == PRECISION:
        centre(spec.encoder, texts)
    spec.register_vocabulary([str(number) for number in range(vocabulary)])
    spec.config.unk_token = spec.config.bos_token = spec.config.eos_token = "0"
    spec.validate()
    if precision == PRECISION:
        quantize(spec)
    else:
        spec.optimize(quantization=precision)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))


class EncoderStates:
    """A converted encoder. It computes as many batches at a time as there are cores, each on one core."""

    def __init__(self, folder: Path, name: str) -> None:
        """Load it.

        Args:
            folder: with the converted encoder.
            name: what messages call it.

        Raises:
            UserError: it cannot be loaded.
        """
        import ctranslate2

        at_once = threads()
        try:
            self._encoder = ctranslate2.Encoder(str(folder), inter_threads=at_once, intra_threads=1)
        except (RuntimeError, ValueError) as error:
            raise UserError(f"scorer {name} could not be loaded from {folder}, delete that folder: {error}") from error
        self._threads = ThreadPoolExecutor(at_once)

    def states(self, texts: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], np.ndarray]]:
        """The last hidden states of tokenized texts, in batches of similar length, the longest first.

        Yields:
            The numbers of a batch's texts, and their states (texts x tokens x dimensions): those of a text's tokens
            come first, the others stand for nothing.
        """

        def compute(numbers: list[int]) -> tuple[list[int], np.ndarray]:
            return numbers, self._forward([texts[number] for number in numbers])

        lengths = list(map(len, texts))
        by_length = batches(range(len(texts)), lengths.__getitem__, BATCH_TOKENS, padding_rows=MOST_PADDING)
        yield from self._threads.map(compute, by_length)

    def close(self) -> None:
        """Free the memory."""
        self._threads.shutdown(cancel_futures=True)
        self._encoder.unload_model()

    def _forward(self, texts: Sequence[Sequence[int]]) -> np.ndarray:
        import ctranslate2

        lengths = np.fromiter(map(len, texts), np.int32, len(texts))
        tokens = np.zeros((len(texts), lengths.max()), np.int32)
        for row, text in zip(tokens, texts, strict=True):
            row[: len(text)] = text
        view = ctranslate2.StorageView.from_array
        output = self._encoder.forward_batch(view(tokens), view(lengths))
        states: np.ndarray = np.array(output.last_hidden_state)  # a copy: the array is only a view of the output
        return states
