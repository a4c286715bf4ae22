"""Whole runs on a Ray cluster of several nodes on this machine."""

import dataclasses
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest

from sdrrl_data.errors import EngineFailed, RunMismatch
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run, provenance
from sdrrl_data.runners.ray_cluster import RayConfig
from tests.support import small_models, troubled_models, workers
from tests.support.store import forget_folders, objects, server

pytest.importorskip("ray")
pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SEEDS = 24


class Said(Silent):
    def __init__(self):
        self.said = []

    def say(self, sentence):
        self.said.append(sentence)


def patiently(start, tries=5):
    """Start a node of Ray, which gives up after 30 s on a machine that does other things, too."""
    for number in range(tries):
        try:
            return start()
        except Exception:
            if number == tries - 1:
                raise


@pytest.fixture(scope="module")
def store():
    """An object store that this process and all nodes have the credentials for."""
    with server() as running, patch.dict(os.environ, running.environment):
        running.empty()
        yield


@pytest.fixture(scope="module")
def cluster(store):
    import ray
    from ray.cluster_utils import Cluster

    with patch.dict(os.environ, {"PYTHONPATH": str(ROOT), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}):
        head = {"num_cpus": 1, "include_dashboard": False}
        cluster = patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
        patiently(lambda: cluster.add_node(num_cpus=1))
        ray.init(address=cluster.address, log_to_driver=False, logging_level="warning")
        yield cluster
        ray.shutdown()
        cluster.shutdown()


def contents(run):
    """The files of a run. With another number of threads, what an aligner learns is rounded in its sixteenth digit."""
    return {name: content for name, content in workers.contents(run).items() if "/aligner/" not in name}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("seeds") / "seeds.jsonl"
    texts = [f"Why is the house of neighbour number {n} so cold in winter?" for n in range(SEEDS)]
    path.write_text("".join(json.dumps({"instruction": text}) + "\n" for text in texts))
    return lambda **changes: loading.load(
        "quickstart", small_models.CHANGES | {"seeds": [{"source": str(path)}], "part_rows": 3} | changes
    )


@pytest.fixture(scope="module")
def alone(recipe, tmp_path_factory):
    run = tmp_path_factory.mktemp("alone") / "run"
    generate(recipe(), run, small_models.models())
    return contents(run)


@pytest.fixture
def trouble(tmp_path):
    folder = tmp_path / "trouble"
    folder.mkdir()
    return folder


def on_ray(recipe, out, models, said=None, **settings):
    return generate(recipe, out, models, said, ray=RayConfig(**settings))


def test_two_nodes_make_the_bytes_that_one_process_makes(cluster, recipe, alone, tmp_path):
    said = Said()
    assert on_ray(recipe(), tmp_path / "run", small_models.models(), said).state == "finished"
    assert contents(tmp_path / "run") == alone
    assert len(list((tmp_path / "run").glob("timings-*.jsonl"))) == 2  # both have worked
    assert not [sentence for sentence in said.said if "elsewhere" in sentence]


def test_the_quickstart_has_the_same_bytes_on_two_nodes(cluster, tmp_path):
    """With the real models of the recipe; its answers are few and short, so that no pair of words is learned."""
    changes = {"limit": 8, "part_rows": 1, "generator.engine": "transformers", "generator.max_tokens": 24}
    recipe = loading.load("quickstart", changes)
    generate(recipe, tmp_path / "alone")
    assert on_ray(recipe, tmp_path / "run", None).state == "finished"
    assert contents(tmp_path / "run") == contents(tmp_path / "alone")
    assert len(list((tmp_path / "run").glob("timings-*.jsonl"))) == 2


def test_nodes_share_a_run_in_an_object_store(cluster, recipe, alone):
    assert on_ray(recipe(), "s3://bucket/run", small_models.models()).state == "finished"
    forget_folders()
    made = objects("s3://bucket/run")
    assert {name: content for name, content in made.items() if "/aligner/" not in name} == alone


def test_questions_that_the_model_writes_are_written_in_order(cluster, recipe, tmp_path):
    changes = {"seeds": {"source": "magpie"}, "limit": 8}
    generate(recipe(**changes), tmp_path / "alone", small_models.models())
    on_ray(recipe(**changes), tmp_path / "run", small_models.models())
    assert contents(tmp_path / "run") == contents(tmp_path / "alone")


def test_a_process_that_is_killed_loses_nothing(cluster, recipe, alone, trouble, tmp_path):
    (trouble / "dies_once").write_text("13")
    said = Said()
    on_ray(recipe(), tmp_path / "run", troubled_models.models(trouble), said)
    assert any("made again elsewhere" in sentence for sentence in said.said)
    assert contents(tmp_path / "run") == alone


def test_a_process_that_says_nothing_for_long_counts_as_dead(cluster, recipe, alone, trouble, tmp_path):
    (trouble / "hangs_once").write_text("13")
    said = Said()
    on_ray(recipe(), tmp_path / "run", troubled_models.models(trouble), said, silent_minutes=0.2)
    assert any("said nothing for 0.2 minutes" in sentence for sentence in said.said)
    assert contents(tmp_path / "run") == alone


def test_a_part_that_always_kills_ends_the_run_by_its_name_and_all_others_are_made(cluster, recipe, trouble, tmp_path):
    (trouble / "dies").write_text("13")
    with pytest.raises(EngineFailed, match=r"part 4 of answers was being made when a process ended, 3 times"):
        on_ray(recipe(), tmp_path / "run", troubled_models.models(trouble))
    assert Run(tmp_path / "run").table("answers").existing() == {0, 1, 2, 3, 5, 6, 7}
    (trouble / "dies").unlink()
    assert on_ray(recipe(), tmp_path / "run", troubled_models.models(trouble)).state == "finished"


def test_a_node_leaves_and_another_one_joins(cluster, recipe, alone, trouble, tmp_path):
    (trouble / "slow").write_text("0.5")
    run = Run(tmp_path / "run")
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(on_ray, recipe(), run.path, troubled_models.models(trouble))
        while not run.table("answers").existing():
            assert not done.done()
            time.sleep(0.05)
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        patiently(lambda: cluster.add_node(num_cpus=1))
        assert done.result().state == "finished"
    assert contents(run.path) == alone


def test_other_versions_on_a_node_are_refused_before_the_first_part(cluster, recipe, tmp_path):
    other = provenance.versions() | {"polars": "0.1"}
    with (
        patch.object(provenance, "versions", lambda: other),
        pytest.raises(RunMismatch, match=r"the node .* polars [\d.]+ \(not 0\.1\)"),
    ):
        on_ray(recipe(), tmp_path / "run", small_models.models())
    assert not Run(tmp_path / "run").table("answers").existing()


def test_an_error_on_a_node_is_the_error_of_the_run(cluster, recipe, tmp_path):
    def unknown(*_):
        raise EngineFailed("the engine cannot be loaded")

    with pytest.raises(EngineFailed, match="the engine cannot be loaded"):
        on_ray(recipe(), tmp_path / "run", dataclasses.replace(small_models.models(), build_generator=unknown))
