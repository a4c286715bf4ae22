"""Replies of servers: each is a completion, a row that is set aside, or a failure with a short sentence."""

from pathlib import Path
from typing import Any

from faults import _mutations
from faults._tries import Draw, Row, Wrong, one_sentence
from sdrrl_data.generation.openai_errors import Fault
from sdrrl_data.generation.openai_replies import read
from tests.generation.server import completion, error
from tests.generation.test_openai_replies import check

GOOD: list[Any] = [
    completion("Four.").body,
    completion("Four.", "length", reasoning="2 and 2").body,
    completion(None, "content_filter", refusal="No.", tool_calls=[{"function": {"name": "f", "arguments": "{}"}}]).body,
    error(429, "Too many", code="rate_limit").body,
    {"detail": [{"loc": ["body", "messages"], "msg": "field required", "type": "value_error"}]},
    {"choices": [{"text": "Four.", "finish_reason": "stop", "delta": {"content": "4"}}], "usage": {"prompt_tokens": 1}},
]
HEADERS = ("content-type", "retry-after", "x-request-id")


def reply(draw: Draw, root: Path) -> int:
    content = _mutations.json_text(draw, draw.choice(GOOD))
    headers = {name: draw.choice(_mutations.ODD_TEXTS) for name in HEADERS if draw.random() < 0.3}
    with one_sentence():
        result = read(content, headers)
        try:
            if isinstance(result, Fault):
                assert len(result.message) < 400
                result.message.encode()
            else:
                check(result)
        except (AssertionError, UnicodeEncodeError) as problem:
            raise Wrong("tracebacks", f"{content!r}: {result} ({problem!r})") from None
    return 1


ROWS = {"replies of servers": Row(reply, 60_000, 60)}
