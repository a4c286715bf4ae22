"""Steps that stay the same, however few rows there is memory for at once."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sdrrl_data.errors import OutOfMemory

T = TypeVar("T")


def usual() -> int:
    """How many rows a device takes at once where nothing is said: on a CPU more would only be more padding."""
    import torch

    return 8 if torch.cuda.is_available() else 2


def sizes(own: int, most: int) -> list[int]:
    """How many of a device's rows of one step it may take at once, the most first: each divides them evenly."""
    return [size for size in range(min(own, most), 0, -1) if own % size == 0]


def with_less(work: Callable[[int], T], sizes: Sequence[int], say: Callable[[str], None]) -> T:
    """Do the work with the first size for which there is memory.

    Args:
        work: is called with a size; called again it begins anew, or where it had come to.
        sizes: the most first.
        say: is told when memory ran out.

    Raises:
        Stopped: there is no memory for the smallest.
    """
    from accelerate.utils import release_memory
    from accelerate.utils.memory import should_reduce_batch_size

    for place, size in enumerate(sizes):
        try:
            return work(size)
        except RuntimeError as error:
            if not should_reduce_batch_size(error):
                raise
        # Only here, where the error no longer holds what it was raised amidst, can memory be had back.
        release_memory()
        if place + 1 < len(sizes):
            say(f"memory ran out with {size} rows at once: going on with {sizes[place + 1]}")
    raise OutOfMemory(
        f"memory ran out with {sizes[-1]} rows at once: lower at_once or max_length, or set gradient_checkpointing; "
        "the checkpoints are kept"
    )
