"""`sdrrl-data train`: what is refused. What it does is tested in tests/training."""

import shutil

import polars as pl
import pytest

from tests.support.small_models import write_tokenizer

ROW = {"prompt": [{"role": "user", "content": "Why?"}], "completion": [{"role": "assistant", "content": "So."}]}
TEMPLATE = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
MISTAKES = {
    "a dataset that is nowhere": (["nowhere", "--model", "model"], "nowhere: there is no such file or folder"),
    "a folder without rows": (["model", "--model", "model"], "model has no Parquet files and is not a run"),
    "no completions": (["prompts.parquet", "--model", "model"], "prompts.parquet has no column completion"),
    "no row that is not empty": (
        ["empty.parquet", "--model", "model"],
        "no row is left to train on: of 1 rows 1 are empty",
    ),
    "a model that is nowhere": (["rows.parquet", "--model", "nowhere"], "model nowhere: there is no such directory"),
    "a model without a template": (["rows.parquet", "--model", "mute"], "model mute has no chat template"),
    "a wrong key": (
        ["rows.parquet", "--model", "model", "--set", "epoch=2"],
        "epoch is not a key of a training: did you",
    ),
    "no settings": (
        ["rows.parquet", "--model", "model", "--settings", "a.yaml"],
        "settings a.yaml: there is no such file",
    ),
}


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A row, and two models without weights, one of which has a chat template."""
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("given")
    pl.DataFrame([ROW]).write_parquet(folder / "rows.parquet")
    pl.DataFrame([ROW]).drop("completion").write_parquet(folder / "prompts.parquet")
    pl.DataFrame([{**ROW, "completion": [{"role": "assistant", "content": " "}]}]).write_parquet(
        folder / "empty.parquet"
    )
    tokenizer = AutoTokenizer.from_pretrained(write_tokenizer(folder / "mute"), eos_token="<s>")
    tokenizer.save_pretrained(folder / "mute")
    shutil.copytree(folder / "mute", folder / "model")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder / "model")
    return folder


@pytest.mark.parametrize(("words", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence(invoke, tmp_path, given, words, sentence):
    shutil.copytree(given, tmp_path, dirs_exist_ok=True)
    result = invoke("train", *words, "--out", "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr
    assert not (tmp_path / "out").exists()


def test_it_says_how_much_there_is_to_do(invoke, tmp_path, given):
    shutil.copytree(given, tmp_path, dirs_exist_ok=True)
    result = invoke("train", "rows.parquet", "--model", "model", "--out", "out", "--set", "epochs=3", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "train      1 rows\n" in result.stdout
    assert "tokens     9 over all epochs\n" in result.stdout  # one for each of two words, and one that ends the turn
    assert not (tmp_path / "out").exists()
