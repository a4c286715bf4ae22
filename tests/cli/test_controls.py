import pytest

from sdrrl_data.controls.arms import read
from sdrrl_data.run import Run
from tests.support.copies import trusted_copy
from tests.support.small_models import write_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return write_tokenizer(tmp_path_factory.mktemp("model"))


def test_the_figures_are_shown(small_run, invoke, tmp_path, tokenizer):
    _, run = small_run
    trusted_copy(run.path, tmp_path / "run")
    shown = invoke(
        "controls", "run", "--only", "sdrrl, no-code-switch", "--tgt", "Portuguese", "--tokenizer", tokenizer
    )
    assert shown.exit_code == 0, shown.output
    opened = Run(tmp_path / "run")
    controls = read(opened, opened.manifest(), "pt")
    lines = [line.split() for line in shown.stdout.splitlines()]
    for name, arm in controls.arms.items():
        tokens, target = arm.tokens["train"], arm.target_tokens["train"]
        numbers = [arm.rows["train"], arm.rows["test"], arm.seeds["train"], tokens, target]
        assert [name, *(f"{number:,}" for number in numbers), f"{target / tokens:.1%}"] in lines
    budget = ", ".join(f"{split} {tokens:,}" for split, tokens in controls.budget.items())
    assert f"equal: completion tokens ({budget})" in shown.stdout
    assert controls.tokenizer in shown.stdout
    assert f"signature  {controls.signature.rpartition(':')[2]}\n" in shown.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "nowhere is not a run (there is no such folder)"),
        (["run", "--only", "sdrl"], "there is no control sdrl: did you mean sdrrl?"),
        (["run", "--tgt", "vi"], "run has no target vi: choose from pt"),
        (["run", "--only", "sft"], "its seeds have no reference answers"),
        (["run", "--equal", "half"], "--equal is 'half': give total or target"),
    ],
)
def test_what_is_refused(small_run, invoke, tmp_path, words, sentence):
    trusted_copy(small_run[1].path, tmp_path / "run")
    shown = invoke("controls", *words)
    assert shown.exit_code == 2
    assert sentence in " ".join(shown.stderr.replace("│", " ").split())
