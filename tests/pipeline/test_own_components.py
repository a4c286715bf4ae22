"""A user's scorers, translators, aligners and engines can do everything that those of the package can."""

import io
import json
from collections.abc import Callable

import pytest
from rich.console import Console

from sdrrl_data.cards import description, licences, portable
from sdrrl_data.cli import tune_tables
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import loading
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.tuning.run_scores import tune
from tests.support.own_components import MODULE
from tests.support.steps import Steps

TOPICS = ("the sea", "a town", "old songs", "the moon", "bread", "a long journey", "winter", "the river")
LAST = ["pt/transfer_set", "pt/preferences", "pt/distillation", "pt/counts"]
QUESTIONS = [f"Why do people like {topic} so much, and what do they say of it to {who}?" for topic in TOPICS for who in
             ("children", "their friends")]  # fmt: skip
RECIPE = f"""
name: own
description: Everything by classes of the user's own.
src: en
tgt: [pt]
part_rows: 4
seeds: {{source: seeds.jsonl, licence: mit}}
generator: {{model: shuffled, engine: "{MODULE}:Shuffling"}}
translator: "{MODULE}:Mirror:table.txt"
code_switching: {{aligner: {{kind: "{MODULE}:Diagonal"}}, texts: both}}
scorers:
  - {{kind: "{MODULE}:Rudeness", words: words.txt}}
  - length
  - kind: "{MODULE}:ShoutsConfig"
thresholds:
  question_src_rudeness: {{max: 0}}
  rudeness: {{max: 0}}
  shouting: {{max: 0.5}}
"""


@pytest.fixture
def folder(tmp_path):
    """A recipe in a folder with the files that it names."""
    (tmp_path / "seeds.jsonl").write_text(
        "".join(json.dumps({"instruction": question}) + "\n" for question in QUESTIONS)
    )
    (tmp_path / "table.txt").write_text("people like")
    (tmp_path / "words.txt").write_text("bread winter")
    (tmp_path / "mine.yaml").write_text(RECIPE)
    return tmp_path


@pytest.fixture
def make(folder) -> Callable[..., tuple[Manifest, list[str]]]:
    """Makes the run of the recipe, with changes; returns its manifest and the steps that had missing parts."""

    def run(**changes):
        steps = Steps()
        recipe = loading.load(str(folder / "mine.yaml"), changes, trust=True)
        return generate(recipe, folder / "run", reporter=steps), steps.names

    return run


def test_a_whole_run_is_made_by_them(make, folder):
    manifest, _ = make()
    assert {part.role: part for part in manifest.ingredients if part.role != "seeds"} == {
        "generator": Ingredient("generator", "shuffled", "7", "mit", "shuffling 1.0"),
        "translator": Ingredient(
            "translator", "mirror writing", manifest.ingredients[2].revision, "gpl-3.0", "mirror 1.0"
        ),
        "scorer": Ingredient("scorer", "rude words", manifest.ingredients[3].revision, "cc-by-4.0"),
    }
    run = Run(folder / "run")
    rows = run.table("pt/translations").read_all()
    assert rows["question_translator"].unique().to_list() == ["mirror"]
    assert rows["question"][0][0]["content"].startswith("yhW od people like")
    scores = run.table("pt/scores-rudeness").read_all()
    assert scores["question_src_rudeness"].to_list() == [
        float("bread" in question or "winter" in question) for question in QUESTIONS
    ]
    assert "question_shouting" in run.table("pt/scores-heuristics").read_all().columns
    (line,) = manifest.signatures.values()
    assert "|generator:shuffled@7(shuffling_1.0)|translator:mirror_writing@" in line
    assert f"|switch:{MODULE}:Diagonal:both:word:0.3|" in line
    assert "|filters:question_src_rudeness<=0,rudeness<=0,shouting<=0.5|" in line
    dropped = {filter_counts.filter for filter_counts in manifest.counts.targets["pt"].filters}
    assert "question_src_rudeness" in dropped
    switched = run.table("pt/code_switched").read_all()
    assert switched["switched"].list.len().sum() > 0
    assert recipe_of(run, manifest).translator[0].table == str(folder / "table.txt")


def test_what_they_hang_on_is_in_the_fingerprints(make, folder):
    first, _ = make()
    assert make()[1] == []
    assert make(**{"scorers.0.at_once": 3})[1] == []
    assert make(**{"scorers.0.ignored": ["bread"]})[1] == ["pt/scores-rudeness", "pt/verdicts", *LAST]
    (folder / "words.txt").write_text("bread winter river")
    assert make(**{"scorers.0.ignored": ["bread"]})[1] == ["pt/scores-rudeness", "pt/verdicts", *LAST]
    steps = make(**{"scorers.0.ignored": ["bread"], "code_switching.aligner.confidence": 0.9})[1]
    assert steps == ["pt/code_switched", *LAST]
    (folder / "table.txt").write_text("people")
    again, steps = make()
    assert steps[0] == "pt/translations"
    assert "answers" not in steps
    assert again.signatures != first.signatures


def test_tune_and_the_card_know_what_their_scores_mean(make, folder):
    manifest, _ = make()
    run = Run(folder / "run")
    console = Console(width=200, record=True, file=io.StringIO())
    tune_tables.show(run, manifest, tune(run, manifest, ["pt"]), "en", examples=False, console=console)
    text = console.export_text()
    assert "pt: rudeness (less is better)" in text
    assert "en: src_rudeness (less is better)" in text
    assert "pt: shouting (the usual value is better)" in text
    card = description.files(run, manifest)["README.md"].decode()
    assert "| `rudeness` | rude words in the text | rude tones |" in card
    assert "| `shouting` | share of capitals | exclamation marks |" in card
    assert "mirror writing" in card
    sentences = " ".join(licences.combined(manifest.ingredients).sentences)
    assert "mirror writing (translator) has the licence gpl-3.0" in sentences
    assert "rude words (scorer) has the licence cc-by-4.0" in sentences


def test_no_place_of_theirs_leaves_the_machine(make, folder):
    manifest, _ = make()
    leaving = portable.manifest(manifest)
    assert str(folder) not in leaving.model_dump_json()
    recipe, local = portable.recipe(manifest.recipe, manifest.ingredients)
    assert {"seeds.jsonl", "table.txt", "words.txt"} <= {*local}
    assert recipe["scorers"][0]["words"] == "words.txt"
    assert recipe["translator"][0]["table"] == "table.txt"
    back = portable.within(folder, recipe, local)
    assert back["translator"][0]["table"] == str(folder / "table.txt")


def test_neither_does_one_of_a_component_that_is_not_known_here(tmp_path):
    recipe = loading.load("quickstart").model_dump(mode="json", by_alias=True)
    recipe["scorers"] = [{"kind": "some.where:Else", "names": ["en"], "files": [f"{tmp_path}/a.txt"], "b": "~/b.txt"}]
    leaving, local = portable.recipe(recipe, [])
    assert leaving["scorers"] == [{"kind": "some.where:Else", "names": ["en"], "files": ["a.txt"], "b": "b.txt"}]
    assert {"a.txt", "b.txt"} < {*local}
