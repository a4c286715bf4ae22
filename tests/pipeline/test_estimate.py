import json

import pytest

from sdrrl_data.pipeline import estimate
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import loading
from tests.support import small_models


@pytest.fixture
def seeds(tmp_path):
    path = tmp_path / "seeds.jsonl"
    questions = [f"Why is the sky over town number {town} blue in the morning and red at night?" for town in range(120)]
    questions.append("Why is the sky blue? " * 300)
    path.write_text("\n".join(json.dumps({"question": question}) for question in questions), encoding="utf-8")
    return path


def plan(path, out, **changes):
    changes = small_models.CHANGES | {"seeds": {"source": str(path)}, "part_rows": 50} | changes
    return resolve(loading.load("quickstart", changes), out, small_models.models())


def test_tokens_are_counted_as_the_model_counts_them(seeds, tmp_path):
    tokens = estimate.tokens(plan(seeds, tmp_path / "run"))
    assert (tokens.prompts, tokens.too_long, tokens.most_out) == (121, 1, 121 * 320)
    # ChatML with the model's own system prompt, and a question of some twenty words.
    assert 40 * 120 < tokens.tokens_in < 70 * 120
    assert 40 < tokens.longest < 70
    several = estimate.tokens(plan(seeds, tmp_path / "run", **{"answers.samples": 3}))
    assert several.tokens_in == 3 * tokens.tokens_in
    assert several.most_out == 3 * tokens.most_out


def test_of_many_prompts_an_even_sample_is_counted(seeds, tmp_path, monkeypatch):
    all_tokens = estimate.tokens(plan(seeds, tmp_path / "run"))
    monkeypatch.setattr(estimate, "COUNTED", 30)
    assert estimate.tokens(plan(seeds, tmp_path / "run")).tokens_in == pytest.approx(all_tokens.tokens_in, rel=0.1)


def test_only_what_is_missing_counts(seeds, tmp_path):
    first = plan(seeds, tmp_path / "run", limit=100)
    generate(first.recipe, tmp_path / "run", small_models.models())
    assert estimate.tokens(plan(seeds, tmp_path / "run")).prompts == 21
    assert estimate.tokens(plan(seeds, tmp_path / "run", limit=100)).prompts == 0


def test_a_probe_measures_every_step_and_leaves_the_run_alone(seeds, tmp_path):
    resolved = plan(seeds, tmp_path / "run", tgt=["pt", "vi"], parallel=None)
    probe = estimate.probe(resolved, small_models.models(), Silent())
    assert probe.rows == 48
    assert probe.tokens_out > 5
    steps = (
        *("translations", "prompts", "aligner", "code_switched", "usual", "scores-heuristics"),
        *("scores-round_trip", "verdicts", "transfer_set", "preferences", "distillation", "counts"),
    )
    assert [cost.step for cost in probe.costs] == [
        "answers",
        *(f"{tag}/{step}" for tag in ("pt", "vi") for step in steps),
        "shared_counts",
    ]
    assert all(cost.rows == (1 if cost.step.endswith(("prompts", "counts")) else 121) for cost in probe.costs)
    for cost in probe.costs:
        assert cost.hours == (cost.loading + cost.rows / cost.rows_per_second) / 3600
    assert [cost.target for cost in probe.costs] == [None, *["pt"] * 12, *["vi"] * 12, None]
    assert not (tmp_path / "run").exists()


def test_a_probe_of_seeds_that_are_not_written_yet(tmp_path):
    resolved = plan(tmp_path / "none", tmp_path / "run", seeds={"source": "magpie", "near_copies": 0.95}, limit=500)
    assert estimate.tokens(resolved) == estimate.Tokens(500, None, None, None, 500 * 320)
    probe = estimate.probe(resolved, small_models.models(), Silent())
    assert probe.costs[0].step == "seeds"
    assert probe.costs[0].rows == 500
