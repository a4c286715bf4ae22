"""Answers from a server that speaks OpenAI's chat-completions protocol: vLLM's own, or any other."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from importlib.util import find_spec
from itertools import islice
from queue import SimpleQueue
from typing import Any, NamedTuple

from sdrrl_data.errors import NotInstalled, RecipeError, UserError
from sdrrl_data.generation import openai_models
from sdrrl_data.generation.openai_client import options, shown
from sdrrl_data.generation.openai_doubts import Doubts
from sdrrl_data.generation.openai_errors import Fault, fault_of
from sdrrl_data.generation.openai_replies import read
from sdrrl_data.generation.openai_request import RequestBody
from sdrrl_data.processes.child_process import let_ctrl_c_through
from sdrrl_data.protocols import Completion, Ingredient, Request, SetAside
from sdrrl_data.recipe import GeneratorConfig, GeneratorEngine

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds before a request is asked again, unless the server says how many
HARMLESS = "Hello"  # a question that no server has a reason to refuse


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
        return openai_models.identify(settings)

    def open(self, settings: GeneratorConfig) -> "OpenAIGenerator":
        """The generator; the server is asked when there is something to answer."""
        return OpenAIGenerator(settings)


class _Answer(NamedTuple):
    key: str
    result: Completion | SetAside | Fault


class OpenAIGenerator:
    """Keeps as many requests under way as the recipe allows, and gives each result when it comes.

    The client retries by itself, with exponential back-off or as the server's Retry-After says; so does this class
    where a failure comes with status 200. Whether a prompt fits is for the server to say, which alone can count its
    tokens. vLLM takes a template of the recipe's only if started with --trust-request-chat-template.
    """

    def __init__(self, settings: GeneratorConfig) -> None:
        assert settings.server, "an engine openai without a server is refused where it is chosen"
        self._server = settings.server
        self._options = options(self._server, self._server.timeout)
        self._body = RequestBody(settings)

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        """Each result under its request's key, as soon as it is certain whose fault it is where there is no answer.

        Raises:
            ServerLost: no request can succeed: the server cannot be reached, refuses the key, has no such model, or
                refuses a setting.
            UserError: a request is for the user's turn, which a server does not write.
        """
        from anyio.from_thread import start_blocking_portal
        from openai import AsyncOpenAI

        waiting = iter(requests)
        under_way = 0
        latest: Request | None = None
        finished: SimpleQueue[Future[_Answer]] = SimpleQueue()
        let_ctrl_c_through()
        # Whatever ends this block early (an error, Ctrl-C, a caller who stops) cancels what is under way.
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(AsyncOpenAI(**self._options)) as client,
        ):

            def test() -> Completion | SetAside | Fault:
                assert latest
                harmless = latest._replace(messages=[{"role": "user", "content": HARMLESS}])
                answer: _Answer = portal.call(self._answer, client, harmless)
                return answer.result

            doubts = Doubts(f"server {shown(self._server)}", test)
            while True:
                for request in islice(waiting, self._server.concurrency - under_way):
                    latest = request
                    portal.start_task_soon(self._answer, client, request).add_done_callback(finished.put)
                    under_way += 1
                if not under_way:
                    break
                answer = finished.get().result()
                under_way -= 1
                yield from doubts.settle(*answer)
            yield from doubts.settle_rest()

    def close(self) -> None:
        """Nothing outlives `generate`."""

    async def _answer(self, client: Any, request: Request) -> _Answer:
        from anyio import sleep

        retries = 0
        while True:
            body = self._body.of(request)
            result = await _ask(client, body)
            if not isinstance(result, Fault):
                break
            if result.whose == "row" and self._body.adapted(body, result.message):
                continue
            if result.whose != "server" or result.retried or retries == self._server.retries:
                break
            await sleep(max(result.wait, min(FIRST_PAUSE * 2**retries, LONGEST_PAUSE)))
            retries += 1
        return _Answer(request.key, result)


async def _ask(client: Any, body: dict[str, Any]) -> Completion | SetAside | Fault:
    from httpx2 import Response
    from openai import APIError

    try:
        response = await client.post("/chat/completions", body=body, cast_to=Response)
    except APIError as error:
        return fault_of(error)._replace(retried=True)
    except (ValueError, LookupError) as error:  # the client reads a refusal in a character set that does not exist
        return Fault("server", f"the reply cannot be read ({type(error).__name__})")
    return read(response.content, response.headers)
