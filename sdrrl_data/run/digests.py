"""The digest of a Parquet file, kept in the file itself: that of its bytes, with noughts in the digest's own place.

So a part stays one file that is written at once, and a flipped bit shows wherever it is, also in the footer.
"""

import struct
from pathlib import Path

import xxhash

_KEY, _DIGITS = "sdrrl_data.digest", 16
UNSIGNED = {_KEY: "0" * _DIGITS}  # metadata to write a file with, before it is signed
# The key and the beginning of its value in Parquet's footer: field 2 of Thrift's compact protocol, a text of 16 bytes.
_MARK = _KEY.encode() + bytes([0x18, _DIGITS])


def sign(path: Path) -> None:
    """Put the digest of a file into its place."""
    content = path.read_bytes()
    place = _place(content)
    if place is None:
        raise ValueError(f"{path} has no place for a digest")
    with path.open("r+b") as file:
        file.seek(place)
        file.write(_digest(content, place))


def fits(content: bytes) -> bool:
    """Whether the content of a file has the digest that it says; True if it says none, as in sdrrl-data 0.2.0."""
    place = _place(content)
    return place is None or content[place : place + _DIGITS] == _digest(content, place)


def _place(content: bytes) -> int | None:
    """Where the digest stands; None if there is none."""
    footer = struct.unpack("<I", content[-8:-4])[0] if len(content) >= 8 else 0
    mark = content.find(_MARK, max(0, len(content) - 8 - footer))
    return mark + len(_MARK) if mark >= 0 else None


def _digest(content: bytes, place: int) -> bytes:
    view = memoryview(content)
    digest = xxhash.xxh3_64(view[:place])
    digest.update(b"0" * _DIGITS)
    digest.update(view[place + _DIGITS :])
    return digest.hexdigest().encode()
