"""Probabilities by a fastText model, for many sentences at once and for the texts that they form.

The library takes one text at a time, so a text's sentences have to be read again. Here the vector of each distinct word
is computed once; word vectors are added up to sentences, and sentences to texts. For texts of four sentences, together
with each sentence, this is 9 times as fast with lid.176.ftz, and 14 times with a model of 2,000 labels. That model has
501 MiB: a process holds 14 MiB of it, where the library's copy takes 514 MiB; the rest stays in the pages of the file,
which processes share (fasttext-predict 0.9.2.4, AMD EPYC, one core: `python -m benchmarks.fasttext_model`).

Source: Joulin et al. 2017, https://aclanthology.org/E17-2068; n-grams as in Bojanowski et al. 2017,
https://arxiv.org/abs/1607.04606, section 3.2.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sdrrl_data.scoring.fasttext_file import FastTextFile, read

_LINE_END = "</s>"  # the end of a line in training
_PRIME, _BASIS = np.uint32(16777619), np.uint32(2166136261)  # of FNV-1a in 32 bits
_LEAST = np.float32(1e-5)  # added to a probability before its logarithm is taken
_ROOM = 1 << 20  # the most numbers that the characters of one block may need


class Sums(NamedTuple):
    """The sums of the vectors of the words and n-grams in each of several texts."""

    vectors: np.ndarray  # texts, dimensions: the sums
    counts: np.ndarray  # texts: the number of vectors


class FastTextModel:
    """A model that gives texts labels."""

    def __init__(self, path: Path) -> None:
        """Read a model's file.

        Raises:
            UserError: it cannot be read, or is not a fastText model.
        """
        self._file = read(path)
        self.labels = self._file.labels
        self._output = np.array(self._file.output.rows(np.arange(self._file.output.shape[0])))
        self._tree = _Tree(self._file.label_counts) if self._file.loss == "hs" else None

    def sums(self, sentences: Sequence[str]) -> Sums:
        """The sums of each sentence, without the end of a line. Words are separated by white space."""
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__  # each new word gets the next number
        tokens = [sentence.split() for sentence in sentences]
        lengths = np.array([len(tokens_of_sentence) for tokens_of_sentence in tokens], np.intp)
        flat = np.fromiter(map(numbers.__getitem__, chain.from_iterable(tokens)), np.intp, lengths.sum())
        vectors, counts = self._words(list(numbers))
        return Sums(summed(vectors[flat], lengths), summed(counts[flat], lengths))

    def probabilities(self, sums: Sums, labels: Sequence[int] | None = None) -> np.ndarray:
        """The probability of each of these labels (None: of all), one row per text; 0 for a text without words."""
        vectors, counts = sums
        end = self._file.words.get(_LINE_END)
        if end is not None:
            vectors, counts = vectors + self._file.input.rows(np.array([end])), counts + 1
        hidden = (vectors / np.maximum(counts, 1)[:, None]).astype(np.float32)
        wanted = np.arange(len(self.labels)) if labels is None else np.array(labels, np.intp)
        probability = self._probabilities(hidden, wanted)
        probability[sums.counts == 0] = 0
        return probability

    def _probabilities(self, hidden: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        if self._tree:
            return self._tree.probabilities(hidden, self._output, wanted)
        scores = products(hidden, self._output)
        if self._file.loss == "softmax":
            shares: np.ndarray = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            return shares[:, wanted]
        return _sigmoid(scores[:, wanted])

    def _words(self, words: list[str]) -> Sums:
        """The sums of each word."""
        dimensions = self._file.input.shape[1]
        blocks = [self._block(block) for block in _blocks(words, _ROOM // dimensions)]
        return Sums(
            np.concatenate([np.zeros((0, dimensions), np.float32), *(block.vectors for block in blocks)]),
            np.concatenate([np.zeros(0, np.intp), *(block.counts for block in blocks)]),
        )

    def _block(self, words: list[str]) -> Sums:
        rows, counts = _rows(words, self._file)
        return Sums(summed(self._file.input.rows(rows), counts), counts)


def summed(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sums of consecutive groups of rows, whose sizes are `counts`."""
    sums = np.zeros((len(counts), *values.shape[1:]), values.dtype)
    filled = counts > 0
    if filled.any():
        sums[filled] = np.add.reduceat(values, (np.cumsum(counts) - counts)[filled], axis=0)
    return sums


def _blocks(words: list[str], characters: int) -> Iterator[list[str]]:
    """The words in order, in blocks of about so many characters."""
    block_of = np.cumsum([len(word) for word in words]) // characters
    bounds = [0, *(np.flatnonzero(np.diff(block_of)) + 1).tolist(), len(words)]
    return (words[start:end] for start, end in pairwise(bounds) if start < end)


def _rows(words: list[str], file: FastTextFile) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the input for each word, and their number: the word itself, if it is known, and its n-grams."""
    text = np.frombuffer(("<" + ">\n<".join(words) + ">\n").encode("utf-8", errors="replace"), np.uint8)
    starts = np.flatnonzero((text & 0xC0) != 0x80)
    breaks = text[starts] == ord("\n")
    first = np.concatenate([[True], breaks[:-1]])
    rows = np.full((len(starts), 1 + max(file.longest, 0)), -1, np.int32)
    rows[first, 0] = [file.words.get(word, -1) for word in words]
    across = breaks
    for length, hashes in enumerate(_hashes(text, starts, file.longest), 1):
        across = across[: len(hashes)] | breaks[length - 1 :]
        if length < file.shortest:
            continue
        # As single characters, the marks at both ends of a word do not count.
        inside = ~(across | first | np.append(breaks[1:], True)) if length == 1 else ~across
        buckets = (hashes[inside] % np.uint32(file.buckets)).astype(np.int32)
        row_numbers = buckets if file.bucket_rows is None else file.bucket_rows[buckets]
        rows[: len(hashes), length][inside] = np.where(row_numbers < 0, -1, row_numbers + len(file.words))
    present = np.flatnonzero(rows >= 0)
    owners = np.cumsum(breaks)[present // rows.shape[1]]
    return rows.ravel()[present], np.bincount(owners, minlength=len(words))


def _hashes(text: np.ndarray, starts: np.ndarray, longest: int) -> Iterator[np.ndarray]:
    """The hashes of the n-grams that start at each character: first of one character, then of two, and so on."""
    signed = text.astype(np.int8).astype(np.uint32)  # fastText extends the sign of a byte
    widths = np.diff(starts, append=len(text))
    wider = [np.flatnonzero(widths > byte) for byte in range(1, 4)]
    hashes = np.full(len(starts) + 1, _BASIS)
    for length in range(1, longest + 1):
        hashes = hashes[:-1]
        added = length - 1  # the offset of the character that is added to each n-gram
        positions = starts[added:]
        hashes = (hashes ^ signed[positions]) * _PRIME
        for byte, characters in enumerate(wider, 1):
            added_bytes = characters[characters >= added] - added
            hashes[added_bytes] = (hashes[added_bytes] ^ signed[positions[added_bytes] + byte]) * _PRIME
        yield hashes


class _Tree:
    """The Huffman tree of the labels: each step down is a separate binary decision."""

    def __init__(self, counts: Sequence[int]) -> None:
        """Build the tree from the counts of the labels, the most frequent label first."""
        leaves = len(counts)
        sizes = [*counts, *[10**15] * (leaves - 1)]
        steps: list[list[tuple[int, bool]]] = [[] for _ in counts]  # of each label: node, and whether it turns right
        under: list[list[int]] = [[label] for label in range(leaves)]  # the labels under each node
        leaf, node = leaves - 1, leaves
        for new in range(leaves, 2 * leaves - 1):
            children = []
            for _ in range(2):
                if leaf >= 0 and sizes[leaf] < sizes[node]:
                    children.append(leaf)
                    leaf -= 1
                else:
                    children.append(node)
                    node += 1
            sizes[new] = sum(sizes[child] for child in children)
            for right, child in enumerate(children):
                for label in under[child]:
                    steps[label].append((new - leaves, bool(right)))
            under.append(under[children[0]] + under[children[1]])
        self._steps = steps

    def probabilities(self, hidden: np.ndarray, output: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """The probabilities of these labels, one row per text."""
        nodes = sorted({node for label in wanted for node, _ in self._steps[label]})
        place = {(node, right): row * 2 + right for row, node in enumerate(nodes) for right in (False, True)}
        goes_right = _sigmoid(products(output[nodes], hidden))
        both = np.stack([1 - goes_right, goes_right], axis=1).reshape(2 * len(nodes), len(hidden))
        ways = [place[step] for label in wanted for step in self._steps[label]]
        lengths = np.array([len(self._steps[label]) for label in wanted], np.intp)
        probability: np.ndarray = np.exp(summed(np.log(both + _LEAST)[ways], lengths)).T
        return probability


def products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The products of all rows with all rows; without BLAS, whose results for a text depend on the number of texts."""
    inner_products: np.ndarray = np.einsum("ld,rd->lr", left, right)
    return inner_products


def _sigmoid(scores: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # 1 / infinity is 0, as it should be
        probabilities: np.ndarray = 1 / (1 + np.exp(-scores))
    return probabilities
