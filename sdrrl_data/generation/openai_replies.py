"""What is in a reply of a server, in whatever of the many forms it has it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sdrrl_data.chat import thinking
from sdrrl_data.generation.openai_errors import (
    LONGEST_TEXT,
    NESTED,
    Fault,
    fault_of_status,
    json_of,
    one_line,
    said,
    whole,
)
from sdrrl_data.protocols import Completion, SetAside

# How servers say that the model ended by itself: TGI and watsonx eos_token, Together eos, Anthropic end_turn and
# stop_sequence, Cohere COMPLETE, LM Studio eosFound and stopStringFound.
STOPS = {
    *("stop", "eos_token", "eos", "end_turn", "stop_sequence", "stop_token", "complete", "completed", "end", ""),
    *("eosfound", "stopstringfound"),
}
# And that it was cut: Anthropic and Gemini max_tokens, Mistral model_length, llama.cpp limit.
CUTS = {
    *("length", "max_tokens", "model_length", "max_length", "max_output_tokens", "max_completion_tokens", "limit"),
    *("token_limit", "model_context_window_exceeded", "maxpredictedtokensreached", "contextlengthreached"),
}
# And that it was itself that failed: OpenRouter error, vLLM and SGLang abort, Cohere ERROR, Ollama load.
FAILURES = {"error", "abort", "aborted", "cancelled", "canceled", "timeout", "load", "insufficient_system_resource"}

_CONTENT = ("text", "content", "parts", "value", "output_text", "refusal")  # where a part of a message has its text
_REASONING = ("reasoning_content", "reasoning", "thinking", "thinking_blocks", "reasoning_details")
_THOUGHTS = ("text", "content", "thinking", "summary", "reasoning", "parts", "value")
_THINKING_TYPES = {"thinking", "reasoning", "reasoning_content", "thought", "redacted_thinking"}
_MOST_TOKENS = 2**31 - 1  # that a table can hold


def read(content: bytes, headers: Mapping[str, str]) -> Completion | SetAside | Fault:
    """The answer in a reply with status 200, or why there is none.

    Args:
        content: of the reply.
        headers: of the reply.
    """
    reply = json_of(content)
    if reply is None:
        shown = one_line(content[:LONGEST_TEXT].decode("utf-8", "replace"))
        return Fault("server", f"no JSON: {shown}" if shown else "an empty reply")
    if isinstance(reply, list) and reply and isinstance(reply[0], dict):
        reply = reply[0]  # Gemini's errors
    if not isinstance(reply, dict):
        return Fault("server", f"no answer: {one_line(said(reply) or json.dumps(reply))}")
    choice = _first_choice(reply)
    error = reply.get("error") or (choice.get("error") if choice else None)
    if error or reply.get("object") == "error":
        return _fault(error or reply, reply, headers)
    if choice is None:
        return Fault("server", f"no answer: {one_line(said(reply) or json.dumps(reply))}")
    return _completion(choice, reply)


def _fault(error: Any, reply: Mapping[str, Any], headers: Mapping[str, str]) -> Fault:
    """An error that comes with status 200: its own status, where it has one, says whose fault it is."""
    for holder in (error, reply):
        if isinstance(holder, dict):
            for name in ("code", "status", "status_code", "http_status"):
                status = _number(holder.get(name))
                if status and 400 <= status < 600:
                    return fault_of_status(status, {"error": error}, headers)
    fault = fault_of_status(500, {"error": error}, headers)
    return fault._replace(message=one_line(said(error) or "no reason given"))


def _completion(choice: Mapping[str, Any], reply: Mapping[str, Any]) -> Completion | SetAside | Fault:
    message = next((choice[name] for name in ("message", "delta") if isinstance(choice.get(name), dict | str)), "")
    text, thoughts = _text_and_thoughts({"content": message} if isinstance(message, str) else message, choice)
    prompt_tokens, completion_tokens = _tokens(reply)
    ended = choice.get("finish_reason") or ""
    reason = ended.lower().rpartition(".")[2] if isinstance(ended, str) else str(said(ended))
    if reason in FAILURES:
        return Fault("server", f"finish_reason {one_line(reason)}")
    if not text and not thoughts and (not reason or completion_tokens == 0):
        return Fault("server", "no answer: neither text nor tokens")
    if reason not in STOPS | CUTS:
        return SetAside(f"the server ended the answer with finish_reason {one_line(reason)}")
    if thoughts:
        reasoning: str | None = thoughts.strip()
        text = text.strip()
    else:
        # Where the prompt opens the section, a server without a parser for it sends only the marker that closes it.
        reasoning, text = thinking.split(text, inside="</think>" in text and "<think>" not in text)
    return Completion(
        text=text,
        finish_reason="length" if reason in CUTS else "stop",
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        reasoning=reasoning,
    )


def _first_choice(reply: Mapping[str, Any]) -> Mapping[str, Any] | None:
    choices = reply.get("choices")
    candidates = choices if isinstance(choices, list) else [choices]
    return next((choice for choice in candidates if isinstance(choice, dict)), None)


def _text_and_thoughts(message: Mapping[str, Any], choice: Mapping[str, Any]) -> tuple[str, str]:
    """The answer, and the reasoning before it, of a message."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    text = "".join(chain for part in parts if not _is_thought(part) for chain in _texts(part, _CONTENT))
    if not text:
        others = (message.get("text"), message.get("refusal"), choice.get("text"))
        text = next((other for other in others if isinstance(other, str) and other), "")
    thoughts = next(
        (joined for name in _REASONING if (joined := "".join(_texts(message.get(name), _THOUGHTS)))),
        "".join(thought for part in parts if _is_thought(part) for thought in _texts(part, _THOUGHTS)),
    )
    return whole(text), whole(thoughts)


def _is_thought(part: Any) -> bool:
    """Whether a part of a message is reasoning, as Mistral and Anthropic mark it."""
    return isinstance(part, dict) and (
        part.get("thought") is True or (isinstance(part.get("type"), str) and part["type"] in _THINKING_TYPES)
    )


def _texts(value: Any, names: tuple[str, ...], nested: int = NESTED) -> Iterator[str]:
    """The texts in a text, a list of parts, or an object that has its text under one of these names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and nested:
        for item in value:
            yield from _texts(item, names, nested - 1)
    elif isinstance(value, dict) and nested:
        texts = (list(_texts(value.get(name), names, nested - 1)) for name in names)
        yield from next((texts_of_name for texts_of_name in texts if any(texts_of_name)), [])


def _tokens(reply: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The tokens of prompt and answer; None where the server does not say."""
    usage = reply.get("usage")
    if not isinstance(usage, dict):
        return None, None
    counts = (_number(usage.get(name)) for name in ("prompt_tokens", "completion_tokens"))
    prompt_tokens, completion_tokens = (
        count if count is not None and 0 <= count <= _MOST_TOKENS else None for count in counts
    )
    return prompt_tokens, completion_tokens


def _number(value: Any) -> int | None:
    """A whole number, which some servers write as a text or with a point."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 2**53:
        return None
    return int(value) if value == int(value) else None
