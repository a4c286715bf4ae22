"""The pool, with a tiny worker in a separate process."""

import os
import signal
import subprocess
import sys
import time
from itertools import count, islice
from pathlib import Path

import psutil
import pytest

from sdrrl_data.errors import Stopped, UserError
from sdrrl_data.processes.child_process import Start
from sdrrl_data.processes.jobs import batches, rows
from sdrrl_data.processes.pool import RESTARTS, TRIES, Pool
from sdrrl_data.protocols import SetAside
from tests.support.processes import ending, left, running

ROOT = Path(__file__).parents[2]
WORKER = ROOT / "tests" / "support" / "pool_worker.py"
KILL = ("end", signal.SIGKILL)


def workers(parent=None):
    return running(WORKER.name, parent)


def kill_workers():
    """Until they are dead; the pool has not noticed yet."""
    for process in workers():
        process.kill()
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)


@pytest.fixture
def build():
    """Builds pools, and checks that their workers end with them."""
    pools = []

    def make(first=None, *, together=False, **options):
        command = [sys.executable, str(WORKER), *(["together"] if together else [])]
        pools.append(Pool("the test: its worker", Start(command), lambda rank: first or {"rank": rank}, **options))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()
    assert not workers()


def keyed(jobs):
    return ((f"job {number}", job) for number, job in enumerate(jobs))


def results(pool, jobs, **options):
    """The results by key; there is one for each key."""
    pairs = list(pool.ask(keyed(jobs), **options))
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_every_job_has_its_result_under_its_key(build, together, count):
    pool = build(together=together)
    jobs = [f"text {number}" for number in range(100)]
    expected = {f"job {number}": job for number, job in enumerate(jobs)}
    assert results(pool, jobs, workers=count) == expected
    before = workers()
    assert len(before) == count
    assert results(pool, jobs) == expected
    assert workers() == before


def test_no_jobs(build):
    assert results(build(), []) == {}


def test_jobs_go_to_all_workers(build):
    pool = build()
    pids = results(pool, [("pid",)] * 4 + [("sleep", 0.2), ("pid",)] * 30, workers=2)
    assert len({pid for pid in pids.values() if isinstance(pid, int)}) == 2


def test_results_come_as_soon_as_they_are_there(build):
    pool = build()
    first = next(pool.ask(keyed(["quick", ("sleep", 600)])))
    assert first == ("job 0", "quick")


def test_jobs_are_taken_only_as_there_is_room(build):
    taken = []

    def endless():
        for number in count():
            taken.append(number)
            yield number, f"text {number}"

    for together, room in (False, 2), (True, 20):
        pool = build(together=together)
        taken.clear()
        most = 0
        for received, _ in enumerate(islice(pool.ask(endless(), workers=2), 500), 1):
            most = max(most, len(taken) - received)
        assert room - 1 <= most < 2 * room
        assert len(taken) < 500 + 2 * room


def test_no_job_is_taken_before_a_worker_has_loaded(build):
    taken = []
    pool = build({"load": ("sleep", 0.5), "fail": "it cannot load"})
    with pytest.raises(UserError):
        list(pool.ask(map(taken.append, range(10))))
    assert not taken


def test_large_messages_in_both_directions(build):
    pool = build()
    size = 20_000_000
    jobs = [("length", "x" * size), ("large", size)] * 4
    lengths = [result if isinstance(result, int) else len(result) for result in results(pool, jobs, workers=2).values()]
    assert lengths == [size] * 8


def test_a_worker_that_cannot_load_says_why(build):
    with pytest.raises(UserError, match=r"^the model is broken$") as caught:
        build({"fail": "the model is broken"}).load()
    assert caught.type is UserError
    with pytest.raises(UserError, match=r"^the model is broken$"):
        results(build({"fail": "the model is broken"}), ["text"], workers=2)


def test_a_worker_that_cannot_load_later_stops_the_work(build, tmp_path):
    """Results that were finished before are kept."""
    pool = build({"load": ("once", str(tmp_path), "load", "text")})
    pool.load()
    pool._first = lambda rank: {"fail": "the model is gone"}
    with pytest.raises(Stopped, match=r"^the model is gone$"):
        results(pool, ["text", KILL])


def test_a_worker_that_ends_by_itself_before_it_was_ready_is_not_started_again(build, tmp_path):
    note = ("note", str(tmp_path), "loads")
    with pytest.raises(Stopped, match=r"^the test: its worker could not be started \(exit code 1\)\. Look above"):
        build({"load": [note, ("raise", "a missing library")]}).load()
    assert (tmp_path / "loads").read_text() == "x"


def test_a_worker_that_is_killed_while_it_loads_is_started_again_a_few_times(build, tmp_path, caplog):
    note = ("note", str(tmp_path), "loads")
    pool = build({"load": [note, KILL]}, advice="Do less at a time")
    says = (
        rf"^the test: its worker ended {RESTARTS + 1} times without a finished job in between, at last with SIGKILL "
        r"\(out of memory\?\); finished rows are kept\. Look above for what it said\. Do less at a time$"
    )
    for loads in (1, 2):
        with pytest.raises(Stopped, match=says):
            pool.load()
        assert len((tmp_path / "loads").read_text()) == loads * (RESTARTS + 1)
    assert "the test: its worker ended (SIGKILL (out of memory?)) and is started again" in caplog.messages[0]


def test_a_second_worker_that_cannot_live_does_not_go_unnoticed(build, tmp_path):
    """Although the first worker goes on with its jobs."""
    pool = build()
    pool.load()
    pool._first = lambda rank: {"load": KILL}
    with pytest.raises(Stopped, match=f"ended {RESTARTS + 1} times"):
        for _ in pool.ask(keyed(("sleep", 0.01) for _ in count()), workers=2):
            pass


@pytest.mark.parametrize("together", [False, True])
def test_the_jobs_of_killed_workers_are_done(build, together):
    pool = build(together=together)
    received = {}
    for key, result in pool.ask(keyed(["text"] * 100), workers=2):
        received[key] = result
        if len(received) in (10, 30, 50):
            kill_workers()
    assert received == {f"job {number}": "text" for number in range(100)}


def test_a_worker_that_is_killed_twenty_times_by_chance_stops_nothing_and_costs_no_job(build):
    """The job that takes long is under way each time, but seldom alone."""
    pool = build(together=True)
    received = {}
    jobs = keyed([("sleep", 0.3), *["text"] * 400])
    for key, result in pool.ask(jobs):
        received[key] = result
        if len(received) % 20 == 0:
            kill_workers()
    assert len(received) == 401
    assert not [result for result in received.values() if isinstance(result, SetAside)]


def test_a_job_does_not_count_as_the_end_of_a_worker_that_was_dead_when_it_got_the_job(build, tmp_path):
    """It counts once, for the worker that it really ended, and is done."""
    unlucky = ("once", str(tmp_path), "unlucky", KILL)
    received = []
    for _, result in build().ask(keyed(["text", ("sleep", 0.5), unlucky])):
        received.append(result)
        if len(received) < TRIES:
            kill_workers()
    assert received == ["text", ("sleep", 0.5), "unlucky"]


def test_workers_killed_between_two_calls(build, caplog):
    pool = build()
    results(pool, ["text"] * 10, workers=2)
    for process in workers():
        process.kill()
        process.wait()
    assert len(results(pool, ["text"] * 10)) == 10
    assert not caplog.messages


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("poison", [KILL, ("raise", "an error in the worker")])
def test_a_job_that_ends_every_worker_is_set_aside_alone(build, together, poison):
    pool = build(together=together)
    jobs = [poison if number in (0, 17, 18, 61) else f"text {number}" for number in range(70)]
    received = results(pool, jobs, workers=2)
    refused = {key: result for key, result in received.items() if isinstance(result, SetAside)}
    assert refused.keys() == {"job 0", "job 17", "job 18", "job 61"}
    for result in refused.values():
        assert result.reason.startswith("it ended the worker ")
        assert result.reason.endswith("SIGKILL (out of memory?)" if poison == KILL else "exit code 1")
    assert all(received[f"job {number}"] == job for number, job in enumerate(jobs) if isinstance(job, str))


def test_a_job_that_is_alone_may_end_three_workers(build, tmp_path):
    pool = build()
    note = ("note", str(tmp_path), "tries")
    received = results(pool, [[note, KILL]])
    assert received == {"job 0": SetAside("it ended the worker 3 times, at last with SIGKILL (out of memory?)")}
    assert len((tmp_path / "tries").read_text()) == TRIES == 3


def test_where_every_job_ends_the_worker_the_work_stops(build):
    pool = build()
    received = []
    with pytest.raises(Stopped, match=rf"its worker ended {RESTARTS + 1} times without a finished job in between"):
        received.extend(pool.ask(keyed([KILL] * 100)))
    assert len(received) == RESTARTS + 1
    assert not workers()
    assert all(isinstance(result, SetAside) for _, result in received)
    assert results(pool, ["text"]) == {"job 0": "text"}


def test_a_batch_with_such_a_row_is_divided_until_the_row_is_alone(build):
    texts = [f"text {number}" for number in range(200)]
    jobs = list(texts)
    jobs[77] = KILL
    received = {}
    for start, result in build().ask(batches(jobs, 64), workers=2, split=rows):
        received |= {start: result} if isinstance(result, SetAside) else dict(enumerate(result, start))
    assert sorted(received) == list(range(200))
    assert isinstance(received.pop(77), SetAside)
    assert all(received[number] == texts[number] for number in received)


def test_a_worker_that_says_nothing_is_killed(build, tmp_path):
    pool = build(silence=1.2)
    unlucky = ("once", str(tmp_path), "unlucky", ("sleep", 600))
    received = results(pool, ["text", unlucky, "text"], workers=1)
    assert received == {"job 0": "text", "job 1": "unlucky", "job 2": "text"}


@pytest.mark.parametrize("hang", [("sleep", 600), ("hang",), ("end", signal.SIGSTOP)])
def test_a_job_over_which_workers_say_nothing_is_set_aside(build, hang):
    pool = build(silence=1.2)
    received = results(pool, [hang, *["text"] * 9, "x" * 10_000_000])
    assert received.pop("job 0") == SetAside("it ended the worker 3 times, at last with silence for 0.02 minutes")
    assert len(received) == 10
    assert set(map(type, received.values())) == {str}


def test_long_loading_and_having_nothing_to_do_are_not_silence(build):
    pool = build({"load": ("sleep", 3)}, silence=1.2)
    pool.load()
    (worker,) = workers()
    assert results(pool, ["text"]) == {"job 0": "text"}
    time.sleep(2)
    assert results(pool, ["text"]) == {"job 0": "text"}
    assert workers() == {worker}


def test_a_caller_that_is_slow_is_not_silence_of_the_workers(build):
    pool = build(silence=1.2)
    for _ in pool.ask(keyed([("sleep", 0.05)] * 8)):
        (worker,) = workers()
        time.sleep(0.4)
    assert workers() == {worker}


@pytest.mark.parametrize("together", [False, True])
def test_a_call_that_was_given_up_leaves_nothing_behind(build, together):
    pool = build(together=together)
    expected = results(pool, ["text"] * 30)
    for _ in pool.ask(keyed(("sleep", 0.01) for _ in count())):
        break
    assert results(pool, ["text"] * 30) == expected
    older = pool.ask(keyed(("sleep", 0.01) for _ in count()))
    next(older)
    assert results(pool, ["text"] * 30) == expected
    with pytest.raises(RuntimeError, match="another call"):
        next(older)

    def broken():
        yield from ["text"] * 10
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        results(pool, broken())
    assert results(pool, ["text"] * 30) == expected
    assert len(workers()) == 1


def test_close_does_not_wait_for_a_worker_that_is_busy(build):
    pool = build()
    pool_results = pool.ask(keyed(["text", ("sleep", 600)]), workers=2)
    next(pool_results)
    start = time.monotonic()
    pool.close()
    assert time.monotonic() - start < 5
    assert not workers()


def test_a_pool_that_is_forgotten_leaves_no_worker(build):
    pool = Pool("the test: its worker", Start([sys.executable, str(WORKER)]), lambda rank: {"rank": rank})
    pool.load()
    del pool
    assert not left(process.pid for process in workers())


@pytest.mark.parametrize("way", ["child", "fork"])
def test_what_a_worker_has_started_ends_with_it(build, tmp_path, way):
    """Also if it keeps the connection open."""
    pool = build()
    pool_results = pool.ask(keyed([(way,), ("once", str(tmp_path), "second", ("sleep", 600))]))
    _, child = next(pool_results)
    assert psutil.pid_exists(child)
    while not (tmp_path / "second").exists():
        time.sleep(0.01)
    for process in workers():
        process.kill()
    assert list(pool_results) == [("job 1", "second")]
    assert not left([child], 1)


def test_a_message_that_cannot_be_read_ends_its_worker(build, tmp_path):
    """Such as a result whose class does not exist here."""
    script = tmp_path / "worker.py"
    script.write_text(
        "from sdrrl_data.processes.worker import serve\n"
        "class Strange: pass\n"
        "serve(lambda first: lambda job: Strange())\n"
    )
    pool = Pool("the test: its worker", Start([sys.executable, str(script)]), lambda rank: {"rank": rank})
    (result,) = results(pool, ["text"]).values()
    assert isinstance(result, SetAside)
    pool.close()


FOREIGN = """
import json, sys
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
receive = lambda: json.loads(connection.recv_bytes())
send = lambda *message: connection.send_bytes(json.dumps(message).encode())
if receive() == "broken":
    print("the first line")
    print("the last line", file=sys.stderr)
    sys.exit(3)
send("ready", 2)
while message := receive():
    _, number, batch = message
    send(*(("done", number, [len(text) for text in batch]) if len(batch) < 3 else ("too_large", number)))
"""


def foreign(first):
    return Pool("the test: its worker", Start([sys.executable, "-c", FOREIGN], foreign=True), lambda rank: first)


def test_a_worker_in_an_environment_of_its_own_speaks_json():
    pool = foreign("whole")
    texts = ["a" * number for number in range(20)] + ["half of a pair: \ud800"]
    received = {}
    for start, lengths in pool.ask(batches(texts, 8), split=rows):
        received |= dict(enumerate(lengths, start))
    assert received == dict(enumerate(map(len, texts)))
    assert pool.ask([("too much", ["a", "b", "c"])]).__next__() == (
        "too much",
        SetAside("there is not enough memory for it"),
    )
    pool.close()


def test_what_such_a_worker_last_said_is_told():
    says = r"^the test: its worker could not be started \(exit code 3\)\. It last said: the first line / the last line$"
    with pytest.raises(Stopped, match=says):
        foreign("broken").load()


RUN = f"""
import signal, sys, time
from sdrrl_data.processes.child_process import Start
from sdrrl_data.processes.pool import Pool
import polars  # after which Ctrl-C no longer interrupts a wait by itself

polars.DataFrame({{"a": [1]}})
job = {{"busy": ("sleep", 600), "hanging": ("hang",), "stopped": ("end", signal.SIGSTOP)}}.get(sys.argv[1], "text")
load = ("sleep", 600) if sys.argv[1] == "loading" else "nothing"
pool = Pool("the test", Start([sys.executable, {str(WORKER)!r}]), lambda rank: {{"load": load}})
if load != "nothing":
    signal.signal(signal.SIGALRM, lambda *_: print("loading", flush=True))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
for key, _ in pool.ask(enumerate(["text"] * 10 + [job] * 4), workers=2):
    if key == 9:
        print("ten are done", flush=True)
time.sleep(1 if sys.argv[1] == "ending" else 600)
"""


def start_run(state):
    run = subprocess.Popen([sys.executable, "-c", RUN, state], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout.readline()
    started = workers(run.pid)
    assert started
    return run, started


@pytest.mark.parametrize("state", ["loading", "idle", "busy", "hanging", "stopped"])
def test_nothing_is_left_of_a_run_that_is_killed(state):
    run, started = start_run(state)
    children = psutil.Process(run.pid).children(recursive=True)
    assert len(children) > len(started)  # the reaper is among them
    run.kill()
    run.communicate()
    assert not left(process.pid for process in children)


@pytest.mark.parametrize("state", ["loading", "busy", "hanging", "stopped"])
def test_ctrl_c_goes_through_at_once(state):
    run, started = start_run(state)
    begin = time.monotonic()
    run.send_signal(signal.SIGINT)
    _, output = run.communicate(timeout=10)
    assert time.monotonic() - begin < 5  # less than the time in which the reaper ends workers
    assert run.returncode in (-signal.SIGINT, 130)
    assert b"KeyboardInterrupt" in output
    assert not left(process.pid for process in started)


def test_a_run_ends_though_it_did_not_close_its_pool():
    run, started = start_run("ending")
    _, output = run.communicate(timeout=10)
    assert (run.returncode, output) == (0, b"")
    assert not left(process.pid for process in started)


def test_ctrl_c_does_not_reach_the_workers(build):
    build().load()
    (worker,) = workers()
    assert os.getpgid(worker.pid) != os.getpgid(0)


def test_workers_that_are_killed_over_and_over(build):
    pool = build()
    pool.load()
    with ending(workers), pytest.raises(Stopped, match="at last with SIGKILL"):
        results(pool, ["text"] * 1000)
    assert results(pool, ["text"]) == {"job 0": "text"}
