"""Random draws that depend only on their key, so that neither sharding nor order changes them."""

import hashlib


def number(*key: object) -> int:
    """A whole number from 0 to 2**31 - 1, the same for the same key (the recipe's seed, a row's id, a purpose)."""
    digest = hashlib.blake2b("\0".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 33


def share(*key: object) -> float:
    """A number from 0 (included) to 1 (excluded), the same for the same key."""
    return number(*key) / 2**31
