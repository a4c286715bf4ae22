"""Training for real: what comes out, stopped and gone on with, with little memory or disk."""

import json
import re
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from sdrrl_data.errors import DiskFailed, OutOfMemory, OutputExists, RunMismatch
from sdrrl_data.training import memory
from sdrrl_data.training.losses import Losses, together
from sdrrl_data.training.reporting import Sample, TrainingStep
from sdrrl_data.training.settings import AdapterConfig, TrainingConfig
from sdrrl_data.training.train import Trained, train

from .conftest import SIGNATURE, MakeModel, some_rows, write

pytestmark = pytest.mark.long

FAST: dict[str, Any] = {
    "learning_rate": 0.02,
    "batch_size": 4,
    "evaluate_every": 3,
    "save_every": 3,
    "samples": 1,
    "precision": "float32",  # the same on every machine
}
# On `contrary` rows the loss on the test split rises by whole nats, from the third step at the latest.
AGAINST: dict[str, Any] = {
    "method": "full",
    "learning_rate": 0.05,
    "scheduler": "constant",
    "warmup": 0.0,
    "evaluate_every": 1,
    "samples": 0,
}


class Listener:
    """A reporter and a tracker that keeps what it is told, and may stop the training after a step."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after = stop_after
        self.steps: list[TrainingStep] = []
        self.losses: dict[int, Losses] = {}
        self.said: list[str] = []
        self.started: tuple[int, int] | None = None
        self.shown: tuple[str, int, int, str] | None = None
        self.notes: list[str] = []
        self.advanced = 0.0
        self.closed = False

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        self.shown = what, total, done, unit

    def advance(self, amount: float, note: str = "") -> None:
        self.advanced += amount
        self.notes.append(note)

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def begin(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        self.started = steps, done

    def step(self, step: TrainingStep) -> None:
        self.steps.append(step)
        if step.number == self.stop_after:
            raise KeyboardInterrupt

    def evaluated(self, number: int, losses: Losses) -> None:
        self.losses[number] = losses

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def job(dataset: Path, model: Path, out: Path, merge: bool = False, **settings: Any) -> dict[str, Any]:
    """The arguments of `train`."""
    return {
        "dataset": dataset,
        "model": model,
        "out": out,
        "settings": TrainingConfig(**{**FAST, **settings}),
        "merge": merge,
    }


def weights(folder: Path) -> dict[str, Any]:
    (file,) = folder.glob("*.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in load_file(file).items()}


@pytest.fixture(scope="module")
def contrary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of one question, to which the train split has another answer than the test split.

    So what is learned of the one makes the other less likely, on any CPU.
    """
    rows = [
        row
        | {
            "prompt": [{"role": "user", "content": "Why?"}],
            "completion": [{"role": "assistant", "content": "no " * 20 if row["split"] == "test" else "yes" * 20}],
        }
        for row in some_rows()
    ]
    return write(tmp_path_factory.mktemp("contrary") / "set", rows)


@pytest.fixture(scope="module")
def finished(dataset: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Listener, Trained]:
    out = tmp_path_factory.mktemp("finished") / "out"
    listener = Listener()
    trained = train(**job(dataset, model, out, max_steps=8), reporter=listener, trackers=[listener])
    return out, listener, trained


def test_it_learns_and_tells(finished: tuple[Path, Listener, Trained]) -> None:
    _, listener, trained = finished
    assert listener.started == (8, 0)
    assert [step.number for step in listener.steps] == list(range(1, 9))
    assert sorted(listener.losses) == [0, 3, 6, 8]
    assert listener.losses == trained.losses
    assert together(trained.losses[8]).mean < together(trained.losses[0]).mean - 0.1
    assert all(step.tokens_per_second > 0 for step in listener.steps)
    assert listener.shown == ("tiny-llama on set", 8, 0, "steps")
    assert listener.advanced == 8
    assert all(re.fullmatch(r"loss \d\.\d{4}, [\d,]+ tokens/s", note) for note in listener.notes)
    first, *losses = listener.said
    assert first == "before the first step, the model answers test prompts and is measured on the test split"
    assert [sentence.partition(":")[0] for sentence in losses] == [
        f"test loss after step {step}" for step in (0, 3, 6, 8)
    ]
    assert listener.closed
    assert trained.steps == trained.best == 8


def test_the_folder_says_what_it_is(finished: tuple[Path, Listener, Trained], model: Path) -> None:
    out, _, trained = finished
    content = yaml.safe_load((out / "training.yaml").read_text(encoding="utf-8"))
    assert content["model"]["name"] == "tiny-llama"
    assert content["signature"] == SIGNATURE
    assert content["settings"]["max_steps"] == 8
    assert content["figures"]["steps"] == 8
    if not torch.cuda.is_available():
        assert content["figures"]["rows at once"] == 2
    assert content["losses"]["after"]["all"]["loss"] == pytest.approx(together(trained.losses[8]).mean, abs=1e-6)
    assert set(content["losses"]["before"]) == {
        "all", "answer", "translate", "en->en", "en->pt", "pt->en", "pt->pt",
    }  # fmt: skip
    assert content["versions"]["trl"]
    assert str(out.parent) not in (out / "training.yaml").read_text(encoding="utf-8")


def test_the_adapter_loads_with_its_tokenizer(finished: tuple[Path, Listener, Trained]) -> None:
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoTokenizer

    out, _, trained = finished
    loaded, tokenizer = AutoPeftModelForCausalLM.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    sample = trained.samples["after"][0]
    prompt = tokenizer.apply_chat_template(
        sample.prompt, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    written = loaded.generate(**prompt, max_new_tokens=128, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    answer = tokenizer.decode(written[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True).strip()
    assert answer == sample.answer


def test_checkpoints_are_kept_as_asked(finished: tuple[Path, Listener, Trained]) -> None:
    out = finished[0]
    assert sorted(path.name for path in (out / "checkpoints").glob("checkpoint-*")) == ["checkpoint-6", "checkpoint-8"]


@pytest.mark.parametrize("torn", [False, True])
def test_stopped_and_resumed_it_ends_with_the_same_weights(
    finished: tuple[Path, Listener, Trained], dataset: Path, model: Path, tmp_path: Path, torn: bool
) -> None:
    arguments = job(dataset, model, tmp_path / "out", max_steps=8)
    with pytest.raises(KeyboardInterrupt):
        train(**arguments, trackers=[Listener(stop_after=7 if torn else 4)])
    if torn:  # as a kill in the middle of writing leaves it
        (tmp_path / "out/checkpoints/checkpoint-6/whole.json").unlink()
        (tmp_path / "out/checkpoints/checkpoint-6/adapter_model.safetensors").write_bytes(b"half")
    with pytest.raises(OutputExists, match="already exists: continue with --resume"):
        train(**arguments)
    listener = Listener()
    trained = train(**arguments, resume=True, trackers=[listener])
    assert listener.started == (8, 3)
    assert [step.number for step in listener.steps] == [4, 5, 6, 7, 8]
    assert weights(tmp_path / "out") == weights(finished[0])
    assert trained.losses == finished[2].losses
    assert trained.samples == finished[2].samples
    with pytest.raises(OutputExists, match="holds a finished training"):
        train(**arguments, resume=True)


def test_the_adapters_configuration_has_the_same_bytes_each_time(finished: tuple[Path, Listener, Trained]) -> None:
    for folder in (finished[0], finished[0] / "checkpoints/checkpoint-8"):
        modules = json.loads((folder / "adapter_config.json").read_text())["target_modules"]
        assert modules == sorted(modules)
        assert len(modules) > 5


@pytest.mark.parametrize("patience", [None, 1])
def test_killed_at_the_very_end_it_writes_what_is_missing(
    dataset: Path, contrary: Path, model: Path, tmp_path: Path, patience: int | None
) -> None:
    wild = {"learning_rate": 3.0, "scheduler": "constant", "evaluate_every": 1}
    rows, settings = (contrary, AGAINST | {"patience": patience}) if patience else (dataset, wild)
    arguments = job(rows, model, tmp_path / "out", **settings, max_steps=8)
    first = train(**arguments)
    files = {path: path.read_bytes() for path in arguments["out"].iterdir() if path.is_file()}
    for path in files:
        path.unlink()
    assert train(**arguments, resume=True) == first
    assert {path: path.read_bytes() for path in arguments["out"].iterdir() if path.is_file()} == files
    assert (first.steps < 8) == (patience is not None)


def test_another_training_is_not_gone_on_with(
    dataset: Path, model: Path, make_model: MakeModel, tmp_path: Path
) -> None:
    arguments = job(dataset, model, tmp_path / "out", max_steps=3)
    with pytest.raises(KeyboardInterrupt):
        train(**arguments, trackers=[Listener(stop_after=3)])
    # The interrupt came before the last checkpoint was written; there is none yet.
    with pytest.raises(KeyboardInterrupt):
        train(**job(dataset, model, tmp_path / "out", max_steps=5), resume=True, trackers=[Listener(stop_after=4)])
    other = write(tmp_path / "other", some_rows()[:60])
    for changed, sentence in [
        (job(dataset, model, tmp_path / "out", max_steps=6), "checkpoint-3 was made with max_steps 5, now it is 6"),
        (job(dataset, model, tmp_path / "out", max_steps=5, seed=1), "made with seed 42, now it is 1"),
        (job(other, model, tmp_path / "out", max_steps=5), "another dataset"),
        (job(dataset, make_model(more=("<|new|>",)), tmp_path / "out", max_steps=5), "another vocabulary"),
    ]:
        with pytest.raises(RunMismatch, match=sentence):
            train(**changed, resume=True)


@pytest.mark.parametrize("changes", [{"packing": True}, {"at_once": 1}, {"gradient_checkpointing": True}])
def test_how_rows_are_taken_changes_no_loss(
    dataset: Path, model: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """With everything in one step the first loss is the same."""
    usual = {"max_steps": 1, "batch_size": 128, "at_once": 8, "lora": AdapterConfig(rank=2, dropout=0.0), "samples": 0}
    first = []
    for name, settings in (("usual", usual), ("changed", usual | changes)):
        listener = Listener()
        train(**job(dataset, model, tmp_path / name, **settings), trackers=[listener])
        first.append(listener.steps[0].loss)
    assert first[0] == pytest.approx(first[1], rel=1e-5)


def test_it_stops_early_and_takes_the_best(contrary: Path, model: Path, tmp_path: Path) -> None:
    listener = Listener()
    trained = train(**job(contrary, model, tmp_path / "out", **AGAINST, patience=2, keep=1), trackers=[listener])
    assert listener.started
    losses = {step: together(measured).mean for step, measured in trained.losses.items() if step}
    assert sorted(losses) == list(range(1, trained.steps + 1))
    assert trained.best == min(losses, key=losses.__getitem__)
    assert trained.steps == trained.best + 2 < listener.started[0]
    best, last = (tmp_path / f"out/checkpoints/checkpoint-{step}" for step in (trained.best, trained.steps))
    assert weights(tmp_path / "out") == weights(best) != weights(last)


def test_a_merged_model_is_the_adapter_on_its_base(dataset: Path, model: Path, tmp_path: Path) -> None:
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoModelForCausalLM

    out = tmp_path / "out"
    train(**job(dataset, model, out, merge=True, max_steps=3, samples=0))
    ids = torch.arange(20).unsqueeze(0)
    with torch.inference_mode():
        merged, apart, base = (
            kind.from_pretrained(folder, dtype=torch.float32)(ids).logits
            for kind, folder in (
                (AutoModelForCausalLM, out),
                (AutoPeftModelForCausalLM, out / "adapter"),
                (AutoModelForCausalLM, model),
            )
        )
    assert torch.allclose(merged, apart, atol=1e-5)
    assert not torch.allclose(merged, base, atol=1e-2)


def test_in_bf16_the_base_is_rounded_and_the_adapter_is_not(dataset: Path, model: Path, tmp_path: Path) -> None:
    rounded, whole = (
        train(**job(dataset, model, tmp_path / precision, precision=precision, max_steps=6))
        for precision in ("bf16", "float32")
    )
    for step in (0, 6):
        near, exact = (together(trained.losses[step]).mean for trained in (rounded, whole))
        assert near != exact
        assert near == pytest.approx(exact, rel=1e-2)
    for precision in ("bf16", "float32"):
        content = yaml.safe_load((tmp_path / precision / "training.yaml").read_text(encoding="utf-8"))
        assert content["figures"]["calculated in"] == precision
    adapter = load_file(tmp_path / "bf16/adapter_model.safetensors")
    assert {str(tensor.dtype) for tensor in adapter.values()} == {"torch.float32"}


@pytest.mark.parametrize(("tested", "said"), [(True, ["the model is measured on the test split"]), (False, [])])
def test_what_is_not_done_before_the_first_step_is_not_said(
    dataset: Path, model: Path, tmp_path: Path, tested: bool, said: list[str]
) -> None:
    listener = Listener()
    own = dataset if tested else write(tmp_path / "train", [row for row in some_rows() if row["split"] == "train"])
    train(**job(own, model, tmp_path / "out", max_steps=1, samples=0), reporter=listener)
    sentences = [sentence for sentence in listener.said if sentence.startswith("before")]
    assert sentences == [f"before the first step, {sentence}" for sentence in said]


def test_all_weights_are_trained(dataset: Path, model: Path, tmp_path: Path) -> None:
    trained = train(**job(dataset, model, tmp_path / "out", method="full", max_steps=6, samples=0))
    assert together(trained.losses[6]).mean < together(trained.losses[0]).mean - 0.5
    before, after = weights(model), weights(tmp_path / "out")
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)


@pytest.mark.parametrize("limit", [60_000, 100_000])  # bytes of a file: less than the adapter, than the optimizer
def test_a_full_disk_ends_it_with_a_sentence(dataset: Path, model: Path, tmp_path: Path, limit: int) -> None:
    arguments = job(dataset, model, tmp_path / "out", max_steps=3, samples=0)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, usual[1]))
    try:
        with pytest.raises(DiskFailed, match=r"checkpoint-3 cannot be written \(.*free some space on the disk"):
            train(**arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert train(**arguments, resume=True).steps == 3


def test_with_too_little_memory_fewer_rows_are_taken_at_once() -> None:
    def work(size: int) -> int:
        torch.empty(2 ** (size * 6), dtype=torch.uint8)  # 2 ** 48 bytes are nowhere to be had
        return size

    said: list[str] = []
    assert memory.sizes(16, 9) == [8, 4, 2, 1]
    assert memory.with_less(work, [8, 4, 2, 1], said.append) == 4
    assert said == ["memory ran out with 8 rows at once: continuing with 4"]
    with pytest.raises(OutOfMemory, match="memory ran out with 8 rows at once: lower at_once"):
        memory.with_less(work, [9, 8], said.append)
    with pytest.raises(ZeroDivisionError):
        memory.with_less(lambda size: size // 0, [2, 1], said.append)
