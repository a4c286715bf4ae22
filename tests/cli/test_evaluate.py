"""`sdrrl-data evaluate`: what is refused. What it does is tested in tests/evaluation."""

import json

import pytest

from tests.support.small_models import write_tokenizer

TEXTS = ["--parallel", "pairs.tsv"]
MISTAKES = {
    "a base that is nowhere": ({"--base": "nowhere"}, TEXTS, "base nowhere: there is no such directory"),
    "a model that is nowhere": ({"--tuned": "base,nowhere"}, TEXTS, "tuned model nowhere: there is no such directory"),
    "a model twice": ({"--tuned": "base,base"}, TEXTS, "--tuned names a model twice"),
    "an adapter of another": ({"--tuned": "adapter"}, TEXTS, "is an adapter for org/other, not for base"),
    "an unknown language": ({"--tgt": "Portuguesse"}, TEXTS, "did you mean Portuguese (pt)"),
    "one language": ({"--tgt": "English"}, TEXTS, "en is both --src and --tgt"),
    "nothing to measure": ({}, [], "give --parallel, --questions or --choices"),
    "no pairs": ({}, ["--parallel", "none.tsv"], "none.tsv: cannot be read"),
    "a folder that is not a run": ({}, ["--questions", "base"], "base is not a run"),
    "COMET without translations": ({}, ["--comet", "org/model", "--questions", "asked.txt"], "--parallel"),
}


@pytest.mark.parametrize(("options", "more", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence(invoke, tmp_path, options, more, sentence):
    write_tokenizer(tmp_path / "base")
    (tmp_path / "base/chat_template.jinja").write_text("{{ messages }}")
    (tmp_path / "pairs.tsv").write_text("one\tum\n", encoding="utf-8")
    (tmp_path / "asked.txt").write_text("Quem?\n", encoding="utf-8")
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter/adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "org/other"}))
    (tmp_path / "adapter/adapter_model.safetensors").touch()
    given = {"--base": "base", "--tuned": "base", "--tgt": "pt", **options}
    result = invoke("evaluate", *(word for pair in given.items() for word in pair), *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr
    assert not (tmp_path / "evaluation").exists()
