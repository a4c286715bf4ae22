"""Rows as token ids: the completion alone is learned, with the token that ends it."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.training import trainer
from sdrrl_data.training.plan import TrainingJob, prepare
from sdrrl_data.training.reporting import Listeners
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.tokens import open_template, tokenize

from .conftest import CHATML, LLAMA, PLAIN, MakeModel, MakeTokenizer, some_rows

QUESTION = [{"role": "user", "content": "What is this house like?"}]
ANSWER = [{"role": "assistant", "content": "The house is red."}]


def table(*rows: tuple[Any, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        {"key": [str(n) for n in range(len(rows))], "prompt": [r[0] for r in rows], "completion": [r[1] for r in rows]}
    )


@pytest.mark.parametrize(
    ("template", "end", "learned"),
    [
        (CHATML, "<|im_end|>", "The house is red.<|im_end|>\n"),
        (LLAMA, "<|eot_id|>", "The house is red.<|eot_id|>"),
        (LLAMA, "<|end_of_text|>", "The house is red.<|eot_id|>"),
        (PLAIN, "<|end_of_text|>", "assistant: The house is red.\n<|end_of_text|>"),
    ],
)
@pytest.mark.parametrize("packing", [False, True])
def test_a_batch_has_the_completion_and_its_end_in_the_loss(
    make_model: MakeModel, dataset: Path, tmp_path: Path, template: str, end: str, learned: str, packing: bool
) -> None:
    model = make_model(template, end=end)
    settings = TrainingConfig(batch_size=2, at_once=2, packing=packing, max_length=80, test_rows=1)
    plan = prepare(TrainingJob(str(dataset), str(model), tmp_path / "out", settings))
    own = trainer.build(plan, 2, Listeners())
    expected = {
        learned.replace("The house is red.", row["completion"][0]["content"])
        for row in some_rows()
        if row["split"] == "train"
    }
    seen = set()
    for batch in own.get_train_dataloader():
        for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
            runs = [[]]
            for token, label in zip(ids.tolist(), labels.tolist(), strict=True):
                if label == -100 and runs[-1]:
                    runs.append([])
                elif label != -100:
                    assert token == label
                    runs[-1].append(token)
            seen |= {plan.chat.tokenizer.decode(run) for run in runs if run}
    assert seen == expected


@pytest.mark.parametrize("template", [CHATML, LLAMA])
def test_the_ids_are_those_that_trl_makes(make_tokenizer: MakeTokenizer, template: str) -> None:
    from trl.data_utils import _tokenize

    tokenizer = make_tokenizer(template)
    chat = open_template(tokenizer, TrainingConfig(), "tiny")
    rows = some_rows()
    for row, example in zip(rows, chat.examples([(row["prompt"], row["completion"]) for row in rows]), strict=True):
        prompt = _tokenize(tokenizer, row["prompt"], add_generation_prompt=True)["input_ids"]
        whole = _tokenize(tokenizer, row["prompt"] + row["completion"])["input_ids"]
        assert (example.prompt, [*example.prompt, *example.completion]) == (prompt, whole)


def test_the_completion_stands_behind_a_prompt_that_opens_a_reasoning_section(make_tokenizer: MakeTokenizer) -> None:
    thinking = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>{% endif %}")
    chat = open_template(make_tokenizer(thinking), TrainingConfig(), "tiny")
    (tokenized,) = tokenize(table((QUESTION, ANSWER)), chat, 100, "drop").table.select("input_ids", "start").rows()
    ids, start = tokenized
    assert ids[:start] == chat.prompt(QUESTION)
    assert chat.tokenizer.decode(ids[:start]).endswith("<|im_start|>assistant\n<think>")
    assert chat.tokenizer.decode(ids[start:]) == "\n</think>\n\nThe house is red.<|im_end|>\n"


def test_rows_whose_reasoning_has_no_place_are_counted(make_tokenizer: MakeTokenizer) -> None:
    quiet = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>\n\n</think>\n\n{% endif %}")
    chat = open_template(make_tokenizer(quiet), TrainingConfig(), "tiny")
    reasoned = [{"role": "assistant", "content": "<think>\nIt looks red.\n</think>\n\nThe house is red."}]
    tokenized = tokenize(table((QUESTION, reasoned), (QUESTION, ANSWER)), chat, 100, "drop")
    assert tokenized.reasoning_lost == 1
    assert tokenized.table["input_ids"][0].to_list() == tokenized.table["input_ids"][1].to_list()


@pytest.mark.parametrize(("too_long", "left", "cut", "dropped"), [("drop", 1, 0, 2), ("cut", 2, 1, 1)])
def test_long_rows_are_dropped_or_cut_and_counted(
    make_tokenizer: MakeTokenizer, too_long: str, left: int, cut: int, dropped: int
) -> None:
    chat = open_template(make_tokenizer(), TrainingConfig(), "tiny")
    (whole,) = chat.examples([(QUESTION, ANSWER)])
    long = [{"role": "assistant", "content": "red " * 100}]
    endless = [{"role": "user", "content": "house " * 100}]
    tokenized = tokenize(table((QUESTION, ANSWER), (QUESTION, long), (endless, ANSWER)), chat, 60, too_long)
    assert (tokenized.table.height, tokenized.cut, tokenized.dropped) == (left, cut, {"longer than 60 tokens": dropped})
    assert tokenized.table["input_ids"].list.len().max() == (60 if cut else len(whole.prompt) + len(whole.completion))
    assert (tokenized.table["start"] < tokenized.table["input_ids"].list.len()).all()


def test_rows_that_cannot_be_rendered_are_counted_with_the_reason(make_tokenizer: MakeTokenizer) -> None:
    strict = "{% if messages[0].role != 'user' %}{{ raise_exception('the user begins') }}{% endif %}" + CHATML
    chat = open_template(make_tokenizer(strict), TrainingConfig(), "tiny")
    empty = [{"role": "assistant", "content": "  "}]
    rows = table((ANSWER + QUESTION, ANSWER), (QUESTION, empty), ([], ANSWER), (QUESTION, ANSWER))
    tokenized = tokenize(rows, chat, 100, "drop")
    assert tokenized.dropped == {"refused by the chat template": 1, "empty": 2}
    assert tokenized.table["key"].to_list() == ["3"]


def test_system_text_that_the_template_refuses_goes_into_the_users_turn(make_tokenizer: MakeTokenizer) -> None:
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHATML
    chat = open_template(make_tokenizer(strict), TrainingConfig(), "tiny")
    system = [{"role": "system", "content": "Be brief."}, *QUESTION]
    folded = [{"role": "user", "content": "Be brief.\n\nWhat is this house like?"}]
    tokenized = tokenize(table((system, ANSWER), (folded, ANSWER)), chat, 100, "drop")
    assert tokenized.dropped == {}
    assert tokenized.table["input_ids"][0].to_list() == tokenized.table["input_ids"][1].to_list()


@pytest.mark.parametrize(
    ("template", "end", "settings", "sentence"),
    [
        (None, "<|im_end|>", TrainingConfig(), "model tiny has no chat template"),
        ("{% if %}", "<|im_end|>", TrainingConfig(), "the chat template of model tiny is not Jinja: line 1"),
        ("{{ raise_exception('no') }}", "<|im_end|>", TrainingConfig(), "refuses a plain question and answer: no"),
        (
            "{% if %}",
            "<|im_end|>",
            TrainingConfig(template="{% for %}"),
            "template in the settings is not Jinja: line 1",
        ),
        (
            PLAIN,
            None,
            TrainingConfig(),
            "neither the chat template nor the tokenizer of model tiny has a token that ends a turn",
        ),
    ],
)
def test_a_model_that_cannot_be_talked_to_is_refused(
    make_tokenizer: MakeTokenizer, template: str | None, end: str | None, settings: TrainingConfig, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        open_template(make_tokenizer(template, end=end), settings, "tiny")


def test_the_settings_bring_a_template(make_tokenizer: MakeTokenizer) -> None:
    hinted = CHATML + "{% if hint %}{{ hint }}{% endif %}"
    tokenizer = make_tokenizer(None)
    chat = open_template(tokenizer, TrainingConfig(template=hinted, template_options={"hint": "now"}), "tiny")
    prompt = chat.prompt(QUESTION)
    assert tokenizer.decode(prompt).endswith("assistant\nnow")
    # So that both are saved with the model.
    assert tokenizer.chat_template.endswith(hinted)
    assert tokenizer.apply_chat_template(QUESTION, add_generation_prompt=True, return_dict=False) == prompt


def test_a_template_without_options_is_saved_as_it_is(make_tokenizer: MakeTokenizer) -> None:
    tokenizer = make_tokenizer(None)
    open_template(tokenizer, TrainingConfig(template=CHATML), "tiny")
    assert tokenizer.chat_template == CHATML
