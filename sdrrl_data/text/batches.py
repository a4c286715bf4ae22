"""Texts of like length together, so that little is padded."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def longest_first(items: Iterable[Item], length: Callable[[Item], int]) -> list[Item]:
    """The items by their lengths; those of the same length keep their order. What takes most memory comes at once."""
    return sorted(items, key=lambda item: -length(item))


def batches(
    items: Iterable[Item],
    length: Callable[[Item], int],
    tokens: int,
    padding_share: float = 1.0,
    padding_rows: float = math.inf,
) -> Iterator[list[Item]]:
    """Batches of items of like length, the longest first, also within a batch.

    Args:
        items: texts, or what stands for them, such as their numbers.
        length: of an item, in tokens.
        tokens: how many a batch may have, padding included; a longer item is a batch of its own.
        padding_share: how much of a batch may be padding, from 0 to 1.
        padding_rows: how much of it may be padding, in rows of the batch.
    """
    batch: list[Item] = []
    width = unpadded = 0
    for item in longest_first(items, length):
        size = length(item)
        padded = width * (len(batch) + 1)
        padding = padded - unpadded - size
        if batch and (padded > tokens or padding > padding_share * padded or padding > padding_rows * width):
            yield batch
            batch, unpadded = [], 0
        if not batch:
            width = size  # the first is the longest
        batch.append(item)
        unpadded += size
    if batch:
        yield batch
