import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sdrrl_data import recipe
from sdrrl_data.errors import EngineFailed, UserError
from sdrrl_data.generation.vllm import VllmGenerator
from sdrrl_data.generation.vllm_engine import EngineJob
from sdrrl_data.models.locating import locate
from sdrrl_data.processes.child_process import module
from sdrrl_data.processes.pool import Pool
from sdrrl_data.protocols import Completion, Request, Sampling, SetAside
from tests.generation.conftest import assert_stopped_in_the_answer
from tests.generation.fragile_engine import DEADLY, HANGING
from tests.support.processes import ending, running

pytest.importorskip("vllm")

pytestmark = pytest.mark.long

QUESTIONS = ["what is the sky", "the sea", "what is the colour of the sea and of the sky", "colour"]
WINDOW = 512  # twice what one engine computes at a time on a CPU
SAMPLING = Sampling(temperature=1.0, top_p=0.95, repetition_penalty=1.0, max_tokens=20)
LONG = SAMPLING._replace(max_tokens=200)
GREEDY = SAMPLING._replace(temperature=0.0)

RUN = """
import itertools, sys
from sdrrl_data import recipe
from sdrrl_data.generation.vllm import VllmGenerator
from sdrrl_data.models.locating import locate
from sdrrl_data.protocols import Request, Sampling

settings = recipe.GeneratorConfig(model=sys.argv[1], max_tokens=200, max_model_len=256)
generator = VllmGenerator(settings, locate(settings.model, None, "generator", "--model"))
assert not {"torch", "vllm"} & set(sys.modules)  # they are the engine's alone
sampling = Sampling(1.0, 1.0, 1.0, 200)
question = [{"role": "user", "content": "the sea"}]
for key, _ in generator.generate(Request(str(i), question, i, sampling) for i in itertools.count()):
    print(key, flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def small_engines():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB
        patch.setenv("VLLM_LOGGING_LEVEL", "ERROR")
        yield


def build(model, **options):
    settings = recipe.GeneratorConfig(model=str(model), **{"max_tokens": 200, "max_model_len": 256, **options})
    return VllmGenerator(settings, locate(settings.model, None, "generator", "--model"))


@pytest.fixture(scope="module")
def generator(chat_model):
    """Two engines."""
    built = build(chat_model, engines=2)
    yield built
    built.close()


def asked(numbers, sampling=SAMPLING):
    for number in numbers:
        question = QUESTIONS[number % len(QUESTIONS)]
        yield Request(f"row {number}", [{"role": "user", "content": question}], number, sampling)


def answer(generator, requests):
    """The results by key; each has come once."""
    results = list(generator.generate(requests))
    keys = [key for key, _ in results]
    assert len(keys) == len(set(keys))
    return dict(results)


def engine_processes(parent=None):
    return running("engine_worker", parent)


def test_answers_depend_on_the_row_alone(generator):
    together = answer(generator, asked(range(40)))
    assert len(together) == 40
    assert together == answer(generator, asked(reversed(range(40))))
    assert together["row 7"] == answer(generator, asked([7]))["row 7"]
    assert len({completion.text for completion in together.values()}) == 40


def test_the_model_says_how_it_ended(generator):
    results = answer(generator, asked(range(200), LONG)).values()
    assert {completion.finish_reason for completion in results} == {"stop", "length"}
    for completion in results:
        assert completion.completion_tokens == 200 or completion.finish_reason == "stop"
        assert "<|end|>" not in completion.text


def test_many_long_prompts_at_once(generator):
    """More tokens than the two engines read in a step: where such a step ends within a prompt, vLLM fails on a CPU."""
    messages = [{"role": "user", "content": "the sea and the sky " * 10}]
    results = answer(generator, (Request(str(number), messages, number, SAMPLING) for number in range(400)))
    assert all(isinstance(result, Completion) for result in results.values())
    assert sum(result.prompt_tokens for result in results.values()) > 2 * 2 * 4096


def test_a_turn_ends_before_its_stop_text(generator):
    whole = answer(generator, asked([0], GREEDY))["row 0"].text
    stop = whole[len(whole) // 2 :][:2]
    cut = answer(generator, asked([0], GREEDY._replace(stop=(stop,))))["row 0"]
    assert (cut.text, cut.finish_reason) == (whole[: whole.index(stop)], "stop")


def test_a_stop_text_ends_the_answer_and_not_the_reasoning(thinking_model):
    built = build(thinking_model)
    whole = answer(built, asked(range(60), LONG))
    stopped = answer(built, asked(range(60), LONG._replace(stop=("e", "a"))))
    assert_stopped_in_the_answer(whole, stopped, ("e", "a"))
    assert answer(built, asked(range(60), LONG)) == whole
    built.close()


def test_what_cannot_be_done_is_set_aside_alone(generator):
    long = Request("long", [{"role": "user", "content": "the sky " * 300}], 1, SAMPLING)
    odd = Request("odd", [{"role": "user", "content": "the sky"}], 1, SAMPLING._replace(top_p=2.0))
    results = answer(generator, [long, odd, *asked([0])])
    assert isinstance(results["long"], SetAside)
    assert "236 fit" in results["long"].reason
    assert isinstance(results["odd"], SetAside)
    assert "top_p" in results["odd"].reason
    assert isinstance(results["row 0"], Completion)


def test_requests_are_taken_as_there_is_room_on_both_engines(generator):
    taken = []
    requests = (taken.append(request) or request for request in asked(itertools.count()))
    most = 0
    for received, _ in enumerate(generator.generate(requests), 1):
        most = max(most, len(taken) - received)
        if received >= 2000 and (most > WINDOW or received > 50_000):  # the second engine may still be starting
            break
    assert WINDOW < most <= 2 * WINDOW + 2


def test_a_call_that_was_given_up_leaves_nothing_behind(generator):
    expected = answer(generator, asked(range(20)))
    for _ in generator.generate(asked(itertools.count(), LONG)):
        break
    assert answer(generator, asked(range(20))) == expected

    older = generator.generate(asked(itertools.count(), LONG))
    next(older)
    assert answer(generator, asked(range(20))) == expected
    with pytest.raises(RuntimeError, match="another call"):
        next(older)

    def broken():
        yield from asked(range(20, 40))
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        answer(generator, broken())
    assert answer(generator, asked(range(20))) == expected


def test_rows_of_killed_engines_are_done_once(generator):
    expected = answer(generator, asked(range(300), LONG))
    results = []
    for result in generator.generate(asked(range(300), LONG)):
        results.append(result)
        if len(results) == 5:
            killed = engine_processes()
            for process in killed:
                process.kill()
    assert len(killed) == 2
    assert len(results) == 300
    assert dict(results) == expected


def test_an_engine_is_restarted_three_times_at_most(chat_model):
    others = engine_processes()
    with (
        ending(lambda: engine_processes() - others) as ended,
        pytest.raises(EngineFailed, match=r"ended 4 times .*, at last with SIGKILL .*; finished rows are kept"),
    ):
        build(chat_model)
    assert len(ended) == 4


def test_a_prompt_that_kills_vllm_and_one_over_which_it_hangs_are_set_aside_and_the_others_answered(
    generator, chat_model, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    expected = answer(generator, asked(range(4)))
    settings = recipe.GeneratorConfig(model=str(chat_model), max_tokens=200, max_model_len=256)
    located = locate(settings.model, None, "generator", "--model")
    pool = Pool(
        "vLLM's engine",
        module("tests.generation.fragile_engine"),
        lambda rank: EngineJob(settings, located, rank),
        silence=8.0,
    )
    try:
        results = dict(pool.ask((request.key, request) for request in asked(range(4))))
    finally:
        pool.close()
    reasons = {key: results.pop(key).reason for key in (f"row {DEADLY}", f"row {HANGING}")}
    assert reasons[f"row {DEADLY}"].endswith("times, at last with SIGSEGV")
    assert reasons[f"row {HANGING}"].endswith("times, at last with silence for 0.133333 minutes")
    assert results == {key: expected[key] for key in ("row 0", "row 3")}


def test_nothing_outlives_a_run_that_is_killed(chat_model):
    run = subprocess.Popen([sys.executable, "-c", RUN, str(chat_model)], stdout=subprocess.PIPE)
    try:
        assert run.stdout.readline()
        left = engine_processes(run.pid)
    finally:
        run.kill()
        run.wait()
        run.stdout.close()
    assert left
    assert psutil.wait_procs(left, timeout=60)[1] == []


def whole(folder):
    pass


def corrupt(folder):
    (folder / "model.safetensors").write_bytes(b"broken")


def without_template(folder):
    (folder / "chat_template.jinja").unlink()


@pytest.mark.parametrize(
    ("spoil", "options", "says"),
    [
        (corrupt, {}, "generator model could not be loaded: "),
        (without_template, {}, "has no chat template"),  # others: tests/chat/test_template.py
        (
            whole,
            {"max_model_len": 10_000},
            r"generator model could not be loaded: it reads 256 tokens at most, and generator.max_model_len is 10000",
        ),
    ],
)
def test_what_the_user_can_mend_is_said(chat_model, tmp_path, spoil, options, says):
    folder = shutil.copytree(chat_model, tmp_path / "model")
    spoil(folder)
    others = engine_processes()
    with pytest.raises(UserError, match=says) as caught:
        build(folder, **options)
    assert "\n" not in str(caught.value)
    assert engine_processes() == others
