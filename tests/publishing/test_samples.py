"""Samples go to the Hub with the answers that were chosen among them, and come back."""

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.publishing import client
from tests.support import small_models


def test_a_pulled_run_has_the_samples_and_goes_on(ann, tmp_path):
    changes = {"answers.samples": 3, "preferences.rejected": ["other_language", "samples"]}
    run, _ = client.make_run(client.recipe(tmp_path / "in", tgt=["pt"], **changes), tmp_path / "run")
    done = ann.ask({"run": run.path, "repo": "ann/samples"}, {"pull": "ann/samples", "out": tmp_path / "pulled"})
    assert done[0]["error"] is None
    pulled = Run(tmp_path / "pulled")
    for table in ("samples", "sample_scores", "answers"):
        assert pulled.table(table).read_all().equals(run.table(table).read_all())
    steps = client.Steps()
    generate(loading.load(str(pulled.path / "recipe.yaml")), pulled.path, small_models.models(), steps)
    assert steps.names == []
