"""Memory of a process that computes with large tensors on a CPU."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of mallopt(3)
LARGEST = 2**31 - 1  # bytes


def keep_freed_memory() -> None:
    """Keep large blocks that are freed, for the next ones, instead of giving them back to the system.

    glibc gives them back at once, and the system zeroes them page by page when they are wanted again: a training of a
    small model on two cores was a quarter faster without. Where there is no glibc, nothing is done.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(MMAP_THRESHOLD, LARGEST)
        mallopt(TRIM_THRESHOLD, LARGEST)
