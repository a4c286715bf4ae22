import json

import pytest

from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from sdrrl_data.steps import scoring_steps
from tests.support import small_models


def run(folder, rows, **changes):
    seeds = folder / "seeds.jsonl"
    questions = (f"Why do people like {what} number {row}?" for row in range(rows) for what in ("bread", "songs"))
    seeds.write_text("\n".join(json.dumps({"instruction": question}) for question in questions))
    settings = {"seeds": [{"source": str(seeds)}], "scorers": ["alignment"], "thresholds": {}, "part_rows": 4}
    generate(
        loading.load("quickstart", small_models.CHANGES | settings | changes), folder / "run", small_models.models()
    )
    return Run(folder / "run")


def gaps(run):
    return run.table("pt/scores-alignment").read_all()["question_alignment_gap"]


@pytest.mark.parametrize("code_switched", [0.0, 0.1])
def test_the_run_trains_the_aligner_for_a_scorer(tmp_path, monkeypatch, code_switched):
    monkeypatch.setattr(scoring_steps, "FEWEST_TO_LEARN", 10)
    made = run(tmp_path, 5, **{"transfer_set.mix.code_switched": code_switched})
    assert made.table("pt/aligner").count()
    assert gaps(made).null_count() == 0


def test_the_scores_of_a_small_run_are_null_and_stay_so_when_it_grows(tmp_path, monkeypatch):
    monkeypatch.setattr(scoring_steps, "FEWEST_TO_LEARN", 10)
    assert gaps(run(tmp_path, 4)).null_count() == 8
    grown = gaps(run(tmp_path, 8))
    assert grown[:8].null_count() == 8
    assert grown[8:].null_count() == 0
