"""How far a run is, for people and for programs."""

import json
import os

import pytest

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.status import status
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from sdrrl_data.run.leases import Leases
from tests.support import small_models


class Stops(Silent):
    """Ends a run as it makes a table."""

    def __init__(self, table):
        self._table, self._now = table, ""

    def start(self, what, total, done, unit="rows"):
        self._now = what

    def advance(self, amount, note=""):
        if self._now == self._table:
            raise KeyboardInterrupt


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "seeds.txt").write_text("".join(f"Why is house number {n} so cold in winter?\n" for n in range(9)))
    changes = {"seeds": [{"source": str(tmp_path / "seeds.txt")}], "part_rows": 3}
    return loading.load("quickstart", small_models.CHANGES | changes)


@pytest.fixture
def stopped(recipe, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        generate(
            recipe, tmp_path / "run", small_models.models(), Stops("pt/translations"), command="sdrrl-data generate"
        )
    return Run(tmp_path / "run")


def of(run, table):
    return next(each for each in status(run, run.manifest()).tables if each.table == table)


def test_a_run_that_was_stopped(stopped):
    now = status(stopped, stopped.manifest())
    assert (now.state, now.command, now.locked_by) == ("unfinished", "sdrrl-data generate", None)
    names = [table.table for table in now.tables]
    assert names.index("answers") < names.index("pt/translations") < names.index("pt/transfer_set")
    assert (of(stopped, "answers").parts, of(stopped, "answers").of) == (3, 3)
    assert (of(stopped, "pt/verdicts").parts, of(stopped, "pt/verdicts").of) == (0, 3)
    assert not now.working


def test_the_time_that_a_stopped_step_took_is_noted(stopped):
    noted = stopped.timings().filter(step="pt/translations", rows=0)
    assert noted.height == 1
    assert of(stopped, "answers").rows_per_second > 0
    assert (of(stopped, "answers").rows, of(stopped, "answers").rows_wanted) == (9, 9)
    assert (of(stopped, "pt/aligner").rows, of(stopped, "pt/aligner").parts) == (None, 0)


def test_a_finished_run(recipe, stopped):
    generate(recipe, stopped.path, small_models.models())
    now = status(stopped, stopped.manifest())
    assert now.state == "finished"
    assert all(table.parts == table.of for table in now.tables)
    assert of(stopped, "answers").set_aside == stopped.table("answers").set_aside().height


def test_who_makes_what_and_how_fast(stopped):
    place = stopped.table("pt/translations").lease(2)
    for part, when in ((0, 100.0), (1, 106.0)):
        path = stopped.table("pt/translations").files(part)[0]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(stopped.table("answers").files(part)[0].read_bytes())
        os.utime(path, (when, when))
    elsewhere = stopped.table("answers").lease()
    elsewhere.with_name(f"{elsewhere.name}.lease-1").write_text(json.dumps([1, "node-7", 4711, "another boot", "1"]))
    with Leases() as leases:
        assert leases.take(place)
        with stopped.lock():
            now = status(stopped, stopped.manifest())
    assert now.locked_by.startswith("process ")
    by_table = {work.table: work for work in now.working}
    assert (by_table["pt/translations"].part, by_table["pt/translations"].alive) == (2, True)
    assert (by_table["answers"].part, by_table["answers"].host, by_table["answers"].alive) == (None, "node-7", None)
    table = next(table for table in now.tables if table.table == "pt/translations")
    assert (table.rows_per_second, table.seconds_left) == (0.5, 6.0)
