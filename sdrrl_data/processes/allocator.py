"""Memory settings of a process that computes with large tensors on a CPU."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of mallopt(3)
LARGEST = 2**31 - 1  # bytes


def keep_freed_memory() -> None:
    """Keep large blocks of memory after they are freed, so that they can be used again.

    By default, glibc returns them to the system at once, and the system zeroes every page when it is used again: the
    training of a small model on two cores was a quarter faster without. Without glibc, this does nothing.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(MMAP_THRESHOLD, LARGEST)
        mallopt(TRIM_THRESHOLD, LARGEST)
