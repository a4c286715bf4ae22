import json
import shutil
from contextlib import closing

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.compared_models import find_models, tokenizer_of, whole
from sdrrl_data.evaluation.likelihood import Likelihood
from tests.support import hub

pytestmark = pytest.mark.long


def renamed_base(adapter, folder, name):
    """A copy of an adapter that names another base."""
    shutil.copytree(adapter, folder)
    settings = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(settings | {"base_model_name_or_path": name}))
    return str(folder)


def test_a_merged_adapter_is_the_model_with_its_adapter(base, adapter, tmp_path):
    _, model = find_models(str(base), [str(adapter)])
    plain = AutoModelForCausalLM.from_pretrained(base)
    text = torch.tensor([[5, 60, 70, 80]])
    with torch.no_grad():
        before = plain(text).logits
        expected = PeftModel.from_pretrained(plain, adapter)(text).logits
        with whole(model, tmp_path / "merged") as located:
            found = AutoModelForCausalLM.from_pretrained(located.path)(text).logits
    assert torch.allclose(found, expected, atol=1e-4)
    assert not torch.allclose(found, before, atol=1e-2)
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize("targets", [["embed_tokens"], ["lm_head"], ["embed_tokens", "q_proj"]], ids=str)
def test_an_adapter_on_embeddings_that_are_shared(make_model, make_adapter, tmp_path, targets):
    base = make_model("tied", tied=True)
    _, model = find_models(str(base), [str(make_adapter(base, "shared", targets))])
    plain = AutoModelForCausalLM.from_pretrained(base)
    adapted = PeftModel.from_pretrained(plain, model.adapter)
    text, tokenizer = "Ela lê um livro por semana.", tokenizer_of(model)
    ids = torch.tensor([[tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]])
    with torch.no_grad():
        likely = adapted(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None]).double().sum()
    with whole(model, tmp_path / "merged") as located, closing(Likelihood(located)) as likelihood:
        assert likelihood.of_texts([text], lambda _: None) == [pytest.approx(float(likely), rel=1e-4)]


def test_names_and_identities(base, adapter, make_model, tmp_path):
    other = make_model("base", seed=2)
    copy = shutil.copytree(adapter, tmp_path / "run" / "adapter")
    models = find_models(str(base), [str(adapter), str(copy), str(other)])
    assert [model.name for model in models] == [
        *("base", f"{adapter.parent.name}-adapter", "run-adapter", f"{other.parent.name}-base")
    ]
    own = [model.identity() for model in models]
    assert own[1] == own[2]
    assert len(set(own)) == 3
    with pytest.raises(UserError, match="names a model twice"):
        find_models(str(base), [str(adapter), f"{adapter}/../adapter"])


def test_the_tokenizer_of_an_adapter_is_its_own_where_it_has_one(base, adapter, make_model, tmp_path):
    copy = shutil.copytree(adapter, tmp_path / "adapter")
    _, model = find_models(str(base), [str(copy)])
    assert "<|user|>" in tokenizer_of(model).get_vocab()
    for file in make_model("mute", template=None).glob("tokenizer*"):
        shutil.copy(file, copy)
    assert tokenizer_of(model).chat_template is None


FIND = """
import json, sys
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.compared_models import find_models

for name in sys.argv[2:]:
    try:
        _, model = find_models(sys.argv[1], [name])
    except UserError as error:
        print(json.dumps(str(error)))
    else:
        files = model.adapter and sorted(path.name for path in model.adapter.iterdir())
        print(json.dumps([model.name, model.identity(), files]))
"""


def test_an_adapter_on_the_hub_is_the_adapter_that_was_pushed(base, adapter, tmp_path):
    """Also a whole model beside it, which is no adapter; and without the Hub, what was fetched before."""
    pushed = hub.files_of(adapter) | {"training.yaml": b"settings: {}", "optimizer.pt": b"large"}
    weightless = {name: content for name, content in pushed.items() if not name.endswith(".safetensors")}
    home, names = tmp_path / "home", ("ann/tuned", "ann/whole", "ann/weightless", "ann/none")
    with hub.serving() as served:
        served.add("models/ann/tuned", pushed)
        served.add("models/ann/whole", hub.files_of(base))
        served.add("models/ann/weightless", weightless)
        tuned, whole_model, *errors = served.run(FIND, home, None, str(base), *names)
    _, local = find_models(str(base), [str(adapter)])
    assert tuned == [
        *("tuned", local.identity()),
        ["README.md", "adapter_config.json", "adapter_model.safetensors", "training.yaml"],
    ]
    assert (whole_model[0], whole_model[2]) == ("whole", None)
    assert errors[0].endswith("the adapter has no weights in the file adapter_model.safetensors")
    assert errors[1].startswith("tuned model ann/none: there is no such folder, and the Hub has no such model for you")
    again = hub.run(FIND, hub.offline(home), str(base), *names[:1], "ann/none")
    assert again[0] == tuned
    assert again[1].startswith(
        "tuned model ann/none: there is no such folder, and as a name on the Hub it is not in the cache and the"
    )


@pytest.mark.parametrize("named", ["its base", "org/model", None], ids=str)
def test_an_adapter_for_this_base(base, adapter, tmp_path, named):
    place = renamed_base(adapter, tmp_path / "own", str(base) if named == "its base" else named)
    assert find_models(str(base), [place])[1].adapter


def test_an_adapter_for_a_copy_of_the_base(base, adapter, tmp_path):
    copy = shutil.copytree(base, tmp_path / "copied")
    assert find_models(str(copy), [str(adapter)])[1].adapter


def test_an_adapter_for_another_base(base, adapter, make_model, tmp_path):
    with pytest.raises(UserError, match="is an adapter for org/other, not for model: use --base org/other"):
        find_models(str(base), [renamed_base(adapter, tmp_path / "one", "org/other")])
    other = make_model("other", seed=3)
    with pytest.raises(UserError, match=r"is an adapter for .*other, not for model"):
        find_models(str(base), [renamed_base(adapter, tmp_path / "two", str(other))])


def test_an_adapter_that_does_not_fit(adapter, make_model, tmp_path):
    wider = make_model(hidden=64)
    (model,) = find_models(str(wider), [renamed_base(adapter, tmp_path / "own", str(wider))])[1:]
    with pytest.raises(UserError, match=r"adapter .*own could not be loaded"), whole(model, tmp_path / "merged"):
        pass
    assert not (tmp_path / "merged").exists()


def test_models_that_are_not_there(base, adapter, tmp_path):
    with pytest.raises(UserError, match="base nowhere: there is no such directory"):
        find_models("nowhere", [])
    with pytest.raises(UserError, match="tuned model nowhere: there is no such directory"):
        find_models(str(base), ["nowhere"])
    empty = renamed_base(adapter, tmp_path / "own", str(base))
    (tmp_path / "own" / "adapter_model.safetensors").unlink()
    with pytest.raises(UserError, match="has no weights"):
        find_models(str(base), [empty])
    (tmp_path / "own" / "adapter_model.safetensors").touch()
    (tmp_path / "own" / "adapter_config.json").write_text("[]")
    with pytest.raises(UserError, match="cannot be read"):
        find_models(str(base), [empty])
