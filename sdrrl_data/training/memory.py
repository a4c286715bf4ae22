"""Fitting a step into memory: fewer rows at once, with the same result."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sdrrl_data.errors import OutOfMemory, UserError

T = TypeVar("T")


def usual() -> int:
    """How many rows a device takes at once by default: on a CPU, more would only mean more padding."""
    import torch

    return 8 if torch.cuda.is_available() else 2


def sizes(rows: int, most: int, least: int = 1) -> list[int]:
    """How many rows a device may take at once, largest first: each number divides its rows of a step evenly.

    Args:
        rows: of a step, on one device.
        most: rows at once.
        least: rows at once, where the objective compares them.

    Raises:
        UserError: there is no such number.
    """
    numbers = [size for size in range(min(rows, most), least - 1, -1) if rows % size == 0]
    if not numbers:
        raise UserError(
            f"this objective compares at least {least} rows that are taken at once, and of the {rows} rows of a step, "
            f"{most} at most are: change batch_size or at_once"
        )
    return numbers


def with_less(work: Callable[[int], T], sizes: Sequence[int], say: Callable[[str], None]) -> T:
    """Do the work with the first size that fits into memory.

    Args:
        work: called with a size; a second call starts again, or continues from the last checkpoint.
        sizes: largest first.
        say: called with a sentence when memory ran out.

    Raises:
        OutOfMemory: not even the smallest size fits.
    """
    from accelerate.utils import release_memory
    from accelerate.utils.memory import should_reduce_batch_size

    for place, size in enumerate(sizes):
        try:
            return work(size)
        except RuntimeError as error:
            if not should_reduce_batch_size(error):
                raise
        # Outside the `except` block: inside, the error still refers to the frames that hold the memory.
        release_memory()
        if place + 1 < len(sizes):
            say(f"memory ran out with {size} rows at once: continuing with {sizes[place + 1]}")
    raise OutOfMemory(
        f"memory ran out with {sizes[-1]} rows at once: lower at_once or max_length, or set gradient_checkpointing; "
        "the checkpoints are kept"
    )
