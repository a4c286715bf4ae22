"""Whatever libraries refuse to save, the training is not lost: the weights are there, and --resume writes the rest."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from sdrrl_data.errors import Stopped, UserError
from sdrrl_data.training import sampling
from sdrrl_data.training.train import train

from .conftest import MakeModel
from .test_train import AGAINST, Listener, contrary, job, weights  # noqa: F401

pytestmark = pytest.mark.long

SHORT: dict[str, Any] = {"max_steps": 2, "save_every": 1, "samples": 0, "test_rows": 2}


def refuse(*_: Any, **__: Any) -> None:
    raise ValueError("the library has changed its mind\nand says more")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("generation", [{"temperature": 0.6, "top_p": 0.9}, {"typical_p": 0.9}], ids=str)
@pytest.mark.parametrize("settings", [{"method": "full"}, {"merge": True}], ids=str)
def test_generation_settings_that_transformers_loads_and_refuses_to_save(
    dataset: Path, make_model: MakeModel, tmp_path: Path, generation: dict[str, Any], settings: dict[str, Any]
) -> None:
    model = make_model()
    (model / "generation_config.json").write_text(json.dumps(generation))
    train(**job(dataset, model, tmp_path / "out", **SHORT, **settings))
    saved = json.loads((tmp_path / "out/generation_config.json").read_text())
    assert saved | generation == saved
    assert not saved.get("do_sample")


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_model_that_cannot_be_saved_leaves_its_weights(
    dataset: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    from peft import AutoPeftModelForCausalLM, PeftModel
    from transformers import AutoModelForCausalLM, PreTrainedModel

    whole = tmp_path / "whole"
    train(**job(dataset, model, whole, **SHORT, method=method))
    arguments = job(dataset, model, tmp_path / "out", **SHORT, method=method)
    listener = Listener()
    with monkeypatch.context() as patch:
        for library_class in (PeftModel, PreTrainedModel):
            patch.setattr(library_class, "save_pretrained", refuse)
        with pytest.raises(Stopped, match=r"holds the trained weights.*the model \(the library has.*no checkpoint"):
            train(**arguments, reporter=listener)
    assert [step.number for step in listener.steps] == []
    assert sum("the training goes on without it" in sentence for sentence in listener.said) == 2
    kind = AutoPeftModelForCausalLM if method == "lora" else AutoModelForCausalLM
    ids = torch.arange(20)[None]
    with torch.inference_mode():
        saved, expected = (kind.from_pretrained(folder)(ids).logits for folder in (tmp_path / "out", whole))
    assert torch.equal(saved, expected)
    assert not (tmp_path / "out/training.yaml").exists()


@pytest.mark.parametrize("what", ["tokenizer", "merged model", "card"])
def test_what_is_missing_is_written_by_resuming(
    dataset: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    import jinja2
    from peft.tuners.tuners_utils import BaseTuner
    from transformers import PreTrainedTokenizerBase

    places: dict[str, tuple[Any, str]] = {
        "tokenizer": (PreTrainedTokenizerBase, "save_pretrained"),
        "merged model": (BaseTuner, "merge_and_unload"),
        "card": (jinja2.Environment, "get_template"),
    }
    arguments = job(dataset, model, tmp_path / "out", merge=True, **SHORT)
    whole = job(dataset, model, tmp_path / "whole", merge=True, **SHORT)
    train(**whole)
    with pytest.raises(KeyboardInterrupt):  # so that there is a checkpoint that all of it was saved in
        train(**arguments, trackers=[Listener(stop_after=2)])
    with monkeypatch.context() as patch:
        patch.setattr(*places[what], refuse)
        with pytest.raises(Stopped, match=rf"the {what} \(.*has changed its mind\)") as raised:
            train(**arguments, resume=True)
    assert raised.value.exit_code == 1
    assert weights(tmp_path / "out/adapter") == weights(tmp_path / "whole/adapter")
    assert not (tmp_path / "out/training.yaml").exists()
    train(**arguments, resume=True)
    assert files(tmp_path / "out").keys() == files(tmp_path / "whole").keys()
    assert weights(tmp_path / "out") == weights(tmp_path / "whole")


def test_without_checkpoints_the_best_weights_are_taken_all_the_same(
    contrary: Path,  # noqa: F811
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from transformers import Trainer

    usual = train(**job(contrary, model, tmp_path / "usual", **AGAINST, patience=2))
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_save_optimizer_and_scheduler", refuse)
        trained = train(**job(contrary, model, tmp_path / "out", **AGAINST, patience=2))
    assert (trained.best, trained.steps) == (usual.best, usual.steps)
    assert trained.best < trained.steps
    saved, expected = (load_file(tmp_path / name / "model.safetensors") for name in ("out", "usual"))
    assert all(torch.equal(saved[name], expected[name]) for name in expected)


@pytest.mark.parametrize("content", ["", "{", "[1]", '[{"other": 1}]', "[" * 100_000])
def test_damaged_samples_of_before_are_named(tmp_path: Path, content: str) -> None:
    (tmp_path / sampling.BEFORE).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / sampling.BEFORE).write_text(content)
    with pytest.raises(UserError, match=r"before\.json is damaged: remove it"):
        sampling.load(tmp_path)
