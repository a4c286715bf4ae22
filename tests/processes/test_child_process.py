import os

import pytest

from sdrrl_data.processes.child_process import threads


@pytest.mark.parametrize(("told", "expected"), [("3", 3), ("2,4", 2), ("", None), ("0", None), ("many", None)])
def test_threads_are_what_openmp_is_told_or_one_a_core(monkeypatch, told, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert threads() == (expected or len(os.sched_getaffinity(0)))
