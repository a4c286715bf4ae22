import os

from sdrrl_data.processes import quiet
from sdrrl_data.processes.child_process import module


def test_the_libraries_of_a_child_are_quiet_and_those_of_the_program_stay_as_they_are(monkeypatch):
    monkeypatch.delenv("VLLM_LOGGING_LEVEL", raising=False)
    before = dict(os.environ)
    started = module("sdrrl_data.generation.engine_worker", OMP_NUM_THREADS="1").environment
    assert started["VLLM_LOGGING_LEVEL"] == "ERROR"
    assert started["OMP_NUM_THREADS"] == "1"
    assert dict(os.environ) == before


def test_what_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv("VLLM_LOGGING_LEVEL", "DEBUG")
    assert quiet.environment()["VLLM_LOGGING_LEVEL"] == "DEBUG"
