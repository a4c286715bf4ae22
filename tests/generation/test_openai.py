import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from urllib.parse import parse_qs

import polars as pl
import pytest

from sdrrl_data import recipe
from sdrrl_data.errors import ServerLost, ServerUnavailable, UserError
from sdrrl_data.generation.openai import OpenAIGenerator
from sdrrl_data.generation.openai_models import identify
from sdrrl_data.protocols import Completion, Ingredient, Message, Request, Sampling, SetAside
from sdrrl_data.recipe import loading
from tests.generation.server import ChatServer, Reply, completion, error

SAMPLING = Sampling(temperature=1.0, top_p=1.0, repetition_penalty=1.0, max_tokens=12)


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def serving(script, models=None):
    server = ChatServer(script, models)
    try:
        yield server
    finally:
        server.stop()


def settings(url, concurrency=4, timeout=60.0, retries=1, model="tiny", **options):
    server = recipe.ServerConfig(url=url, concurrency=concurrency, timeout=timeout, retries=retries)
    return recipe.GeneratorConfig(model=model, engine="openai", server=server, **options)


def request(question, seed=1, **options):
    return Request(question, [Message(role="user", content=question)], seed, SAMPLING._replace(**options))


def answer(url, *questions, **options):
    generator = OpenAIGenerator(settings(url, **options))
    results = dict(generator.generate(map(request, questions)))
    generator.close()
    return results


def echo(body, tries):
    return completion(f"{body['messages'][-1]['content']}!")


def always(reply):
    return lambda body, tries: reply


def test_each_request_gets_its_own_answer():
    with serving(echo) as server:
        results = answer(server.url, *map(str, range(20)))
    assert results == {str(n): Completion(f"{n}!", "stop", 5, 3) for n in range(20)}


def test_no_request_needs_no_server():
    assert answer("http://127.0.0.1:9/v1") == {}


def test_the_request_says_how_to_sample():
    turns = [Message(role="system", content="be kind"), Message(role="user", content="why?")]
    sampling = Sampling(0.3, 0.9, 1.2, 50, ("\n\n", "END"))
    with serving(echo) as server:
        generator = OpenAIGenerator(
            settings(server.url, template="{{ messages }}", template_options={"enable_thinking": False})
        )
        assert dict(generator.generate([Request("a", turns, 7, sampling)])) == {"a": Completion("why?!", "stop", 5, 3)}
    assert server.bodies == [
        {
            "model": "tiny",
            "messages": turns,
            "temperature": 0.3,
            "top_p": 0.9,
            "repetition_penalty": 1.2,
            "max_tokens": 50,
            "stop": ["\n\n", "END"],
            "seed": 7,
            "chat_template": "{{ messages }}",
            "chat_template_kwargs": {"enable_thinking": False},
        }
    ]


def test_what_only_some_servers_know_is_not_sent_without_need():
    with serving(echo) as server:
        answer(server.url, "why?")
    assert set(server.bodies[0]) == {"model", "messages", "temperature", "top_p", "max_tokens", "seed"}


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (completion("cut", "length"), Completion("cut", "length", 5, 3)),
        (completion(None), Completion("", "stop", 5, 3)),
        (completion("\n\n4", reasoning_content="2 and 2\n"), Completion("4", "stop", 5, 3, "2 and 2")),
        (completion("4", reasoning="2 and 2"), Completion("4", "stop", 5, 3, "2 and 2")),
        (completion("<think>2 and 2</think>4"), Completion("4", "stop", 5, 3, "2 and 2")),
        (completion("2 and 2\n</think>\n\n4"), Completion("4", "stop", 5, 3, "2 and 2")),
        (completion("not <think>, </think>"), Completion("not <think>, </think>", "stop", 5, 3)),
        (completion("\ud83c\udf0d \udf0d"), Completion("🌍 \ufffd", "stop", 5, 3)),
        (Reply(completion("4").body | {"usage": None}), Completion("4", "stop", None, None)),
        (completion("", "content_filter"), SetAside("the server ended the answer with finish_reason content_filter")),
        (completion(None, "tool_calls"), SetAside("the server ended the answer with finish_reason tool_calls")),
        (Reply("{broken"), SetAside("the server failed: no JSON: {broken", again=True)),
        (
            Reply("hello", headers={"Content-Type": "text/plain"}),
            SetAside("the server failed: no JSON: hello", again=True),
        ),
    ],
)
def test_what_an_answer_becomes(reply, result):
    with serving(always(reply)) as server:
        assert answer(server.url, "why?", retries=0) == {"why?": result}


def test_a_record_without_a_choice_is_asked_for_again():
    empty = Reply(completion("4").body | {"choices": []})
    with serving(always(empty)) as server:
        result = answer(server.url, "why?")["why?"]
    assert result.reason.startswith('the server failed: no answer: {"id": "chatcmpl-1"')
    assert result.again
    assert len(server.bodies) == 2
    with serving(lambda body, tries: echo(body, tries) if tries else empty) as server:
        assert answer(server.url, "why?") == {"why?": Completion("why?!", "stop", 5, 3)}


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_failure_that_passes_is_tried_again(status):
    with serving(lambda body, tries: echo(body, tries) if tries else error(status, "not now")) as server:
        assert answer(server.url, "why?") == {"why?": Completion("why?!", "stop", 5, 3)}
    assert len(server.bodies) == 2


def test_a_broken_connection_is_tried_again():
    with serving(lambda body, tries: echo(body, tries) if tries else None) as server:
        assert answer(server.url, "why?") == {"why?": Completion("why?!", "stop", 5, 3)}


def test_the_server_says_how_long_to_wait():
    opens_at = 0.0

    def limited(body, tries):
        nonlocal opens_at
        opens_at = opens_at or time.monotonic() + 1
        return echo(body, tries) if time.monotonic() >= opens_at else error(429, "slow down", {"Retry-After": "1"})

    with serving(limited) as server:  # the client's own first wait is half a second, and it has but one
        assert answer(server.url, "why?") == {"why?": Completion("why?!", "stop", 5, 3)}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (error(400, "too long:\n 90 tokens"), "the server refuses it: too long: 90 tokens (HTTP 400)"),
        (error(422, "x" * 400), f"the server refuses it: {'x' * 300}… (HTTP 422)"),
        (error(429, "slow down"), "the server failed: slow down (HTTP 429)"),
        (error(500, "out of memory"), "the server failed: out of memory (HTTP 500)"),
        (Reply("<h1>Bad Gateway</h1>", 502), "the server failed: <h1>Bad Gateway</h1> (HTTP 502)"),
        (Reply("", 503), "the server failed: no reason given (HTTP 503)"),
        (None, "the server failed: Connection error. Server disconnected without sending a response."),
    ],
)
def test_a_request_that_fails_is_set_aside_alone(reply, reason):
    def script(body, tries):
        return reply if body["messages"][-1]["content"] == "bad" else echo(body, tries)

    with serving(script) as server:
        results = answer(server.url, "a", "bad", "b")
    assert results.pop("bad") == SetAside(reason, again=reason.startswith("the server failed"))
    assert results == {key: Completion(f"{key}!", "stop", 5, 3) for key in "ab"}


@pytest.mark.parametrize("bad", [15, 16])
def test_a_server_that_fails_every_request_stops_the_run_and_costs_no_row(bad):
    """Fewer failures in a row may be the rows' own."""

    def script(body, tries):
        return echo(body, tries) if int(body["messages"][-1]["content"]) >= bad else error(500, "out of memory")

    keys = [str(number) for number in range(20)]
    with serving(script) as server:
        generator = OpenAIGenerator(settings(server.url, concurrency=1, retries=0))
        results = generator.generate(map(request, keys))
        if bad == 15:
            assert [key for key, result in results if isinstance(result, SetAside) and result.again] == keys[:15]
        else:
            with pytest.raises(ServerLost, match=r"failed 16 requests in a row: out of memory \(HTTP 500\): check the"):
                list(results)


def test_a_server_that_hangs_is_given_up():
    stopped = threading.Event()

    def script(body, tries):
        if body["messages"][-1]["content"] == "bad":
            stopped.wait()
        return echo(body, tries)

    with serving(script) as server:
        results = answer(server.url, "a", "bad", "b", timeout=0.5)
        stopped.set()
    assert results.pop("bad") == SetAside("the server failed: Request timed out.", again=True)
    assert set(results) == {"a", "b"}
    assert [body["messages"][-1]["content"] for body in server.bodies].count("bad") == 2


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (error(401, "no such key"), r"no such key \(HTTP 401\): set its key as OPENAI_API_KEY, then run again"),
        (
            error(402, "no money"),
            r"no money \(HTTP 402\): check what the account of the key in OPENAI_API_KEY may still",
        ),
        (error(429, "no money", code="insufficient_quota"), "what the account of the key in OPENAI_API_KEY may still"),
        (error(429, "come tomorrow", {"Retry-After": "80000"}), "wait 80000 seconds, as it asks"),
    ],
)
def test_what_dooms_every_row_ends_the_run(reply, says):
    with serving(lambda body, tries: echo(body, tries) if len(server.bodies) == 1 else reply) as server:
        results = OpenAIGenerator(settings(server.url, concurrency=1)).generate(map(request, "abc"))
        assert next(results)[0] == "a"
        with pytest.raises(ServerLost, match=f"^server {server.url}: .*{says}.*; finished rows are kept$"):
            next(results)


EVERY_ROW = [
    (error(400, "top_p is too high"), r"top_p is too high \(HTTP 400\): change the setting that it names"),
    (error(403, "not for you"), r"not for you \(HTTP 403\): check what the key in OPENAI_API_KEY may use"),
    (
        error(404, "no model tiny"),
        r"no model tiny \(HTTP 404\): check generator.model and generator.server.url, which often ends in /v1",
    ),
    (error(405, "Not Allowed"), r"Not Allowed \(HTTP 405\): check generator.server.url, which often ends in /v1"),
    (error(413, "too large"), r"too large \(HTTP 413\): check generator.server.url and generator.model"),
    (error(422, "no seed"), r"no seed \(HTTP 422\): change the setting that it names"),
]


@pytest.mark.parametrize(("reply", "says"), EVERY_ROW)
@pytest.mark.parametrize("rows", [1, 3, 200])
def test_what_the_first_requests_are_refused_for_ends_the_run_at_once(reply, says, rows):
    with serving(always(reply)) as server:
        results = OpenAIGenerator(settings(server.url, concurrency=2)).generate(map(request, map(str, range(rows))))
        with pytest.raises(ServerLost, match=f"^server {server.url}: {says}, then run again; finished rows are kept$"):
            next(results)
    assert len(server.bodies) < 10


@pytest.mark.parametrize(("reply", "says"), EVERY_ROW)
def test_what_one_row_is_refused_for_sets_it_aside(reply, says):
    def script(body, tries):
        return reply if body["messages"][-1]["content"].startswith("bad") else echo(body, tries)

    with serving(script) as server:  # alone, among the first and among others
        assert isinstance(answer(server.url, "bad")["bad"], SetAside)
        questions = [f"bad {number}" for number in range(4)] + ["a", "b", "bad", "c"]
        results = answer(server.url, *questions, concurrency=1)
    refused = {key: result for key, result in results.items() if isinstance(result, SetAside)}
    assert set(refused) == {"bad", *(f"bad {number}" for number in range(4))}
    assert all(re.match(f"the server refuses it: {says.split(':')[0]}", each.reason) for each in refused.values())
    assert not any(each.again for each in refused.values())
    assert set(results) == set(questions)


def test_a_model_that_is_taken_away_in_the_middle_costs_no_row():
    def script(body, tries):
        return echo(body, tries) if len(server.bodies) < 10 else error(404, "no model tiny")

    with serving(script) as server:
        results = OpenAIGenerator(settings(server.url, concurrency=1)).generate(map(request, map(str, range(100))))
        answered = []
        with pytest.raises(ServerLost, match=r"no model tiny \(HTTP 404\)"):
            answered.extend(results)
    assert len(answered) == 9
    assert all(isinstance(result, Completion) for _, result in answered)


def test_a_server_that_fails_when_it_is_tested_leaves_it_open_whose_fault_a_refusal_is():
    def script(body, tries):
        return error(500, "crashed") if body["messages"][-1]["content"] == "Hello" else error(400, "bad row")

    with serving(script) as server:
        assert answer(server.url, "a", retries=0) == {
            "a": SetAside("the server refuses it: bad row (HTTP 400)", again=True)
        }


def reject(name, instead, message):
    """A server that refuses a parameter, and answers without it."""

    def script(body, tries):
        if name in body:
            return Reply(message, 400) if isinstance(message, dict) else error(400, message)
        return completion(f"{body['messages'][-1]['content']}{body.get(instead)}")

    return script


@pytest.mark.parametrize(
    ("name", "instead", "value", "message"),
    [
        (
            *("max_tokens", "max_completion_tokens", 12),
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
        ),
        (
            *("seed", "random_seed", 1),
            {
                "object": "error",
                "message": {
                    "detail": [
                        {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}
                    ]
                },
                "type": "invalid_request_error",
            },
        ),
    ],
)
def test_a_parameter_that_the_server_calls_otherwise_is_sent_under_that_name(name, instead, value, message):
    with serving(reject(name, instead, message)) as server:
        results = answer(server.url, *map(str, range(20)))
    assert results == {str(n): Completion(f"{n}{value}", "stop", 5, 3) for n in range(20)}
    assert sum(name in body for body in server.bodies) <= 4  # those that were under way when it was learned


def test_a_server_that_takes_no_seed_is_asked_without_one_and_that_is_said(caplog):
    def script(body, tries):
        names = {"seed", "random_seed"} & set(body)
        return error(400, f"Unrecognized request argument supplied: {names.pop()}") if names else echo(body, tries)

    with serving(script) as server:
        assert len(answer(server.url, *map(str, range(9)))) == 9
    assert [record.message for record in caplog.records] == [
        "the server takes no seed: asked again, it may answer in other words"
    ]


def test_a_row_about_seeds_that_is_refused_keeps_the_seed_of_the_others():
    said = "The prompt 'is it not permitted to sell a seed?' was flagged"
    with serving(lambda body, tries: error(400, said) if len(server.bodies) == 2 else echo(body, tries)) as server:
        results = answer(server.url, *"abcd", concurrency=1)
    assert results["b"] == SetAside(f"the server refuses it: {said} (HTTP 400)")
    assert all(body["seed"] == 1 for body in server.bodies)


def test_a_server_that_goes_away_keeps_what_it_answered():
    def script(body, tries):
        if body["messages"][-1]["content"] == "3":
            server.stop()
        return echo(body, tries)

    with serving(script) as server:
        results = OpenAIGenerator(settings(server.url, concurrency=1)).generate(map(request, "12345"))
        assert [next(results)[0], next(results)[0]] == ["1", "2"]
        with pytest.raises(ServerLost, match=r"Connection error.*check that it is running.*finished rows are kept"):
            next(results)


def test_a_server_that_is_not_there_ends_the_run():
    url = "http://127.0.0.1:9/v1"
    with pytest.raises(ServerLost, match=f"^server {url}: Connection error.*: check that it is running"):
        answer(url, "why?")
    with pytest.raises(UserError, match=f"^server {url}: Connection error.*: check that it is running"):
        identify(settings(url))


def test_results_come_as_they_finish():
    quick_is_here = threading.Event()

    def script(body, tries):
        if body["messages"][-1]["content"] == "slow":
            quick_is_here.wait()
        return echo(body, tries)

    with serving(script) as server:
        results = OpenAIGenerator(settings(server.url)).generate(map(request, ["slow", "quick"]))
        assert next(results)[0] == "quick"
        quick_is_here.set()
        assert next(results)[0] == "slow"


def test_as_many_requests_are_under_way_as_the_recipe_says():
    together = threading.Barrier(4)

    def script(body, tries):
        together.wait()
        return echo(body, tries)

    with serving(script) as server:
        assert len(answer(server.url, *map(str, range(12)), concurrency=4)) == 12
    assert server.most_under_way == 4


def test_requests_are_taken_as_there_is_room():
    taken = 0

    def endless():
        nonlocal taken
        for taken in count(1):
            yield request(str(taken))

    with serving(echo) as server:
        results = OpenAIGenerator(settings(server.url, concurrency=3)).generate(endless())
        assert taken == 0
        for yielded in range(1, 11):
            next(results)
            assert taken < yielded + 3
        results.close()
    assert taken == 12


def test_who_stops_does_not_wait_for_what_is_under_way():
    stopped = threading.Event()

    def script(body, tries):
        if body["messages"][-1]["content"] == "slow":
            stopped.wait()
        return echo(body, tries)

    with serving(script) as server:
        results = OpenAIGenerator(settings(server.url)).generate(map(request, ["slow", "quick"]))
        assert next(results)[0] == "quick"
        results.close()
        stopped.set()


def test_ctrl_c_does_not_wait_for_what_is_under_way():
    pl.DataFrame({"any": [1]}).lazy().collect()  # polars has its own way with signals
    stopped = threading.Event()

    def script(body, tries):
        os.kill(os.getpid(), signal.SIGINT)
        stopped.wait()
        return echo(body, tries)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        with serving(script) as server:
            with pytest.raises(KeyboardInterrupt):
                answer(server.url, "why?")
            stopped.set()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("status", [400, 401])
def test_the_key_is_sent_but_never_shown(monkeypatch, status):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret\n")
    with serving(always(error(status, "the key sk-very-secret may not ask this"))) as server:
        try:
            shown = str(answer(server.url, "why?"))
        except UserError as failure:
            shown = str(failure)
    assert server.headers[0]["authorization"] == "Bearer sk-very-secret"
    assert "the key *** may not ask this" in shown
    assert "very-secret" not in shown


def test_a_key_that_cannot_be_sent_is_refused(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret…")
    with pytest.raises(UserError, match=r"^OPENAI_API_KEY holds a character that no key can have"):
        answer("http://127.0.0.1:9/v1", "why?")


def test_a_server_writes_no_users_turn():
    with (
        serving(echo) as server,
        pytest.raises(UserError, match=r"^seeds magpie need generator\.engine vllm or transformers"),
    ):
        list(OpenAIGenerator(settings(server.url)).generate([request("why?")._replace(speaker="user")]))


@pytest.mark.parametrize(
    ("model", "engine"),
    [({"id": "tiny", "owned_by": "vllm"}, "openai (vllm)"), ({"id": "tiny"}, "openai")],
)
def test_the_server_is_asked_what_it_serves(model, engine):
    with serving(echo, Reply({"object": "list", "data": [model]})) as server:
        assert identify(settings(server.url)) == Ingredient("generator", "tiny", None, None, engine)
    assert server.bodies == []


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (Reply({"data": [{"id": "big"}, {"id": "huge"}]}), r"does not list tiny among its models \(big, huge\)"),
        (Reply({"data": []}), r"does not list tiny among its models \(there are none\)"),
        (Reply({"models": []}), r"does not list tiny among its models \(there are none\)"),
        (Reply([{"id": f"m{n}"} for n in range(12)]), r"does not list tiny among its models \(m0, .*, m9, …\)"),
        (Reply([None, 3, {"id": 4}, {}]), r"does not list tiny among its models \(there are none\)"),
        (error(401, "no such key"), r"gives no list of its models \(no such key \(HTTP 401\)\)"),
        (error(403, "not for you"), r"gives no list of its models \(not for you \(HTTP 403\)\)"),
        (error(404, "Not Found"), r"gives no list of its models \(Not Found \(HTTP 404\)\)"),
        (error(405, "Not Allowed"), r"gives no list of its models \(Not Allowed \(HTTP 405\)\)"),
        (Reply("<h1>It works!</h1>", headers={"Content-Type": "text/html"}), "gives no list of its models"),
        (Reply("{broken"), "gives no list of its models"),
        (Reply("null"), "gives no list of its models"),
        (Reply({"error": "Unexpected endpoint or method. (GET /models)"}), "gives no list of its models"),
    ],
)
def test_a_model_that_the_server_does_not_list_is_a_warning_and_the_first_answer_decides(models, says, caplog):
    with serving(echo, models) as server:
        assert identify(settings(server.url)) == Ingredient("generator", "tiny", None, None, "openai")
        assert answer(server.url, "why?") == {"why?": Completion("why?!", "stop", 5, 3)}
    (record,) = caplog.records
    assert re.match(f"^server {server.url} {says}: its first answer will show whether it serves tiny$", record.message)


@pytest.mark.parametrize(
    ("models", "model", "owner"),
    [
        ([{"id": "tiny", "owned_by": "me"}], "tiny", "openai (me)"),
        (["tiny"], "tiny", "openai"),
        ({"models": [{"name": "tiny", "model": "tiny"}]}, "tiny", "openai"),
        ({"data": [{"id": "org/tiny", "owned_by": {"not": "a name"}}]}, "org/tiny:fast-provider", "openai"),
        ({"data": [{"id": "tiny", "owned_by": "me"}]}, "tiny:nitro", "openai (me)"),
        ({"data": [{"id": "tiny:free"}]}, "tiny:free", "openai"),
    ],
)
def test_a_model_is_found_in_a_list_of_any_form(models, model, owner, caplog):
    with serving(echo, Reply(models)) as server:
        assert identify(settings(server.url, model=model)) == Ingredient("generator", model, None, None, owner)
    assert not caplog.records


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (error(402, "no money"), r"no money \(HTTP 402\): check what the account"),
        (error(503, "loading"), r"loading \(HTTP 503\): check the server"),
    ],
)
def test_a_server_that_fails_before_the_run_is_said(models, says):
    with serving(echo, models) as server, pytest.raises(UserError, match=f"^server {server.url}: {says}"):
        identify(settings(server.url, retries=0))


def test_an_address_with_a_query_keeps_it_and_sends_the_key_as_azure_wants_it(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with serving(echo) as server:
        url = f"{server.url}?api-version=2024-10-21&x=a%20b"
        assert identify(settings(url)).engine == "openai (vllm)"
        assert answer(url, "why?") == {"why?": Completion("why?!", "stop", 5, 3)}
    assert [parse_qs(query) for query in server.queries] == [{"api-version": ["2024-10-21"], "x": ["a b"]}] * 2
    assert server.headers[0]["api-key"] == "secret"


@pytest.mark.parametrize("name", ["key", "api_key", "API-Key", "access_token", "code", "sig"])
def test_a_key_in_an_address_is_refused_for_it_would_be_written_into_the_run(name):
    changes = {"generator.model": "tiny", "generator.server.url": f"http://127.0.0.1:9/v1?a=b&{name}=secret"}
    with pytest.raises(UserError, match=r"server\.url holds a key.*set it as OPENAI_API_KEY") as refused:
        loading.load("quickstart", changes)
    assert "secret" not in str(refused.value)


def test_the_query_of_an_address_is_not_shown():
    with serving(always(error(401, "no"))) as server, pytest.raises(ServerLost) as lost:
        answer(f"{server.url}?user=me", "why?")
    assert str(lost.value).startswith(f"server {server.url}: no (HTTP 401)")


def test_a_server_that_is_busy_is_asked_for_its_models_as_often_as_for_answers():
    with serving(echo, error(503, "loading", {"retry-after-ms": "1"})) as server:
        with pytest.raises(ServerUnavailable, match=r"loading \(HTTP 503\)"):
            identify(settings(server.url, retries=4))
        assert len(server.queries) > 4


@pytest.fixture(scope="session")
def vllm_server(chat_model, tmp_path_factory):
    """vLLM's own server for a tiny model, 64 tokens long."""
    if not find_spec("vllm"):
        pytest.skip("needs vllm")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("vllm") / "log"
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(chat_model)]
    address = ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny"]
    options = ["--dtype", "float32", "--enforce-eager", "--max-model-len", "64"]
    in_one_process = ["--distributed-executor-backend", "uni"]
    environment = os.environ | {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_NUM_OF_RESERVED_CPU": "0"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, *address, *options, *in_one_process],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        while process.poll() is None and not is_well(url):
            time.sleep(0.5)
        assert process.poll() is None, log.read_text()[-3000:]
        yield f"{url}/v1"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def is_well(url):
    try:
        return urllib.request.urlopen(f"{url}/health", timeout=5).status == 200
    except OSError:
        return False


@pytest.mark.long
def test_vllms_server_answers(vllm_server):
    assert identify(settings(vllm_server)).engine == "openai (vllm)"
    questions = ["what is the sky", "the sea", "what is the colour of the sea and of the sky", "colour"]
    results = answer(vllm_server, *questions)
    assert set(results) == set(questions)
    for result in results.values():
        assert isinstance(result, Completion)
        assert result.finish_reason == ("length" if result.completion_tokens == 12 else "stop")
        assert result.prompt_tokens > 0


@pytest.mark.long
def test_vllms_server_sets_a_long_prompt_aside_alone(vllm_server):
    long = "the sky " * 100
    results = answer(vllm_server, "the sea", long, "the sky")
    assert "64" in results[long].reason
    assert results[long].reason.endswith("(HTTP 400)")
    assert isinstance(results["the sea"], Completion)
    assert isinstance(results["the sky"], Completion)


@pytest.mark.long
def test_vllms_server_repeats_what_has_the_same_seed(vllm_server):
    generator = OpenAIGenerator(settings(vllm_server))
    requests = [request(f"the sea {n}", seed=n, repetition_penalty=1.1) for n in range(8)]
    first = dict(generator.generate(requests))
    assert first == dict(generator.generate(requests[::-1]))
    other = dict(generator.generate(one._replace(seed=one.seed + 100) for one in requests))
    assert all(first[key].text != other[key].text for key in first)


@pytest.mark.long
def test_vllms_server_knows_no_other_model(vllm_server):
    with pytest.raises(ServerLost, match=r"`other` does not exist.*\(HTTP 404\): check generator.model"):
        answer(vllm_server, "why?", model="other")
