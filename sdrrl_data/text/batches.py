"""Batches of texts of similar length, which need little padding."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def longest_first(items: Iterable[Item], length: Callable[[Item], int]) -> list[Item]:
    """The items by length, longest first, so that too little memory shows at once; equal lengths keep their order."""
    return sorted(items, key=lambda item: -length(item))


def batches(
    items: Iterable[Item],
    length: Callable[[Item], int],
    tokens: int,
    padding_share: float = 1.0,
    padding_rows: float = math.inf,
) -> Iterator[list[Item]]:
    """Batches of items of similar length, the longest first, also within a batch.

    Args:
        items: texts, or numbers or keys of texts.
        length: returns the length of an item, in tokens.
        tokens: the most tokens in a batch, with padding; a longer item is a batch by itself.
        padding_share: the largest share of padding in a batch, from 0 to 1.
        padding_rows: the most padding in a batch, in rows of the batch.
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
            width = size  # the first item is the longest
        batch.append(item)
        unpadded += size
    if batch:
        yield batch
