"""What real servers send, and what is kept of it."""

import json
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sdrrl_data import recipe
from sdrrl_data.errors import ServerLost
from sdrrl_data.generation.openai import OpenAIGenerator
from sdrrl_data.generation.openai_errors import Fault
from sdrrl_data.generation.openai_replies import read
from sdrrl_data.protocols import Completion, Message, Request, Sampling, SetAside
from tests.generation.server import ChatServer, Reply, completion

SAMPLING = Sampling(temperature=1.0, top_p=1.0, repetition_penalty=1.0, max_tokens=12)
STOP = Completion("4", "stop", 5, 3)
THOUGHT = Completion("4", "stop", 5, 3, "2 and 2")


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def serving(script):
    server = ChatServer(script)
    try:
        yield server
    finally:
        server.stop()


def answer(url, *questions, retries=0):
    server = recipe.ServerConfig(url=url, concurrency=4, retries=retries)
    generator = OpenAIGenerator(recipe.GeneratorConfig(model="tiny", engine="openai", server=server))
    return dict(
        generator.generate(
            Request(question, [Message(role="user", content=question)], 1, SAMPLING) for question in questions
        )
    )


def kept(reply):
    """What becomes of the one row that a server answers so; other rows it answers well."""

    def script(body, tries):
        return reply if body["messages"][-1]["content"] == "why?" else completion("fine")

    with serving(script) as server:
        return answer(server.url, "why?", "other")["why?"]


def choice(**fields):
    """A reply of which one choice has these fields."""
    return Reply(completion("4").body | {"choices": [completion("4").body["choices"][0] | fields]})


def failed(reason):
    return SetAside(f"the server failed: {reason}", again=True)


def refused(reason):
    return SetAside(f"the server refuses it: {reason}")


@pytest.mark.parametrize(
    "reason",
    [
        *("stop", "eos_token", "end_turn", "stop_sequence", "eos", None),
        *("COMPLETE", "STOP", "FinishReason.STOP", "eosFound", "", ["stop"]),
    ],
)
def test_what_is_a_stop(reason):
    assert kept(completion("4", reason)) == STOP


def test_a_reply_without_finish_reason_is_a_stop():
    fields = completion("4").body["choices"][0]
    del fields["finish_reason"]
    assert kept(Reply(completion("4").body | {"choices": [fields]})) == STOP


@pytest.mark.parametrize("reason", ["length", "max_tokens", "model_length", "MAX_TOKENS", "limit", "max_output_tokens"])
def test_what_is_cut(reason):
    assert kept(completion("4", reason)) == Completion("4", "length", 5, 3)


@pytest.mark.parametrize("reason", ["content_filter", "SAFETY", "recitation", "refusal", "tool_calls", "function_call"])
def test_an_answer_that_was_withheld_is_set_aside_for_good(reason):
    assert kept(completion("4", reason)) == SetAside(f"the server ended the answer with finish_reason {reason.lower()}")


@pytest.mark.parametrize("reason", [["stop", "stop"], {"type": "stop"}, 7, True])
def test_a_finish_reason_that_is_no_text_sets_the_row_aside(reason):
    assert kept(completion("4", reason)).reason.startswith("the server ended the answer with finish_reason ")


@pytest.mark.parametrize("reason", ["error", "abort", "insufficient_system_resource", "ERROR"])
def test_an_answer_that_the_server_broke_off_is_asked_for_again(reason):
    assert kept(completion("4", reason)) == failed(f"finish_reason {reason.lower()}")


@pytest.mark.parametrize(
    ("content", "result"),
    [
        ([{"type": "text", "text": "4"}], STOP),
        ([{"type": "text", "text": "2 + 2 "}, {"type": "text", "text": "= 4"}], STOP._replace(text="2 + 2 = 4")),
        (["2 + 2 ", "= 4"], STOP._replace(text="2 + 2 = 4")),
        ({"type": "text", "text": "4"}, STOP),
        ({"parts": [{"text": "4"}]}, STOP),
        ([{"parts": [{"text": "4"}], "role": "model"}], STOP),
        ([{"type": "text", "text": {"value": "4", "annotations": []}}], STOP),
        ([{"type": "output_text", "text": "4"}, {"type": "image_url", "image_url": {"url": "x"}}], STOP),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "2 and 2"}]}, {"type": "text", "text": "4"}],
            THOUGHT,
        ),
        ([{"type": "thinking", "thinking": "2 and 2", "signature": "abc"}, {"type": "text", "text": "4"}], THOUGHT),
        ({"parts": [{"text": "2 and 2", "thought": True}]}, STOP._replace(text="2 and 2")),
        ([{"text": "2 and 2", "thought": True}, {"text": "4"}], THOUGHT),
        (None, STOP._replace(text="")),
        ([], STOP._replace(text="")),
        ({}, STOP._replace(text="")),
        (4, STOP._replace(text="")),
    ],
)
def test_the_forms_of_content(content, result):
    assert kept(completion(content)) == result


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "2 and 2"},
        {"reasoning": "2 and 2"},
        {"reasoning": ["2 ", "and 2"]},
        {"reasoning": [{"type": "text", "text": "2 and 2"}]},
        {"reasoning": {"content": "2 and 2"}},
        {"reasoning": {"text": "2 and 2", "tokens": 3}},
        {"reasoning": {"summary": [{"type": "summary_text", "text": "2 and 2"}]}},
        {"reasoning": None, "reasoning_details": [{"type": "reasoning.text", "text": "2 and 2", "signature": None}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}, {"summary": "2 and 2"}]},
        {"thinking": "2 and 2"},
        {"thinking_blocks": [{"type": "thinking", "thinking": "2 and 2", "signature": "abc"}]},
        {"reasoning_content": "", "reasoning": "2 and 2"},
    ],
)
def test_the_forms_of_reasoning(fields):
    assert kept(completion("4", **fields)) == THOUGHT


@pytest.mark.parametrize("fields", [{"reasoning": 7}, {"reasoning": {}}, {"reasoning": [None]}, {"thinking": True}])
def test_reasoning_that_holds_no_text_is_none(fields):
    assert kept(completion("4", **fields)) == STOP


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Reply(completion("4").body | {"choices": [None, *completion("4").body["choices"]]}), STOP),
        (Reply(completion("4").body | {"choices": completion("4").body["choices"][0]}), STOP),
        (choice(message="4"), STOP),
        (choice(message=None, delta={"content": "4"}), STOP),
        (choice(message=None, text="4"), STOP),
        (choice(message={"role": "assistant", "content": None, "refusal": "4"}), STOP),
        (Reply(json.dumps(completion("4").body), headers={"Content-Type": "text/html; charset=nonsense"}), STOP),
        (Reply(b"\n\n   " + json.dumps(completion("4").body).encode()), STOP),  # OpenRouter keeps the line open so
        (Reply(completion("4").body | {"error": None}), STOP),
    ],
)
def test_there_is_text_where_there_is_text(reply, result):
    assert kept(reply) == result


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (None, (None, None)),
        ([1], (None, None)),
        ({"prompt_tokens": "5", "completion_tokens": 3.0}, (5, 3)),
        ({"prompt_tokens": -1, "completion_tokens": 2**31}, (None, None)),
        ({"prompt_tokens": True, "completion_tokens": {"text": 3}}, (None, None)),
        ({"prompt_tokens": 1e400, "completion_tokens": float("nan")}, (None, None)),
        ({"prompt_tokens": 1e300, "completion_tokens": 0.5}, (None, None)),
    ],
)
def test_the_forms_of_usage(usage, counts):
    assert kept(Reply(completion("4").body | {"usage": usage})) == Completion("4", "stop", *counts)


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        # OpenRouter: its provider failed, after the status was sent.
        (
            Reply({"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "Too Many"}}}),
            failed("Provider returned error (HTTP 429)"),
        ),
        (
            Reply({"id": None, "choices": None, "error": {"message": "Bad gateway", "code": 502}}),
            failed("Bad gateway (HTTP 502)"),
        ),
        (choice(error={"code": 502, "message": "Upstream"}, finish_reason="error"), failed("Upstream (HTTP 502)")),
        (Reply({"error": {"message": "flagged", "code": 403}}), refused("flagged (HTTP 403)")),
        (Reply({"error": {"message": "too long", "code": "400"}}), refused("too long (HTTP 400)")),
        # Gemini
        (
            Reply([{"error": {"code": 429, "message": "exhausted", "status": "RESOURCE_EXHAUSTED"}}]),
            failed("exhausted (HTTP 429)"),
        ),
        (
            Reply([{"error": {"code": 400, "message": "bad", "status": "INVALID_ARGUMENT"}}], 400),
            refused("bad (HTTP 400)"),
        ),
        # LM Studio, Ollama, TGI
        (Reply({"error": "Unexpected endpoint"}), failed("Unexpected endpoint")),
        (
            Reply({"error": "Model is overloaded", "error_type": "overloaded"}, 429),
            failed("Model is overloaded (HTTP 429)"),
        ),
        (
            Reply({"error": "failed during generation", "error_type": "generation"}, 424),
            failed("failed during generation (HTTP 424)"),
        ),
        (Reply({"error": "inputs too long", "error_type": "validation"}, 422), refused("inputs too long (HTTP 422)")),
        # SGLang, vLLM
        (
            Reply({"object": "error", "message": "too long", "type": "BadRequestError", "param": None, "code": 400}),
            refused("too long (HTTP 400)"),
        ),
        # FastAPI, Mistral
        (
            Reply({"detail": [{"type": "missing", "loc": ["body", "model"], "msg": "Field required"}]}, 422),
            refused("body.model: Field required (HTTP 422)"),
        ),
        (Reply({"detail": "Not Found"}, 404), refused("Not Found (HTTP 404)")),
        # Groq, Cloudflare, Anthropic, nginx
        (Reply({"error": {"message": "no capacity"}}, 498), failed("no capacity (HTTP 498)")),
        (Reply("error code: 524", 524), failed("error code: 524 (HTTP 524)")),
        (
            Reply({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, 529),
            failed("Overloaded (HTTP 529)"),
        ),
        (
            Reply("<html>413 Request Entity Too Large</html>", 413),
            refused("<html>413 Request Entity Too Large</html> (HTTP 413)"),
        ),
        # a proxy that lost its upstream, Ollama's cloud, LMDeploy after an abort
        (Reply({"choices": None}), failed('no answer: {"choices": null}')),
        (Reply({"choices": [None]}), failed('no answer: {"choices": [null]}')),
        (
            Reply(completion(None).body | {"usage": {"prompt_tokens": 0, "completion_tokens": 0}}),
            failed("no answer: neither text nor tokens"),
        ),
        (completion(None, None), failed("no answer: neither text nor tokens")),
        (completion("", ""), failed("no answer: neither text nor tokens")),
        (Reply({"choices": [{}]}), failed("no answer: neither text nor tokens")),
        (Reply({"choices": []}), failed('no answer: {"choices": []}')),
        (Reply({"message": "gateway is starting"}), failed("no answer: gateway is starting")),
        (Reply(""), failed("an empty reply")),
        (Reply("null"), failed("no JSON: null")),
        (Reply("7"), failed("no answer: 7")),
        (Reply("[]"), failed("no answer: []")),
        (Reply("[" * 100_000), failed("no JSON: " + "[" * 300 + "…")),
        (Reply('{"choices": ' + "9" * 5000 + "}"), failed('no JSON: {"choices": ' + "9" * 288 + "…")),
        (
            Reply("data: {}\n\ndata: [DONE]", headers={"Content-Type": "text/event-stream"}),
            failed("no JSON: data: {} data: [DONE]"),
        ),
        (Reply("\x1b[2J\u202eboom", 500), failed("\ufffd[2J\ufffdboom (HTTP 500)")),
        (Reply({"error": {"message": "half \ud800"}}, 400), refused("half \ufffd (HTTP 400)")),
        (Reply(b"\xff\xfe", 500), failed("\ufffd\ufffd (HTTP 500)")),
        (
            Reply("oops", 400, {"Content-Type": "text/plain; charset=undefined"}),
            failed("the reply cannot be read (UnicodeError)"),
        ),
        (
            Reply("not gzip", 200, {"Content-Encoding": "gzip"}),
            failed("Connection error. Error -3 while decompressing data: incorrect header check"),
        ),
    ],
)
def test_whose_fault_it_is(reply, result):
    assert kept(reply) == result


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"error": {"message": "Too Many Requests", "code": 429}}),
        Reply({"error": {"message": "Bad gateway", "code": 502}}),
        Reply({"choices": None}),
        completion("4", "error"),
        Reply(""),
    ],
)
def test_a_failure_with_status_200_is_tried_again(reply):
    with serving(lambda body, tries: completion("4") if tries else reply) as server:
        assert answer(server.url, "why?", retries=1) == {"why?": STOP}
    with serving(lambda body, tries: reply) as server:
        assert answer(server.url, "why?", retries=1)["why?"].again
    assert len(server.bodies) == 2


def test_a_reply_that_asks_to_wait_for_hours_ends_the_run():
    reply = Reply({"error": {"message": "free-models-per-day", "code": 429}}, headers={"Retry-After": "80000"})
    with (
        serving(lambda body, tries: reply) as server,
        pytest.raises(ServerLost, match="wait 80000 seconds, as it asks"),
    ):
        answer(server.url, "why?", retries=3)
    assert len(server.bodies) == 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["stop", "length", "4", "429"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("choices", "message", "content", "text", "finish_reason", "reasoning", "usage", "error", "code"),
                    *("type", "prompt_tokens", "completion_tokens", "delta", "parts", "detail", "loc", "msg", "object"),
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
LIKE_A_COMPLETION = st.fixed_dictionaries(
    {
        "choices": st.lists(
            st.fixed_dictionaries(
                {
                    "message": st.fixed_dictionaries({"content": JSON, "reasoning": JSON}) | JSON,
                    "finish_reason": st.sampled_from(["stop", "length", None]) | JSON,
                }
            )
            | JSON,
            max_size=2,
        ),
        "usage": st.fixed_dictionaries({"prompt_tokens": JSON, "completion_tokens": JSON}) | JSON,
    }
)


@pytest.fixture(scope="module")
def scripted():
    """A server whose next replies a test puts into a list."""
    replies = []
    with serving(lambda body, tries: replies[0]) as server:
        yield server, replies


STATUSES = st.sampled_from([200, 200, 200, 400, 401, 404, 418, 429, 500])
WAITS = st.sampled_from(["0", "x", "²", "1e9", "999999999999", "-1"])


@given(body=JSON | LIKE_A_COMPLETION, status=STATUSES, wait=WAITS)
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_reply_of_a_server_is_a_completion_a_row_set_aside_or_one_sentence(scripted, body, status, wait):
    server, replies = scripted
    replies[:] = [Reply(json.dumps(body), status, {"Retry-After": wait})]
    sentence = ""
    try:
        (result,) = answer(server.url, "why?").values()
    except ServerLost as lost:
        sentence = str(lost)
    if sentence:
        assert sentence.startswith(f"server {server.url}")
        assert "\n" not in sentence
    else:
        check(result)


@given(body=JSON | LIKE_A_COMPLETION)
@hypothesis_settings(max_examples=500, deadline=None)
def test_any_json_is_read(body):
    result = read(json.dumps(body).encode(), {})
    if isinstance(result, Fault):
        assert len(result.message) < 400
        result.message.encode()
    else:
        check(result)


def check(result):
    """That a table can hold it."""
    if isinstance(result, Completion):
        assert result.finish_reason in ("stop", "length")
        assert isinstance(result.text, str)
        result.text.encode()
        (result.reasoning or "").encode()
        assert all(count is None or 0 <= count < 2**31 for count in result[2:4])
    else:
        assert isinstance(result, SetAside)
        assert len(result.reason) < 400
        result.reason.encode()
