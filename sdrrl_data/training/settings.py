"""How a model is trained: data only."""

from typing import Annotated, Any, Literal

from pydantic import Field

from sdrrl_data.recipe import Config, Model, Shapeless, TakenIn
from sdrrl_data.recipe.config import Positive


class Lora(Config):
    """A low-rank adapter (Hu et al. 2021, https://arxiv.org/abs/2106.09685)."""

    rank: Positive = 16
    alpha: Positive = 32  # the adapter's output is scaled by alpha / rank
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    targets: Literal["all-linear"] | Annotated[tuple[str, ...], Field(min_length=1)] = "all-linear"


class Replay(Config):
    """Rows in the rich language alone, so that the model keeps what it has there."""

    share: Annotated[float, Field(gt=0, lt=1)]  # of the rows of each epoch
    # Where they are from; None: the set's own answers to source questions in the source.
    dataset: Annotated[str | None, Model()] = None
    config: str | None = None  # of that dataset
    revision: Annotated[str | None, Shapeless()] = None


class Training(Config):
    """Everything that shapes a training, but the model and the rows.

    Each epoch is drawn anew from the train split. A row is in it as often as the product of its own `weight` and of
    `weights` says: one of 0.5 in every other epoch, one of 2 twice in each.
    """

    method: Literal["lora", "qlora", "full"] = "lora"
    lora: Lora = Lora()
    learning_rate: Annotated[float, Field(gt=0)] | None = None  # None: 2e-4 for an adapter, 2e-5 for all weights
    scheduler: Literal["linear", "cosine", "constant"] = "cosine"
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.03  # share of the steps
    epochs: Annotated[float, Field(gt=0)] = 1.0
    max_steps: Positive | None = None  # stop there, where the epochs are longer
    batch_size: Positive = 16  # rows (packs, with packing) in one step, over all devices
    batch_tokens: Positive | None = None  # tokens in one step, on average; takes the place of batch_size
    at_once: Positive | None = None  # rows that a device takes at once, at most; None: 8, and 2 on a CPU
    max_length: Positive = 2048  # tokens of prompt and completion; never more than the model's context
    too_long: Literal["drop", "cut"] = "drop"  # what becomes of longer rows
    packing: bool = False  # several rows in one sequence of max_length tokens; they do not see each other
    gradient_checkpointing: bool = False  # a third more work for a fraction of the memory
    precision: Literal["auto", "bf16", "float32"] = "auto"  # auto: bf16 where the GPU, or without one the CPU, has it
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 42
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default={}
    )  # by task or direction: {translate: 0.5, "en->pt": 2}
    replay: Replay | None = None
    test_rows: Positive = 1000  # of the test split, at most
    evaluate_every: Positive = 100  # steps
    patience: Positive | None = None  # evaluations without a better loss, then stop and take the best; None: never
    save_every: Positive = 100  # steps; with patience, checkpoints come with evaluations
    keep: Positive = 2  # checkpoints, besides the best one
    samples: Annotated[int, Field(ge=0)] = 4  # test prompts that the model answers before and after
    # A chat template (Jinja), for a model that has none of its own; or its file.
    template: Annotated[str | None, TakenIn(".jinja")] = None
    template_options: dict[str, Any] = Field(default={})  # what the template understands: {enable_thinking: false}

    def resolved(self) -> "Training":
        """With the learning rate that the method wants, where none was given."""
        usual = 2e-5 if self.method == "full" else 2e-4
        return self.model_copy(update={"learning_rate": self.learning_rate or usual})
