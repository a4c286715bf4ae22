"""Leases: one holder at a time, whatever the clocks say, and none that is lost with its holder."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from sdrrl_data.errors import RunBusy
from sdrrl_data.run.leases import Leases, Times

QUICK = Times(renewed=0.05, stale=0.4)
HOLD = """
import sys, time
from pathlib import Path
from sdrrl_data.run.leases import Leases
leases = Leases()
print(leases.take(Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path):
    return tmp_path / "answers" / ".part-00003"


@pytest.fixture
def elsewhere(place):
    """A lease of a process on another machine, which renews it only when it is told to."""

    def renew(beat, number=1):
        place.parent.mkdir(exist_ok=True)
        content = json.dumps([beat, "node-7", 4711, "another boot", "1"])
        place.with_name(f"{place.name}.lease-{number}").write_text(content)

    return renew


def take_at_last(leases, place, seconds=10):
    end = time.monotonic() + seconds
    while not (taken := leases.take(place)) and time.monotonic() < end:
        time.sleep(0.02)
    return taken


def test_a_lease_has_one_holder_until_it_is_released(place):
    with Leases() as first, Leases() as second:
        assert first.take(place)
        assert not second.take(place)
        assert second.holder(place).pid == os.getpid()
        first.release(place)
        assert second.holder(place) is None
        assert second.take(place)
    assert not list(place.parent.iterdir())


def test_a_lease_that_is_renewed_is_never_stale(place):
    with Leases(QUICK) as first, Leases(QUICK) as second:
        assert first.take(place)
        assert not take_at_last(second, place, seconds=4 * QUICK.stale)
        assert second.is_renewed(place)


def test_a_lease_of_another_machine_is_stale_when_it_stands_still(place, elsewhere):
    elsewhere(1)
    with Leases(QUICK) as leases:
        assert not leases.take(place)
        assert str(leases.holder(place)) == "process 4711 on node-7"
        assert not leases.is_renewed(place)  # nobody knows yet
        assert take_at_last(leases, place)
    assert not list(place.parent.iterdir())


@pytest.mark.parametrize("years", [-30, 30])
def test_times_of_files_and_clocks_count_for_nothing(place, elsewhere, years):
    with Leases(QUICK) as leases:
        for beat in range(30):
            elsewhere(beat)
            then = time.time() + years * 365 * 86400
            os.utime(place.with_name(f"{place.name}.lease-1"), (then, then))
            assert not leases.take(place)
            time.sleep(QUICK.stale / 10)
        assert take_at_last(leases, place)


def test_a_lease_of_a_process_that_was_killed_is_free_at_once(place):
    with subprocess.Popen([sys.executable, "-c", HOLD, place], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip() == "True"
        with Leases() as leases:
            assert not leases.take(place)
            process.kill()
            process.wait()
            assert leases.take(place)


def test_what_a_process_left_that_was_killed_while_it_released_is_removed(place, elsewhere):
    elsewhere(1, number=4)  # those before it are gone already
    with Leases() as leases:
        assert leases.others(place.parent.parent) == {}
    assert not list(place.parent.iterdir())


def test_one_of_many_takes_over_a_stale_lease(place, elsewhere):
    elsewhere(1)
    everybody = [Leases(QUICK) for _ in range(16)]
    threads = [threading.Thread(target=take_at_last, args=(leases, place, 3 * QUICK.stale)) for leases in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(leases.holds(place) for leases in everybody) == 1
    for leases in everybody:
        leases.close()
    assert not list(place.parent.iterdir())


def test_a_lease_that_was_taken_over_is_lost_and_not_released(place):
    with Leases(QUICK) as slow, Leases(QUICK) as other:
        assert slow.take(place)
        successor = place.with_name(f"{place.name}.lease-2")  # as if this process had been suspended
        successor.write_text(json.dumps([1, "node-7", 4711, "another boot", "1"]))
        end = time.monotonic() + 10
        while slow.holds(place) and time.monotonic() < end:
            time.sleep(0.02)
        assert not slow.holds(place)
        slow.release(place)
        assert successor.exists()
        assert take_at_last(other, place)


def test_a_file_that_was_not_written_whole_is_stale_in_the_end(place):
    place.parent.mkdir()
    place.with_name(f"{place.name}.lease-1").touch()  # the machine died as it was created
    with Leases(QUICK) as leases:
        assert not leases.take(place)
        assert take_at_last(leases, place)


def test_whoever_finds_a_holder_alive_is_told_that_it_is_busy(place, elsewhere):
    elsewhere(1)
    over = threading.Event()

    def renew():
        beat = 1
        while not over.wait(0.05):
            elsewhere(beat := beat + 1)

    thread = threading.Thread(target=renew)
    thread.start()
    with Leases(QUICK) as leases, pytest.raises(RunBusy, match="wait for it"), leases.held(place, "wait for it"):
        pass
    over.set()
    thread.join()
    with Leases(QUICK) as leases, leases.held(place, "wait for it"):
        assert leases.holds(place)
