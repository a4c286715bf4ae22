"""Answers from a server that speaks OpenAI's chat-completions protocol: vLLM's own, or any other."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from importlib.util import find_spec
from itertools import islice
from json import JSONDecodeError
from queue import SimpleQueue
from typing import Any, NamedTuple

from sdrrl_data.chat import thinking
from sdrrl_data.errors import NotInstalled, RecipeError, ServerLost, ServerUnavailable, UserError
from sdrrl_data.processes.child_process import let_ctrl_c_through
from sdrrl_data.protocols import Completion, Ingredient, Request, SetAside
from sdrrl_data.recipe import GeneratorConfig, GeneratorEngine, ServerConfig

CONNECT_TIMEOUT = 10.0  # seconds; a server that is there accepts at once, however long its answers take
LIST_TIMEOUT = 30.0  # seconds for the list of its models
LONGEST_WAIT = 120  # seconds; the client does not retry where Retry-After asks for more
MESSAGE_LENGTH = 300  # characters of what the server says
MOST_FAILURES = 16  # one after the other, each after all its retries: then the server is not well

# A request that is answered with one of these would be so whatever it asks.
REMEDIES = {
    401: "set its key as OPENAI_API_KEY",
    402: "check what the account of the key in OPENAI_API_KEY may still spend",
    403: "check what the key in OPENAI_API_KEY may use",
    404: "check generator.model and generator.server.url, which often ends in /v1",
}


class OpenAIEngine(GeneratorEngine):
    """A server that speaks OpenAI's chat-completions protocol."""

    kind = "openai"
    order = 1  # where there is a server, it is meant
    extra = "openai"

    def takes(self, settings: GeneratorConfig) -> bool:
        """Whether there is a server."""
        return settings.server is not None

    def missing(self, settings: GeneratorConfig) -> UserError | None:
        """A server, or its client."""
        if not settings.server:
            return RecipeError("generator.engine openai needs a server: --set generator.server.url=http://HOST:PORT/v1")
        if not find_spec("openai"):
            return NotInstalled("a generator on a server needs its client: pip install 'sdrrl-data[openai]'", "openai")
        return None

    def identify(self, settings: GeneratorConfig) -> Ingredient:
        """The model, by the server's own list."""
        return identify(settings)

    def open(self, settings: GeneratorConfig) -> "OpenAIGenerator":
        """The generator; the server is asked when there is something to answer."""
        return OpenAIGenerator(settings)


def identify(settings: GeneratorConfig) -> Ingredient:
    """What would answer, by the server's own list of its models.

    Raises:
        UserError: the server cannot be reached, refuses, or does not serve the model.
    """
    from openai import APIError, OpenAI

    server = settings.server
    assert server, "an engine openai without a server is refused where it is chosen"
    with OpenAI(**_options(server, min(server.timeout, LIST_TIMEOUT))) as client:
        try:
            listed: Any = client.get("/models", cast_to=object)
            owners = {model["id"]: model.get("owned_by") for model in listed["data"]}
        except APIError as error:
            remedy = _remedy(error) or "try again when it is well"
            raise ServerUnavailable(f"server {server.url}: {_message(error)}: {remedy}") from None
        except (JSONDecodeError, TypeError, KeyError):
            raise ServerUnavailable(f"server {server.url} gives no list of models: {REMEDIES[404]}") from None
    if settings.model not in owners:
        names = _one_line(", ".join(owners) or "no model")
        raise ServerUnavailable(f"server {server.url} does not serve {settings.model} but {names}: set generator.model")
    owner = owners[settings.model]
    return Ingredient("generator", settings.model, None, None, f"openai ({owner})" if owner else "openai")


class _Answer(NamedTuple):
    key: str
    result: Completion | SetAside
    failure: str | None = None  # that may be the server's, whatever it is asked


class OpenAIGenerator:
    """Keeps as many requests under way as the recipe allows, and gives each result when it comes.

    The client retries by itself, with exponential back-off or as the server's Retry-After says. Whether a prompt fits
    is for the server to say, which alone can count its tokens. vLLM takes a template of the recipe's only if started
    with --trust-request-chat-template.
    """

    def __init__(self, settings: GeneratorConfig) -> None:
        assert settings.server, "an engine openai without a server is refused where it is chosen"
        self._settings = settings
        self._server = settings.server
        self._options = _options(self._server, self._server.timeout)

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        """Each result under its request's key, as soon as it is there.

        Raises:
            Stopped: no request can succeed: the server cannot be reached, refuses the key or has no such model.
            UserError: a request wants the user's turn, which a server does not write.
        """
        from anyio.from_thread import start_blocking_portal
        from openai import AsyncOpenAI

        waiting = iter(requests)
        under_way = 0
        finished: SimpleQueue[Future[_Answer]] = SimpleQueue()
        let_ctrl_c_through()
        failures: list[_Answer] = []  # the rows' own, if the next request succeeds; else the server's
        # Whatever ends this block early (an error, Ctrl-C, a caller who stops) cancels what is under way.
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(AsyncOpenAI(**self._options)) as client,
        ):
            while True:
                for request in islice(waiting, self._server.concurrency - under_way):
                    portal.start_task_soon(self._answer, client, request).add_done_callback(finished.put)
                    under_way += 1
                if not under_way:
                    break
                answer = finished.get().result()
                under_way -= 1
                failures.append(answer)
                if not answer.failure:
                    yield from (failure[:2] for failure in failures)
                    failures = []
                elif len(failures) == MOST_FAILURES:
                    raise ServerLost(
                        f"server {self._server.url} failed {MOST_FAILURES} requests in a row ({answer.failure}): "
                        "see what ails it, then run again; finished rows are kept"
                    )
        yield from (failure[:2] for failure in failures)

    def close(self) -> None:
        """Nothing outlives `generate`."""

    async def _answer(self, client: Any, request: Request) -> "_Answer":
        from openai import APIError, BadRequestError, UnprocessableEntityError

        try:
            answer = await client.chat.completions.create(**self._body(request))
        except JSONDecodeError:
            return _Answer(request.key, SetAside("the server failed: no JSON"), failure="no JSON")
        except (BadRequestError, UnprocessableEntityError) as error:
            return _Answer(request.key, SetAside(f"the server refuses it: {_message(error)}"))
        except APIError as error:
            message, remedy = _message(error), _remedy(error)
            if remedy is None:
                return _Answer(request.key, SetAside(f"the server failed: {message}"), failure=message)
            raise ServerLost(
                f"server {self._server.url}: {message}: {remedy}, then run again; finished rows are kept"
            ) from None
        return _Answer(request.key, _result(answer))

    def _body(self, request: Request) -> dict[str, Any]:
        if request.speaker == "user":
            raise RecipeError(
                "seeds magpie need generator.engine vllm or transformers: a server does not write the user's turn"
            )
        sampling = request.sampling
        body = {
            "model": self._settings.model,
            "messages": list(request.messages),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": request.seed,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        extra: dict[str, Any] = {}  # what is not OpenAI's, but known to vLLM and others
        if sampling.repetition_penalty != 1:
            extra["repetition_penalty"] = sampling.repetition_penalty
        if self._settings.template is not None:
            extra["chat_template"] = self._settings.template
        if self._settings.template_options:
            extra["chat_template_kwargs"] = self._settings.template_options
        return body | {"extra_body": extra}


def _options(server: ServerConfig, timeout: float) -> dict[str, Any]:
    """The arguments of a client. Its time-out is for each try, not for all of them."""
    from openai import Timeout

    key = _key()
    if not (key.isascii() and key.isprintable()):
        raise UserError("OPENAI_API_KEY holds a character that no key can have: set it anew")
    return {
        "base_url": server.url,
        "api_key": key or "none",  # the client wants one, whether the server does or not
        "timeout": Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
        "max_retries": server.retries,
    }


def _key() -> str:
    return os.environ.get("OPENAI_API_KEY", "").strip()


def _result(answer: Any) -> Completion | SetAside:
    choices = getattr(answer, "choices", None)  # what is no completion comes as it is: text, or a record without any
    if not choices:
        return SetAside(f"the server gave no answer: {_one_line(str(answer))}")
    message, reason, usage = choices[0].message, choices[0].finish_reason, answer.usage
    if reason not in ("stop", "length"):
        return SetAside(f"the server ended the answer with finish_reason {reason}")
    text = _whole(message.content or "")
    reasoning = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    if reasoning:
        reasoning, text = _whole(reasoning).strip(), text.strip()
    else:
        # Where the prompt opens the section, a server without a parser for it sends only the marker that closes it.
        reasoning, text = thinking.split(text, inside="</think>" in text and "<think>" not in text)
    return Completion(
        text=text,
        finish_reason=reason,
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        reasoning=reasoning,
    )


def _whole(text: str) -> str:
    """A text in which halves of characters, as JSON can hold them, are joined or replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _remedy(error: Any) -> str | None:
    """What to do where no request could succeed; None where this one alone may have failed.

    Args:
        error: an APIError of the client.
    """
    from httpx2 import ConnectError, ConnectTimeout, ProxyError, UnsupportedProtocol
    from openai import APIStatusError

    if not isinstance(error, APIStatusError):
        unreachable = isinstance(error.__cause__, ConnectError | ConnectTimeout | ProxyError | UnsupportedProtocol)
        return "check that it is running, and generator.server.url" if unreachable else None
    if error.code == "insufficient_quota":
        return REMEDIES[402]
    wait = error.response.headers.get("retry-after", "")
    if wait.isdecimal() and int(wait) > LONGEST_WAIT:
        return f"wait {wait} seconds, as it asks"
    return REMEDIES.get(error.status_code)


def _message(error: Any) -> str:
    """What the server said, or how it was silent, in one line.

    Args:
        error: an APIError of the client.
    """
    from openai import APIStatusError

    if isinstance(error, APIStatusError):
        said = error.body.get("message", error.body) if isinstance(error.body, dict) else error.body
        return f"{_one_line(str(said or 'no reason given'))} (HTTP {error.status_code})"
    return _one_line(f"{error.message} {error.__cause__}")


def _one_line(text: str) -> str:
    """A text from outside as it may be shown: short, and without the key, which some servers repeat."""
    key = _key()
    line = " ".join((text.replace(key, "***") if key else text).split())
    return line if len(line) <= MESSAGE_LENGTH else line[:MESSAGE_LENGTH] + "…"
