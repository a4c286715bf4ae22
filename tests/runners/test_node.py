"""What the process on a node says, without a cluster."""

import dataclasses
from contextlib import closing

import pytest

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.recipe import loading
from sdrrl_data.runners.node import Node
from tests.support import small_models


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "seeds.txt").write_text("".join(f"Why is house number {n} so cold in winter?\n" for n in range(9)))
    changes = {"seeds": [{"source": str(tmp_path / "seeds.txt")}], "part_rows": 3}
    recipe = loading.load("quickstart", small_models.CHANGES | changes)
    generate(recipe, tmp_path / "run", small_models.models(), begin_only=True)
    return resolve(recipe, tmp_path / "run", small_models.models())


def until_ended(node, steps):
    """All news until the node has ended so many steps."""
    rows, written = 0.0, []
    while True:
        news = node.news(5)
        rows, written = rows + news.rows, written + news.written
        if news.error or news.ended == steps:
            return rows, written, news


def test_a_node_makes_the_parts_that_it_is_given_and_says_so(plan):
    job = plan.tables.jobs["answers"]
    with closing(Node(str(plan.run.path), small_models.models(), "")) as node:
        assert node.news(0.01).ended == 0  # nothing was begun
        node.begin(job)
        assert node.news(0.01).ended == 0
        for part in (0, 2):
            node.give(part)
        node.end()
        rows, written, news = until_ended(node, 1)
        assert (rows, written) == (6.0, [(part, job.fingerprints[part]) for part in (0, 2)])
        assert (news.waiting, news.error) == (0, None)
        node.begin(job)
        node.give(1)
        node.end()
        assert until_ended(node, 2)[1] == [(1, job.fingerprints[1])]
    assert plan.run.table("answers").existing() == {0, 1, 2}


def test_an_error_on_a_node_is_told_and_a_fault_with_its_traceback(plan):
    def broken(settings):
        raise ZeroDivisionError

    models = dataclasses.replace(small_models.models(), build_generator=broken)
    for part, expected in ((99, "part-00099.parquet is gone"), (0, "Traceback")):
        with closing(Node(str(plan.run.path), models, "")) as node:
            node.begin(plan.tables.jobs["answers"])
            node.give(part)
            assert expected in str(until_ended(node, 1)[2].error)


def test_a_node_says_whether_it_sees_the_run(plan, tmp_path):
    with closing(Node(str(plan.run.path), small_models.models(), "")) as node:
        assert node.greet().manifest == plan.run.manifest_bytes()
    with closing(Node(str(tmp_path / "elsewhere"), small_models.models(), "")) as node:
        assert node.greet().manifest is None
