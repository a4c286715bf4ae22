"""Targets that differ: each is made as its part of the recipe says, and leaves the others as they are."""

import json
import signal

import pytest

from sdrrl_data.errors import UntrustedRecipe, UserError
from sdrrl_data.pipeline import redone
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.run import Run
from tests.pipeline.test_generate import contents, killed, recipe, run, steps_of
from tests.support import small_models

LAST = ["vi/verdicts", "vi/transfer_set", "vi/preferences", "vi/distillation", "vi/counts"]
JOINED = {"tgt": ["pt", "vi"], "targets.vi.translator": "nllb", "parallel": None}


@pytest.fixture
def seeds(tmp_path):
    path = tmp_path / "seeds.jsonl"
    places = ("river", "harbour", "garden", "railway", "library", "desert", "bridge", "market", "island")
    questions = [f"Why do so many people like the {place} in this old town, and what do they say?" for place in places]
    path.write_text("".join(json.dumps({"instruction": question}) + "\n" for question in questions), encoding="utf-8")
    return path


def of(out, tag):
    return {path: content for path, content in contents(out).items() if path.startswith(f"{tag}/")}


def translators(out, tag):
    return set(Run(out).transfer_set(tag)["translator"].drop_nulls())


def test_a_target_with_another_translator_joins_a_finished_run(seeds, tmp_path):
    out = tmp_path / "run"
    before = run(seeds, out, parallel=None)
    portuguese = of(out, "pt")
    assert all(step.startswith("vi/") for step in steps_of(seeds, out, **JOINED))
    assert of(out, "pt") == portuguese
    after = Run(out).manifest()
    assert after.signatures["pt"] == before.signatures["pt"]
    assert "|translator:Sloppy_en-vi@1(" in after.signatures["vi"]
    assert {name.partition("@")[0] for name in translators(out, "pt")} == {"Cipher en-pt"}
    assert {name.partition("@")[0] for name in translators(out, "vi")} == {"Sloppy en-vi"}
    assert steps_of(seeds, out, **JOINED) == []
    run(seeds, tmp_path / "fresh", **JOINED)
    assert contents(tmp_path / "fresh") == contents(out)


def test_it_is_named_with_its_target(seeds, tmp_path):
    out = tmp_path / "run"
    manifest = run(seeds, out, **JOINED)
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "translated into Portuguese by Cipher en-pt and into Vietnamese by Sloppy en-vi." in card
    assert "| translator for `vi` | Sloppy en-vi | 1 | apache-2.0 |" in card
    targets_of = {part.name: manifest.targets_of(part) for part in manifest.ingredients if part.role == "translator"}
    assert targets_of == {"Cipher en-pt": ["pt"], "Sloppy en-vi": ["vi"]}
    alone = manifest.only(["pt"])
    assert "Sloppy en-vi" not in {part.name for part in alone.ingredients}
    assert alone.ingredients_of("pt") == manifest.ingredients_of("pt") == alone.ingredients
    assert alone.recipe["targets"] == {}


def test_one_threshold_of_one_target_makes_its_verdicts_alone(seeds, tmp_path):
    out = tmp_path / "run"
    run(seeds, out, **JOINED)
    portuguese = of(out, "pt")
    assert steps_of(seeds, out, **JOINED, **{"targets.vi.thresholds.repetition.max": 0.0}) == LAST
    assert of(out, "pt") == portuguese
    assert "repetition<=0," in Run(out).manifest().signatures["vi"]
    assert "repetition<=0.3" in Run(out).manifest().signatures["pt"]


def test_what_would_be_made_anew_names_what_the_target_has(seeds, tmp_path):
    out = tmp_path / "run"
    run(seeds, out, **JOINED)
    changed = recipe(seeds, **JOINED | {"targets.vi.translator": "firefox"})
    assert redone.sentences(redone.redone(resolve(changed, out, small_models.models()))) == [
        "9 rows of vi/translations and 9 rows of vi/scores-round_trip would be made anew because translator.nllb was "
        "removed and translator.firefox was added"
    ]


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        (
            {"targets.vi.code_switching.ratio": 0.6},
            ["vi/code_switched", "vi/transfer_set", "vi/preferences", "vi/distillation", "vi/counts"],
        ),
        (
            {"targets.vi.prompts.en.answer_in": ["In {language}!"]},
            ["vi/prompts", "vi/transfer_set", "vi/preferences", "vi/distillation", "vi/counts"],
        ),
        ({"targets.vi": None}, []),
    ],
)
def test_a_change_for_one_target_redoes_its_steps_alone(seeds, tmp_path, change, steps):
    out, both = tmp_path / "run", {"tgt": ["pt", "vi"], "parallel": None}
    run(seeds, out, **both)
    assert steps_of(seeds, out, **both, **change) == steps


def test_a_recipe_that_does_not_name_it_leaves_it_as_it_is(seeds, tmp_path):
    out = tmp_path / "run"
    run(seeds, out, **JOINED)
    before = contents(out)
    assert steps_of(seeds, out, parallel=None) == []
    assert contents(out) == before
    assert steps_of(seeds, out, tgt=["id"], parallel=None)[:1] == ["id/translations"]
    assert of(out, "vi") == {path: content for path, content in before.items() if path.startswith("vi/")}
    assert Run(out).manifest().recipe["targets"]["vi"]["translator"][0]["kind"] == "nllb"


def test_a_run_from_elsewhere_brings_no_code_with_its_targets(seeds, tmp_path):
    out = tmp_path / "run"
    manifest = run(seeds, out, **JOINED)
    theirs = manifest.recipe | {"targets": {"vi": {"translator": "their_module:Translator"}}}
    Run(out).write_manifest(manifest.model_copy(update={"recipe": theirs}))
    with pytest.raises(UntrustedRecipe, match="their_module:Translator"):
        run(seeds, out, parallel=None)


def test_another_general_translator_is_not_for_a_target_with_its_own(seeds, tmp_path):
    out = tmp_path / "run"
    run(seeds, out, **JOINED)
    vietnamese = of(out, "vi")
    steps = steps_of(seeds, out, **JOINED, translator="self")
    assert "pt/translations" in steps
    assert not [step for step in steps if step.startswith("vi/")]
    assert of(out, "vi") == vietnamese


def test_killed_at_any_moment_a_target_that_joins_ends_with_the_same_bytes(seeds, tmp_path):
    run(seeds, tmp_path / "whole", **JOINED)
    out = tmp_path / "killed"
    run(seeds, out, parallel=None)
    portuguese = of(out, "pt")
    assert {killed(seeds, out, changes, **JOINED) for changes in (2, 7, 15, 23)} == {-signal.SIGKILL}
    run(seeds, out, **JOINED)
    assert of(out, "pt") == portuguese
    assert contents(out) == contents(tmp_path / "whole")


def test_a_recipe_may_say_everything_for_each_target_alone(seeds, tmp_path):
    each = {"targets": {"Vietnamese": {"translator": "nllb"}, "por_Latn": {"translator": {"kind": "firefox"}}}}
    changes = {"tgt": ["vi", "pt"], "parallel": None, "translator": [], **each}
    run(seeds, tmp_path / "run", **changes)
    run(seeds, tmp_path / "other", **JOINED | {"tgt": ["vi", "pt"]})
    for tag in ("pt", "vi"):
        assert of(tmp_path / "run", tag) == of(tmp_path / "other", tag)
    with pytest.raises(UserError, match=r"translator is missing \(for the target es\)"):
        recipe(seeds, **changes | {"tgt": ["vi", "es"]})
