"""What it costs to share a run: on a Ray cluster of two nodes of one core, and for a worker that finds nothing to do.

The models return at once, so that what is measured is everything else. The same run is made by one process on two
cores and by a cluster of two nodes, and compared byte for byte. Then a worker starts on a finished run of many parts.
"""

import json
import os
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["POLARS_MAX_THREADS"] = "1"
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])  # of the nodes, which take the models from here
os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"

import ray
from ray.cluster_utils import Cluster

from benchmarks._at_once import ALONE, DATA, models
from benchmarks._report import report, sized, versions
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.worker import work
from sdrrl_data.recipe import Recipe, loading
from sdrrl_data.runners.ray_cluster import RayConfig

SEEDS, PART_ROWS, MANY = sized((100_000, 1_000, 1_000), (400, 100, 30))


def main() -> None:
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
    texts, answers = ([row[key] for row in rows] for key in ("instruction", "output"))
    answers = [answer.partition(". ")[0] for answer in answers]
    used = versions("polars", "ray")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe = recipe_of(folder, texts, SEEDS, PART_ROWS)
        began = time.perf_counter()
        generate(recipe, folder / "local", models(answers))
        local = time.perf_counter() - began
        print(f"    {'one process on two cores':34}{SEEDS / local:8,.0f} rows/s", flush=True)
        seconds = on_two_nodes(recipe, folder / "ray", answers)
        print(f"    {'two nodes of one core':34}{SEEDS / seconds:8,.0f} rows/s", flush=True)
        for path in sorted((folder / "local").rglob("*.parquet")):
            assert path.read_bytes() == (folder / "ray" / path.relative_to(folder / "local")).read_bytes(), path
        report(f"Ray on two nodes of one core / one process: {SEEDS:,} seeds", local / seconds, used, "0.8")
        many = recipe_of(folder, texts, MANY, 1)
        generate(many, folder / "many", models(answers))
        began = time.perf_counter()
        work(folder / "many", models(answers))
        report(f"a worker on a finished run of {MANY:,} parts", f"{time.perf_counter() - began:.2f} s", used, "5 s")


def recipe_of(folder: Path, texts: list[str], seeds: int, part_rows: int) -> Recipe:
    path = folder / f"seeds-{seeds}.jsonl"
    lines = (json.dumps({"question": f"{texts[n % len(texts)]} ({n})"}) for n in range(seeds))
    path.write_text("\n".join(lines), encoding="utf-8")
    changes = {"part_rows": part_rows, "tgt": ["pt"], "parallel": None, "seeds.source": str(path)}
    return loading.load("sdrrl", changes | ALONE)


def on_two_nodes(recipe: Recipe, out: Path, answers: list[str]) -> float:
    """Seconds from a cluster that stands to a finished run."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="warning")
        began = time.perf_counter()
        generate(recipe, out, models(answers), ray=RayConfig())
        return time.perf_counter() - began
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main()
