"""Reads the files of fastText's supervised models (.bin, and .ftz, which are quantised).

The layout is version 12 of the format: numbers in little-endian order, one after another without padding.
"""

import hashlib
import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sdrrl_data.errors import UserError

if TYPE_CHECKING:
    import numpy as np

_MAGIC, _VERSION = 793712314, 12
_SMALL = 1 << 24  # numbers
_PIECES, _PIECE = 16, 1 << 16  # of a digest: the number of pieces, and the bytes of each
_SUPERVISED = 3  # the kind of model; the other two only learn vectors
_LABEL = 1  # the kind of entry; the other kind is words
_LOSSES = {1: "hs", 2: "ova", 3: "softmax", 4: "ova"}  # in 2 (negative sampling), labels are judged one by one too


class Dense(NamedTuple):
    """A plain matrix in the pages of the file, which processes that read the same file share."""

    values: "np.ndarray"  # rows, columns

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.values.shape[0], self.values.shape[1]

    def rows(self, numbers: "np.ndarray") -> "np.ndarray":
        """These rows, float32."""
        vectors: np.ndarray = self.values[numbers]
        return vectors


class Quantised(NamedTuple):
    """A matrix whose rows are codes; each code stands for one centroid.

    Source: Joulin et al. 2016, https://arxiv.org/abs/1612.03651, section 3.2.
    """

    codes: "np.ndarray"  # rows, codes
    centroids: "np.ndarray"  # codes, 256, columns of a code
    norms: "np.ndarray"  # factor of each row

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.codes), self.centroids.shape[0] * self.centroids.shape[2]

    def rows(self, numbers: "np.ndarray") -> "np.ndarray":
        """These rows, float32."""
        import numpy as np

        pieces = self.centroids[np.arange(self.codes.shape[1]), self.codes[numbers]]
        vectors: np.ndarray = pieces.reshape(len(numbers), -1) * self.norms[numbers, None]
        return vectors


class FastTextFile(NamedTuple):
    """The content of a model's file."""

    words: dict[str, int]  # word -> its row of the input
    labels: list[str]  # without "__label__"; the rows of the output, unless the loss is hs
    label_counts: list[int]  # how often each was seen in training
    shortest: int  # characters of an n-gram
    longest: int
    buckets: int  # number of buckets for n-grams
    bucket_rows: "np.ndarray | None"  # of each bucket: its row after the words' rows, or -1; None: all, in order
    loss: str  # "hs", "softmax" or "ova"
    input: Dense | Quantised
    output: Dense | Quantised


def read(path: Path) -> FastTextFile:
    """Read a model; a large matrix stays on the disk until it is used.

    Raises:
        UserError: there is no such file, or it is not a fastText model for language identification.
    """
    try:
        with path.open("rb") as file:
            return _read(_Reader(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except OSError as error:
        raise _unreadable(path, error) from None
    except (ValueError, struct.error, IndexError, KeyError):
        raise _unfit(path) from None


def digest(path: Path) -> str:
    """A digest of some of a model's bytes: it tells models apart without reading all of them.

    Raises:
        UserError: there is no such file, or it is not a fastText model.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            pieces = []
            for start in range(0, size, max(size // _PIECES, 1)):
                file.seek(start)
                pieces.append(file.read(_PIECE))
    except OSError as error:
        raise _unreadable(path, error) from None
    if not pieces or not pieces[0].startswith(struct.pack("<2i", _MAGIC, _VERSION)):
        raise _unfit(path)
    return hashlib.blake2b(b"".join([str(size).encode(), *pieces]), digest_size=8).hexdigest()


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"the language model {path} cannot be read: {error.strerror}")


def _unfit(path: Path) -> UserError:
    return UserError(
        f"{path} is not a complete fastText model for language identification: download it again, or give another"
    )


class _Reader:
    def __init__(self, content: Any) -> None:
        self._content = content
        self._position = 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._content, self._position)
        self._position += struct.calcsize(f"<{layout}")
        return values

    def text(self) -> str:
        end = self._content.find(b"\0", self._position)
        if end < 0:
            raise ValueError("it ends within a word")
        word: bytes = self._content[self._position : end]
        self._position = end + 1
        return word.decode("utf-8", errors="replace")  # training cut some words within a character

    def array(self, kind: str, *shape: int) -> "np.ndarray":
        import numpy as np

        count = int(np.prod(shape))
        if min(shape) < 0:
            raise ValueError("a negative size")
        values = np.frombuffer(self._content, kind, count, self._position).reshape(shape)
        self._position += values.nbytes
        return values


def _read(reader: _Reader) -> FastTextFile:
    magic, version = reader.numbers("2i")
    dimensions, _, _, _, _, word_ngrams, loss, kind, buckets, shortest, longest, _, _ = reader.numbers("12id")
    if (magic, version, word_ngrams, kind) != (_MAGIC, _VERSION, 1, _SUPERVISED):
        raise ValueError("another format, or another kind of model")
    size, word_count, _, _, kept_count = reader.numbers("3i2q")
    entries = [(reader.text(), *reader.numbers("qb")) for _ in range(size)]
    bucket_rows = _bucket_rows(reader.array("<i4", kept_count, 2), buckets) if kept_count >= 0 else None
    (quantised,) = reader.numbers("?")
    weights = _quantised(reader) if quantised else _dense(reader)
    (output_quantised,) = reader.numbers("?")
    output = _quantised(reader) if quantised and output_quantised else _dense(reader)
    labels = [(word, count) for word, count, entry in entries if entry == _LABEL]
    if not labels or (weights.shape[1], output.shape) != (dimensions, (len(labels), dimensions)):
        raise ValueError("sizes that do not fit")
    return FastTextFile(
        words={word: number for number, (word, _, _) in enumerate(entries[:word_count])},
        labels=[word.removeprefix("__label__") for word, _ in labels],
        label_counts=[count for _, count in labels],
        shortest=shortest,
        longest=longest,
        buckets=buckets,
        bucket_rows=bucket_rows,
        loss=_LOSSES[loss],
        input=weights,
        output=output,
    )


def _bucket_rows(pairs: "np.ndarray", buckets: int) -> "np.ndarray":
    import numpy as np

    rows = np.full(buckets, -1, np.int32)
    rows[pairs[:, 0]] = pairs[:, 1]
    return rows


def _dense(reader: _Reader) -> Dense:
    rows, columns = reader.numbers("2q")
    return Dense(reader.array("<f4", rows, columns))


def _quantised(reader: _Reader) -> Dense | Quantised:
    import numpy as np

    with_norms, rows, _, size = reader.numbers("?2qi")
    codes = reader.array("u1", rows, size // rows)
    centroids = _centroids(reader)
    norm_codes = reader.array("u1", rows) if with_norms else None
    norms = np.ones(rows, np.float32) if norm_codes is None else _centroids(reader)[0, norm_codes, 0]
    matrix = Quantised(codes, centroids, norms)
    # A small matrix is unpacked: reading its rows is then four times as fast.
    return Dense(matrix.rows(np.arange(rows))) if rows * matrix.shape[1] <= _SMALL else matrix


def _centroids(reader: _Reader) -> "np.ndarray":
    _, codes, columns, _ = reader.numbers("4i")
    return reader.array("<f4", codes, 256, columns)
