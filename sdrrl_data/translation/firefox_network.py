"""Firefox's translation models as networks: how probable a model finds a translation that is there already.

The engine only translates. This is Marian's Transformer with simpler simple recurrent units (SSRU) in the decoder, in
single precision; the files keep its weights in int8.

Sources: Kim et al. 2019, https://aclanthology.org/D19-5632 (the network); https://github.com/marian-nmt/marian-dev,
`src/common/binary.cpp` (the file) and `src/models/transformer.h` (the order of the layers).
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import yaml

from sdrrl_data.errors import UserError
from sdrrl_data.processes.child_process import threads
from sdrrl_data.recipe.plain_yaml import of_others
from sdrrl_data.text.batches import batches
from sdrrl_data.translation.firefox_models import FirefoxModel

VERSION = 1  # of the file
FLOAT, INT8 = 0x404, 0x4101  # kinds of tensors
BATCH_TOKENS = 1024  # of both sides, with padding
MOST_PADDING = 5  # of a batch, in sentences
AT_ONCE = 256  # tokens whose probabilities a thread computes together: 32 MB of single precision
MOST_THREADS = 8
FAR_BELOW = np.float32(-1e9)
EPSILON = np.float32(1e-9)
# What this code computes; a model with other settings is refused.
SETTINGS = {
    "type": "transformer",
    "transformer-decoder-autoreg": "rnn",
    "dec-cell": "ssru",
    "transformer-preprocess": "",
    "transformer-postprocess": "dan",
    "transformer-postprocess-emb": "d",
    "transformer-ffn-activation": "relu",
    "transformer-ffn-depth": 2,
    "transformer-train-position-embeddings": False,
    "transformer-no-projection": False,
}

Sentence = tuple[str, str]  # a source and its translation
Tensors = Mapping[str, np.ndarray]


class FirefoxNetwork:
    """A model, loaded to judge translations."""

    def __init__(self, model: FirefoxModel) -> None:
        """Load it.

        Raises:
            UserError: it is a network of another kind.
        """
        from sentencepiece import SentencePieceProcessor

        try:
            self._tensors, settings = _read(model.weights.read_bytes())
            self._source, self._target = (
                SentencePieceProcessor(model_proto=file.read_bytes())
                for file in (model.source_vocabulary, model.target_vocabulary)
            )
            if other := [name for name, value in SETTINGS.items() if settings.get(name) != value]:
                raise ValueError(f"its {other[0]} is {settings.get(other[0])!r}, not {SETTINGS[other[0]]!r}")
            self._heads, self._layers = settings["transformer-heads"], (settings["enc-depth"], settings["dec-depth"])
            self._embeddings = [self._first("Wemb", f"{side}_Wemb") for side in ("encoder", "decoder")]
            self._output = np.ascontiguousarray(self._first("decoder_ff_logit_out_W", "decoder_Wemb", "Wemb").T)
            list(self.log_probabilities([("a", "a")]))  # fail now if a tensor is missing
        except (OSError, RuntimeError, LookupError, ValueError, struct.error, yaml.YAMLError) as error:
            raise UserError(
                f"how probable translations are to the Firefox model in {model.weights.parent} cannot be computed "
                f"({error})"
            ) from error

    def log_probabilities(self, sentences: Sequence[Sentence]) -> Iterator[tuple[int, np.ndarray]]:
        """The natural logarithm of the probability of each token of each translation, the end included.

        Yields:
            A sentence's number and its tokens' logarithms, sentences of similar length together.
        """
        from threadpoolctl import threadpool_limits

        ids = [
            (
                [*self._source.encode(source), self._source.eos_id()],
                [*self._target.encode(target), self._target.eos_id()],
            )
            for source, target in sentences
        ]
        lengths = [len(source) + len(target) for source, target in ids]
        shares = list(batches(range(len(ids)), lengths.__getitem__, BATCH_TOKENS, padding_rows=MOST_PADDING))
        # A thread for each batch, with one core for its matrices, is faster than all cores for one batch.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(min(threads(), MOST_THREADS)) as executor:
            judged = list(executor.map(lambda share: self._of_batch([ids[number] for number in share]), shares))
        for numbers, logarithms in zip(shares, judged, strict=True):
            yield from zip(numbers, logarithms, strict=True)

    def _of_batch(self, ids: Sequence[tuple[list[int], list[int]]]) -> list[np.ndarray]:
        (source, source_mask), (target, target_mask) = (_padded([both[side] for both in ids]) for side in (0, 1))
        states = self._decoded(target, *self._encoded(source, source_mask))
        logarithms = self._of_tokens(states[target_mask], target[target_mask])
        return np.split(logarithms, np.cumsum(target_mask.sum(axis=1))[:-1])

    def _encoded(self, ids: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The states of the source (sentences x tokens x dimensions), and what hides its padding from attention."""
        hidden = np.where(mask, np.float32(0), FAR_BELOW)[:, np.newaxis, np.newaxis, :]
        states = self._placed(self._embeddings[0][ids])
        for layer in range(1, self._layers[0] + 1):
            states = self._attended(f"encoder_l{layer}_self", states, states, hidden)
            states = self._fed_forward(f"encoder_l{layer}_ffn", states)
        return states, hidden

    def _decoded(self, ids: np.ndarray, source: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """The states from which each token of the target is predicted: each sees only the tokens before it."""
        before = self._embeddings[1][ids]
        before[:, 1:] = before[:, :-1].copy()
        before[:, 0] = 0
        states = self._placed(before)
        for layer in range(1, self._layers[1] + 1):
            states = self._recurred(f"decoder_l{layer}_rnn", states)
            states = self._attended(f"decoder_l{layer}_context", states, source, hidden)
            states = self._fed_forward(f"decoder_l{layer}_ffn", states)
        return states

    def _of_tokens(self, states: np.ndarray, ids: np.ndarray) -> np.ndarray:
        bias = self._tensors["decoder_ff_logit_out_b"]
        logarithms = np.empty(len(ids), np.float32)
        for start in range(0, len(ids), AT_ONCE):
            place = slice(start, start + AT_ONCE)
            logits = states[place] @ self._output
            logits += bias
            logits -= logits.max(axis=1, keepdims=True)
            of_tokens = logits[np.arange(len(logits)), ids[place]]
            logarithms[place] = of_tokens - np.log(np.exp(logits, out=logits).sum(axis=1))
        return logarithms

    def _placed(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings with their positions: sines in the first half of the dimensions, cosines in the second."""
        count, dimensions = embeddings.shape[1:]
        half = dimensions // 2
        rates = np.exp(np.arange(half) * (-np.log(10_000.0) / (half - 1)))
        angles = np.arange(count)[:, np.newaxis] * rates
        positions = np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
        placed: np.ndarray = embeddings * np.float32(np.sqrt(dimensions)) + positions
        return placed

    def _attended(self, name: str, states: np.ndarray, source: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        queries, keys, values = (
            self._by_head(self._linear(of, f"{name}_W{part}", f"{name}_b{part}"))
            for of, part in ((states, "q"), (source, "k"), (source, "v"))
        )
        weights = queries @ keys.swapaxes(2, 3)
        weights *= np.float32(1 / np.sqrt(queries.shape[-1]))
        weights += hidden
        weights -= weights.max(axis=3, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=3, keepdims=True)
        joined = (weights @ values).swapaxes(1, 2).reshape(states.shape)
        return self._normed(states + self._linear(joined, f"{name}_Wo", f"{name}_bo"), f"{name}_Wo")

    def _by_head(self, states: np.ndarray) -> np.ndarray:
        sentences, tokens, dimensions = states.shape
        return states.reshape(sentences, tokens, self._heads, dimensions // self._heads).swapaxes(1, 2)

    def _fed_forward(self, name: str, states: np.ndarray) -> np.ndarray:
        inner = self._linear(states, f"{name}_W1", f"{name}_b1")
        np.maximum(inner, 0, out=inner)
        return self._normed(states + self._linear(inner, f"{name}_W2", f"{name}_b2"), f"{name}_ffn")

    def _recurred(self, name: str, states: np.ndarray) -> np.ndarray:
        """A cell that remembers by a forget gate, which sees only its input: all gates are computed at once."""
        forget = 1 / (1 + np.exp(-self._linear(states, f"{name}_Wf", f"{name}_bf")))
        added = (1 - forget) * self._linear(states, f"{name}_W")
        cell = np.zeros_like(added[:, 0])
        for place in range(states.shape[1]):
            cell = forget[:, place] * cell + added[:, place]
            added[:, place] = cell
        return self._normed(states + np.maximum(added, 0), f"{name}_ffn")

    def _linear(self, states: np.ndarray, weights: str, bias: str | None = None) -> np.ndarray:
        flat = states.reshape(-1, states.shape[-1]) @ self._tensors[weights]
        if bias:
            flat += self._tensors[bias]
        return flat.reshape(*states.shape[:-1], -1)

    def _normed(self, states: np.ndarray, name: str) -> np.ndarray:
        states = states - states.mean(axis=2, keepdims=True)
        states /= np.sqrt(np.square(states).mean(axis=2, keepdims=True) + EPSILON)
        states *= self._tensors[f"{name}_ln_scale"]
        states += self._tensors[f"{name}_ln_bias"]
        return states

    def _first(self, *names: str) -> np.ndarray:
        return self._tensors[next((name for name in names if name in self._tensors), names[0])]


class _Header(NamedTuple):
    """What the file says of a tensor before its bytes."""

    name_size: int
    kind: int
    dimensions: int
    size: int


def _read(content: bytes) -> tuple[Tensors, dict[str, Any]]:
    """The tensors of a model's file in single precision, and its settings.

    Raises:
        ValueError: it is no such file.
        struct.error: it ends too early.
    """
    version, count = struct.unpack_from("<QQ", content)
    if version != VERSION:
        raise ValueError(f"it is no file of Marian of version {VERSION}")
    place = 16
    headers = [_Header(*struct.unpack_from("<QQQQ", content, place + 32 * number)) for number in range(count)]
    place += 32 * count
    names, shapes = [], []
    for header in headers:
        names.append(content[place : place + header.name_size - 1].decode())
        place += header.name_size
    for header in headers:
        shapes.append(struct.unpack_from(f"<{header.dimensions}i", content, place))
        place += 4 * header.dimensions
    (padding,) = struct.unpack_from("<Q", content, place)
    place += 8 + padding
    tensors: dict[str, np.ndarray] = {}
    settings = ""
    for name, shape, header in zip(names, shapes, headers, strict=True):
        if name == "special:model.yml":
            settings = content[place : place + header.size].decode().rstrip("\0")
        elif header.kind == FLOAT:
            tensors[name] = np.frombuffer(content, "<f4", int(np.prod(shape)), place).reshape(shape)
        elif header.kind == INT8 and not name.endswith("QuantMultA"):
            tensors[name] = _in_single_precision(content, place, name, shape)
        place += header.size
    return tensors, of_others(settings)


def _in_single_precision(content: bytes, place: int, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A matrix of 8-bit integers, whose divisor comes after it. All but embeddings are stored by columns."""
    count = int(np.prod(shape))
    integers = np.frombuffer(content, np.int8, count, place)
    (divisor,) = struct.unpack_from("<f", content, place + count)
    weights = integers.astype(np.float32) / np.float32(divisor)
    if name.endswith("Wemb"):
        return weights.reshape(shape)
    return np.ascontiguousarray(weights.reshape(shape[::-1]).T)


def _padded(texts: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of tokens (texts x tokens), and which of them are no padding."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    mask = np.arange(lengths.max()) < lengths[:, np.newaxis]
    ids = np.zeros(mask.shape, np.int64)
    ids[mask] = np.concatenate([np.asarray(text, np.int64) for text in texts])
    return ids, mask
