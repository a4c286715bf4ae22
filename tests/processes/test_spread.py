import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from sdrrl_data.errors import EngineFailed, UserError
from sdrrl_data.languages import find
from sdrrl_data.processes.child_process import cores
from sdrrl_data.processes.spread import MIN_PAIRS, Spread, processes_for
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer
from tests.support.deadly_scorer import DEADLY, DeadlyScorer
from tests.support.processes import ending, left, running

MAKE = partial(LanguageScorer, LanguageConfig(), find("en"), find("pt"))
ROOT = Path(__file__).parents[2]
SENTENCE = "There are {} houses in the village."
MANY = [
    TextPair(text, text, [Unit(0, len(text), 0, len(text))]) for text in map(SENTENCE.format, range(MIN_PAIRS + 100))
]


def workers():
    return running("spread_worker")


@pytest.fixture(scope="module")
def spread():
    """A scorer on two processes, and a function that returns these processes."""
    before = workers()
    scorer = Spread(MAKE, 2)
    yield scorer, lambda: workers() - before
    scorer.close()
    assert workers() <= before


@pytest.fixture(scope="module")
def alone():
    return MAKE().score(MANY, lambda done: None)


def test_several_processes_score_as_one(spread, alone):
    scorer, processes = spread
    done = []
    assert scorer.score(MANY, done.append).equals(alone)
    assert sum(done) == len(MANY)
    assert len(processes()) == 2
    known = {process.pid for process in processes()}
    assert scorer.score(MANY[::-1], done.append).equals(alone.reverse())
    assert {process.pid for process in processes()} == known


@pytest.mark.parametrize(("processes", "pairs"), [(1, len(MANY)), (2, 50)])
def test_where_it_does_not_pay_no_process_is_started(processes, pairs, alone):
    before = workers()
    assert Spread(MAKE, processes).score(MANY[:pairs], lambda done: None).equals(alone[:pairs])
    assert workers() == before


def test_part_by_part_processes_are_started_when_it_has_become_much(alone):
    before = workers()
    scorer = Spread(MAKE, 2)
    parts = [MANY[start : start + 700] for start in range(0, len(MANY), 700)]
    started = []
    frames = []
    for part in [*parts, []]:
        frames.append(scorer.score(part, lambda done: None))
        started.append(len(workers() - before))
    scorer.close()
    assert started == [0, 0, 2, 2, 2]
    assert pl.concat(frames).equals(alone)


def test_a_killed_process_is_replaced(spread, alone):
    scorer, processes = spread

    def kill(done):
        if len(killed) < 2:
            killed.append(processes().pop())
            killed[-1].kill()

    killed = []
    assert scorer.score(MANY, kill).equals(alone)
    assert len(killed) == 2
    last = processes().pop()
    last.kill()  # between two calls
    last.wait()
    assert scorer.score(MANY, lambda done: None).equals(alone)


def test_processes_that_end_over_and_over(spread):
    scorer, processes = spread
    with ending(processes), pytest.raises(EngineFailed, match=r"a scorer's process ended 4 times .* SIGKILL"):
        scorer.score(MANY, lambda done: None)
    assert not processes()


def test_pairs_over_which_processes_end_have_no_scores_and_a_warning(monkeypatch, caplog):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    scorer = Spread(DeadlyScorer, 2)
    pairs = [TextPair(DEADLY if number in (70, 1500) else "a" * number, "", []) for number in range(MIN_PAIRS)]
    done = []
    scores = scorer.score(pairs, done.append)["length"].to_list()
    scorer.close()
    assert scores == [None if number in (70, 1500) else number for number in range(MIN_PAIRS)]
    assert sum(done) == MIN_PAIRS
    warnings = [message for message in caplog.messages if message.startswith("a pair has no scores")]
    assert len(warnings) == 2
    assert all("it ended the worker" in warning and DEADLY in warning for warning in warnings)


def test_where_no_pair_can_be_scored_the_work_stops(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    scorer = Spread(DeadlyScorer, 2)
    with pytest.raises(EngineFailed, match="a scorer's process ended 4 times"):
        scorer.score([TextPair(DEADLY, "", [])] * MIN_PAIRS, lambda done: None)
    scorer.close()


def test_a_scorer_that_cannot_be_made(tmp_path):
    settings = LanguageConfig(model=str(tmp_path / "gone.bin"))
    scorer = Spread(partial(LanguageScorer, settings, find("en"), find("pt")), 2)
    with pytest.raises(UserError, match=r"gone\.bin cannot be read"):
        scorer.score(MANY, lambda done: None)
    scorer.close()


def test_a_call_that_was_broken_off(spread, alone):
    scorer, _ = spread

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scorer.score(MANY, stop)
    assert scorer.score(MANY, lambda done: None).equals(alone)


SCRIPT = """
import os, signal, psutil
from sdrrl_data.protocols import TextPair
from sdrrl_data.scoring.chrf import ChrfScorer
from sdrrl_data.processes.spread import MIN_PAIRS, Spread
def stop(done):
    print(*(child.pid for child in psutil.Process().children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
Spread(ChrfScorer, 2).score([TextPair("a", "b", [])] * MIN_PAIRS, stop)
"""


def test_processes_end_with_the_run():
    run = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    processes = [int(pid) for pid in run.stdout.readline().split()]
    assert processes
    assert run.wait() == -signal.SIGKILL
    run.stdout.close()
    assert not left(processes)


def test_a_large_model_is_not_in_every_process(tmp_path):
    path = tmp_path / "model.bin"
    sizes = (1 << 10, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    counts = []
    for size in sizes:
        path.write_bytes(b"")
        os.truncate(path, size)  # a sparse file, which takes no disk space
        counts.append(processes_for(path))
    assert counts == [cores(), 1]
    assert processes_for() == cores()
