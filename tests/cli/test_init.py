import json

from sdrrl_data.recipe import loading


def test_a_recipe_by_options_alone(invoke, tmp_path):
    (tmp_path / "tasks.jsonl").write_text(json.dumps({"question": "Why?"}) + "\n")
    done = invoke(
        "init", "deep/mine.yaml", "--seeds", "tasks.jsonl", "--tgt", "thai,Chinese", "--model", "org/name", "--no-gpu"
    )
    assert done.exit_code == 0, done.output
    recipe = loading.load(tmp_path / "deep" / "mine.yaml", trust=True)
    assert (recipe.name, recipe.tgt, recipe.generator.model) == ("mine", ("th", "zh"), "org/name")
    assert (tmp_path / "deep" / recipe.seeds[0].source).resolve() == tmp_path / "tasks.jsonl"
    assert "look       sdrrl-data preview --recipe deep/mine.yaml\n" in done.stdout


def test_nothing_is_overwritten_unasked(invoke, tmp_path):
    (tmp_path / "mine.yaml").write_text("mine")
    assert invoke("init", "--tgt", "th").exit_code != 0
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert invoke("init", "--tgt", "th", "--force").exit_code == 0


def test_what_is_missing_or_mistyped_is_one_sentence(invoke, tmp_path):
    assert "--tgt" in invoke("init").stderr
    assert "did you mean Thai" in invoke("init", "--tgt", "Thay").stderr
    assert not (tmp_path / "mine.yaml").exists()
