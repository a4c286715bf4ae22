"""Whether CTranslate2 can use this machine's GPUs.

Its wheel wants the cuBLAS of CUDA 12, and loads it at the first batch. Current builds of torch and vLLM bring that of
CUDA 13 alone; CTranslate2 counts the GPUs all the same.
"""

import ctypes
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

LIBRARY = "libcublas.so.12"
BEFORE = "libcublasLt.so.12"  # which it needs, and which lies beside it
PACKAGE = "nvidia-cublas-cu12"
REMEDY = f"pip install {PACKAGE}, or set translator.engine to transformers"


def gpus() -> int:
    """How many GPUs CTranslate2 sees."""
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def problem() -> str | None:
    """Why CTranslate2 cannot compute on the GPUs that it sees; None if it can, or sees none."""
    return lacking(LIBRARY) if sys.platform == "linux" and gpus() else None


@cache
def lacking(library: str) -> str | None:
    """Why a library cannot be loaded; None if it can: it is then found by whoever loads it later.

    The package of the library lies where the loader does not look.
    """
    reason = _loaded(library)
    if reason is None:
        return None
    package = find_spec("nvidia")
    for folder in package.submodule_search_locations or () if package else ():
        place = Path(folder) / "cublas" / "lib"
        if (place / library).exists():
            _loaded(str(place / BEFORE))
            return _loaded(str(place / library))
    return reason


def _loaded(library: str) -> str | None:
    try:
        ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return str(error)
    return None
