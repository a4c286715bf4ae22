"""Freed memory stays with the process, so that the pages of the next large tensor do not have to be zeroed."""

import subprocess
import sys

import pytest

KEPT = """
import sys
import numpy as np, psutil
from sdrrl_data.processes.allocator import keep_freed_memory

if sys.argv[1:]:
    keep_freed_memory()
before = psutil.Process().memory_info().rss
large = np.ones(2**25)
del large
print((psutil.Process().memory_info().rss - before) >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is done")
@pytest.mark.parametrize(("words", "least", "most"), [([], -64, 64), (["keep"], 192, 320)])
def test_freed_memory_is_kept_where_it_is_asked_for(words: list[str], least: int, most: int) -> None:
    done = subprocess.run([sys.executable, "-c", KEPT, *words], capture_output=True, text=True, check=True)
    assert least < int(done.stdout) < most  # MiB, of 256
