"""Whose fault it is that a server gives no answer: the row's, the server's, or that of something every row needs."""

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

MESSAGE_LENGTH = 300  # characters of what the server says
LONGEST_WAIT = 120  # seconds; a server that asks for more ends the run
LONGEST_TEXT = 10_000  # bytes of a reply that is not JSON
NESTED = 8  # levels of a reply that are looked through for a text

# Statuses that say nothing about the row. 424: TGI, the generation failed; 498: Groq, no capacity; 499: a proxy, the
# connection was closed; 5xx, with Cloudflare's and Anthropic's own, belong to them too.
OF_THE_SERVER = {408, 409, 423, 424, 425, 429, 498, 499}

# What to do about a status, where every request gets it.
REMEDIES = {
    400: "change the setting that it names",
    401: "set its key as OPENAI_API_KEY",
    402: "check what the account of the key in OPENAI_API_KEY may still spend",
    403: "check what the key in OPENAI_API_KEY may use",
    404: "check generator.model and generator.server.url, which often ends in /v1",
    405: "check generator.server.url, which often ends in /v1",
    422: "change the setting that it names",
}
FOR_ALL = {401, 402}  # no request can succeed, whatever it asks

_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_TEXTS = ("message", "error", "detail", "msg", "errors", "title", "reason")


class Fault(NamedTuple):
    """Why there is no answer."""

    whose: Literal["row", "server", "all"]
    message: str  # what the server says, in one line
    remedy: str = "check the server"  # what to do, where it is not the row's fault
    wait: float = 0  # seconds before it is asked again, as the server says
    retried: bool = False  # as often as the recipe says


def fault_of(error: Any) -> Fault:
    """The fault behind an error of the client.

    Args:
        error: an APIError of the package openai.
    """
    from httpx2 import ConnectError, ConnectTimeout, ProxyError, UnsupportedProtocol
    from openai import APIStatusError

    if isinstance(error, APIStatusError):
        content = error.response.content
        body = json_of(content)
        text = content[:LONGEST_TEXT].decode("utf-8", "replace") if body is None else ""
        return fault_of_status(error.status_code, body or text, error.response.headers)
    message = one_line(f"{error.message} {error.__cause__}")
    if isinstance(error.__cause__, ConnectError | ConnectTimeout | ProxyError | UnsupportedProtocol):
        return Fault("all", message, "check that it is running, and generator.server.url")
    return Fault("server", message)


def fault_of_status(status: int, body: Any, headers: Mapping[str, str]) -> Fault:
    """The fault behind an HTTP status.

    Args:
        status: 400 or above; of the reply, or named in it.
        body: what came with it: JSON as Python has it, or a text.
        headers: of the reply.
    """
    message = f"{one_line(said(body) or 'no reason given')} (HTTP {status})"
    wait = seconds_to_wait(headers)
    if _without_money(body):
        return Fault("all", message, REMEDIES[402])
    if wait > LONGEST_WAIT:
        return Fault("all", message, f"wait {wait:g} seconds, as it asks")
    if status in FOR_ALL:
        return Fault("all", message, REMEDIES[status])
    if status in OF_THE_SERVER or status >= 500:
        return Fault("server", message, wait=wait)
    return Fault("row", message, REMEDIES.get(status, "check generator.server.url and generator.model"))


def seconds_to_wait(headers: Mapping[str, str]) -> float:
    """The seconds of `Retry-After`; 0 where it is absent, or a date."""
    value = headers.get("retry-after", "").strip()
    return float(value) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII) else 0.0


def json_of(content: bytes) -> Any:
    """JSON as Python has it; None where it cannot be read."""
    try:
        return json.loads(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def said(body: Any, nested: int = NESTED) -> str:
    """The text in the body of an error, wherever a server puts it.

    OpenAI: {"error": {"message"}}; Gemini: a list of these; vLLM, SGLang: {"message"}; Ollama, LM Studio, TGI:
    {"error": text}; FastAPI: {"detail": [{"loc", "msg"}]}; Mistral: the same in "message".
    """
    if isinstance(body, str):
        return body
    if not body or not nested:
        return ""
    if isinstance(body, list):
        return "; ".join(filter(None, (said(item, nested - 1) for item in body[:3])))
    if not isinstance(body, dict):
        return str(body)
    where = body.get("loc")
    place = ".".join(str(step) for step in where if isinstance(step, str | int)) if isinstance(where, list) else ""
    text = next(filter(None, (said(body[key], nested - 1) for key in _TEXTS if key in body)), "")
    if not text:
        return json.dumps(body)
    return f"{place}: {text}" if place else text


def whole(text: str) -> str:
    """A text in which halves of characters, as JSON can hold them, are joined or replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def key() -> str:
    """The key that the server is given; "" where there is none."""
    return os.environ.get("OPENAI_API_KEY", "").strip()


def one_line(text: str) -> str:
    """A text from outside as it may be shown: short, without what steers a terminal, and without the key.

    Some servers repeat the key.
    """
    text = whole(text)
    line = _STEERING.sub("\ufffd", " ".join((text.replace(key(), "***") if key() else text).split()))
    return line if len(line) <= MESSAGE_LENGTH else line[:MESSAGE_LENGTH] + "…"


def _without_money(body: Any) -> bool:
    """Whether the account has nothing left, which OpenAI says with the status of a server that is busy."""
    error = body.get("error", body) if isinstance(body, dict) else None
    return isinstance(error, dict) and "insufficient_quota" in (error.get("code"), error.get("type"))
