import json
import re

from sdrrl_data.cli import dry_run
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.support import small_models


def lines(text):
    return [line.split() for line in text.splitlines()]


def test_it_shows_what_is_to_be_done_and_does_nothing(invoke, tmp_path):
    result = invoke("generate", "--recipe", "quickstart", "--limit", 40, "--dry-run", "--verbose")
    assert result.exit_code == 0
    shown = lines(result.stdout)
    assert ["step", "rows", "parts", "done", "to", "do"] in shown
    for step in ("seeds", "answers", "pt/translations", "pt/code_switched", "pt/scores-heuristics", "pt/verdicts"):
        assert [step, "40", "2", "0", "2"] in shown
    assert ["pt/transfer_set", "-", "1", "0", "1"] in shown
    for word in ("SmolLM2-135M-Instruct", "apache-2.0", "fxtranslate", "mpl-2.0", "recipe:quickstart|src:en|tgt:pt|"):
        assert word in result.stdout
    assert ["run", "runs/quickstart"] in shown
    assert not list(tmp_path.iterdir())


def test_it_counts_tokens(invoke):
    shown = invoke("generate", "--recipe", "quickstart", "--limit", 40, "--dry-run").stdout
    assert re.search(r"^signature  [0-9a-f]{16} \(pt\); the whole with --verbose$", shown, flags=re.MULTILINE)
    (counted,) = [row for row in lines(shown) if row[:1] == ["answers"] and "prompts," in row]
    assert counted[1:3] == ["40", "prompts,"]
    assert int(counted[3].replace(",", "")) > 40 * 30
    assert "at most 12,800 tokens out" in shown


def test_a_probe_says_the_hours_of_each_target(tmp_path, capsys):
    models = small_models.models()
    recipe = loading.load("quickstart", small_models.CHANGES | {"tgt": ["pt", "vi"], "parallel": None})
    dry_run.show(resolve(recipe, tmp_path / "run", models), models, measure=True)
    shown = lines(capsys.readouterr().out)
    costs = {row[0]: row[1:] for row in shown if len(row) == 6 and row[4] == "s"}
    assert {"answers", "pt/translations", "vi/translations", "vi/verdicts"} <= set(costs)
    assert all(rows in ("60", "1") for rows, *_ in costs.values())
    hours = {row[0]: float(row[-2]) for row in shown if row[-1:] == ["hours"] and row[0] != "step"}
    assert set(hours) == {"pt", "vi", "shared", "in"}
    assert ["Measured", "on", "48", "rows;"] in [row[:4] for row in shown]


def test_magpie_is_planned_before_there_are_questions(invoke):
    result = invoke("generate", "--recipe", "quickstart", "--seeds", "magpie", "--limit", 70, "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert ["seeds", "70", "3", "0", "3"] in lines(result.stdout)
    assert "70 prompts, tokens in not known" in result.stdout


def test_options_and_changes_reach_the_recipe(invoke, tmp_path):
    (tmp_path / "mine.csv").write_text("topic,ask\nsky,Why is the sky blue?\nsea,Why is the sea salty?\n")
    result = invoke(
        *("generate", "--recipe", "quickstart", "--dry-run", "--src", "English", "--tgt", "Portuguese,pt-BR"),
        *("--seeds", "mine.csv", "--set", "seeds.fields.question=ask", "--set", "generator.temperature=0.5"),
        *("--set", "part_rows=1", "--set", "generator.temperature=0.75", "--out", "here", "--verbose"),
    )
    assert result.exit_code == 0, result.stderr
    assert ["answers", "2", "2", "0", "2"] in lines(result.stdout)
    assert "|src:en|tgt:pt|" in result.stdout
    assert "|temperature:0.75|" in result.stdout
    assert ["seeds", "mine.csv", "-", "not", "known"] in lines(result.stdout)  # the recipe's licence is not its
    assert ["run", "here"] in lines(result.stdout)


def test_a_translator_replaces_the_whole_section(invoke, tmp_path):
    result = invoke(
        *("generate", "--recipe", "quickstart", "--dry-run", "--set", "translator.models=nowhere"),
        *("--translator", f"nllb:{tmp_path}"),
    )
    assert "translator.nllb.models is not a key of a recipe" in result.stderr
    result = invoke("generate", "--recipe", "quickstart", "--dry-run", "--translator", f"nllb:{tmp_path}")
    assert f"translator {tmp_path}: the directory has no config.json" in result.stderr


def test_a_recipe_of_the_users_own_gives_the_run_its_name(invoke, tmp_path):
    (tmp_path / "mine.yaml").write_text(invoke("recipes", "quickstart").stdout)
    (tmp_path / "seeds.csv").write_text("question\nWhy is the sky blue?\n")
    result = invoke(
        *("generate", "--recipe", "mine.yaml", "--seeds", "seeds.csv", "--set", "parallel=null", "--dry-run")
    )
    assert result.exit_code == 0, result.stderr
    assert ["run", "runs/mine"] in lines(result.stdout)


def test_it_says_what_was_read_and_names_text_that_was_not(invoke, tmp_path):
    rows = [
        {"id": 1, "instruction": "Why is the sky blue?", "why\x1b": "The sky is blue in the daytime."},
        {"tools": 1},
    ]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = invoke("generate", "--recipe", "quickstart", "--seeds", "mine.jsonl", "--dry-run")
    assert result.exit_code == 0, result.stderr
    aside = "1 row set aside (mine.jsonl:2: tool calls: “'tools' has something in it”)"
    read = f"seeds mine.jsonl: 1 question, {aside} (question: 'instruction'; id: 'id'; not taken: 'why\\x1b')\n"
    assert read in result.stdout
    assert result.stderr.startswith("warning: seeds mine.jsonl: columns with text that are not used: 'why\\x1b'; ")
    assert result.stderr.count("\n") == 1


def test_native_texts_are_planned(invoke, tmp_path):
    (tmp_path / "texts.txt").write_text(
        "O porto da cidade foi construído por monges que queriam vender sal às ilhas.\nCurto demais.\n",
        encoding="utf-8",
    )
    result = invoke("generate", "--recipe", "quickstart", "--seeds", "native:texts.txt", "--dry-run")
    assert result.exit_code == 0, result.stderr
    shown = lines(result.stdout)
    aside = "1 row set aside (texts.txt:2: the text has 2 words, fewer than 10)"
    assert f"seeds texts.txt: 1 native text, {aside} (each line is one)" in result.stdout
    assert ["texts", "1", "1", "0", "1"] in shown
    assert any(row[:1] == ["questions"] for row in shown)
    assert any(row[:2] == ["back-translator", "Firefox"] for row in shown)
    mixed = invoke(
        "generate", "--recipe", "quickstart", "--seeds", "native:texts.txt", "--seeds", "a.jsonl", "--dry-run"
    )
    assert mixed.exit_code == 2
    assert "questions and native texts cannot be in one run" in mixed.stderr


def test_it_says_what_leaves_the_set_and_which_answers_are_taken_over(tmp_path, capsys):
    models, changes = small_models.models(), small_models.CHANGES | {"part_rows": 8}
    generate(loading.load("quickstart", changes | {"limit": 4}), tmp_path / "run-preview", models)
    plan = resolve(loading.load("quickstart", changes | {"limit": 12}), tmp_path / "run", models)
    plan.tables.use_again([Run(tmp_path / "run-preview")])
    dry_run.show(plan, models, measure=False)
    shown = capsys.readouterr().out
    assert re.search(r"^answers    8 prompts, .*; 4 answers are taken from .*run-preview$", shown, flags=re.MULTILINE)
    assert "leave the transfer set" not in shown
    generate(loading.load("quickstart", changes | {"limit": 12}), tmp_path / "run", models)
    shorter = resolve(loading.load("quickstart", changes | {"limit": 8}), tmp_path / "run", models)
    dry_run.show(shorter, models, measure=False)
    assert (
        "the run has 12 questions and this takes 8: the other 4 leave the transfer set, and stay in its folder unused\n"
        in capsys.readouterr().out
    )
