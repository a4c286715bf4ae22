"""The settings of a training: data only."""

from typing import Annotated, Any, Literal

from pydantic import Field

from sdrrl_data.recipe import Config, Date, Model, Shapeless, TakenIn
from sdrrl_data.recipe.config import Positive


class AdapterConfig(Config):
    """A low-rank adapter (Hu et al. 2021, https://arxiv.org/abs/2106.09685)."""

    rank: Positive = 16  # of the two matrices that stand for a change of weights
    alpha: Positive = 32  # the adapter's output is scaled by alpha / rank
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05  # of the adapter's input
    # The layers that get an adapter.
    targets: Literal["all-linear"] | Annotated[tuple[str, ...], Field(min_length=1)] = "all-linear"


class ReplayConfig(Config):
    """Rows in the rich language only, so that the model does not get worse in it."""

    share: Annotated[float, Field(gt=0, lt=1)]  # of the rows of each epoch
    # None: the transfer set's answers in the source language to questions in it.
    dataset: Annotated[str | None, Model()] = None
    config: str | None = None  # of that dataset
    revision: Annotated[str | None, Shapeless()] = None


class TrainingConfig(Config):
    """Everything that shapes a training except the model and the dataset.

    Each epoch is drawn from the train split. How often a row occurs in it is the product of its own `weight` and its
    `weights`: with 0.5 it is in every second epoch, with 2 it is in each epoch twice.
    """

    # What is trained: completions as they are (sft); on a run's preferences, to prefer an answer in the language of the
    # question (dpo, orpo, kto); on policy, to answer as with the question and answer in the source language (sdft).
    objective: Literal["sft", "dpo", "orpo", "kto", "sdft"] = "sft"
    beta: Annotated[float, Field(gt=0)] = 0.1  # of dpo and kto: how close to the reference; of orpo: weight of the odds
    method: Literal["lora", "qlora", "full"] = "lora"  # adapters, adapters on a model in 4 bits, or all weights
    lora: AdapterConfig = AdapterConfig()
    learning_rate: Annotated[float, Field(gt=0)] | None = (
        None  # None: 2e-4 for an adapter, 2e-5 for all weights; less for others than sft
    )
    scheduler: Literal["linear", "cosine", "constant"] = "cosine"  # of the learning rate, after the warm-up
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.03  # share of the steps
    epochs: Annotated[float, Field(gt=0)] = 1.0  # passes over the train split
    max_steps: Positive | None = None  # stop after so many, even if the epochs have more
    batch_size: Positive = 16  # rows (with packing: packs) in one step, over all devices
    batch_tokens: Positive | None = None  # average number of tokens in one step; replaces batch_size
    at_once: Positive | None = None  # rows that a device takes at once, at most; None: 8, or 2 on a CPU
    max_length: Positive = 2048  # tokens of prompt and completion; never more than the model's context
    too_long: Literal["drop", "cut"] = "drop"  # what happens to longer rows
    packing: bool = False  # several rows in one sequence of max_length tokens, without attention between them
    gradient_checkpointing: bool = False  # a third more computation for a fraction of the memory
    precision: Literal["auto", "bf16", "float32"] = "auto"  # auto: bf16 if the GPU (or else the CPU) supports it
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 42  # of all random draws
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default={}
    )  # by task or direction: {translate: 0.5, "en->pt": 2}
    replay: ReplayConfig | None = None
    test_rows: Positive = 1000  # rows of the test split to evaluate on, at most
    evaluate_every: Positive = 100  # steps
    # Stop after so many evaluations without a better loss, and keep the best; None: never.
    patience: Positive | None = None
    save_every: Positive = 100  # steps; with patience, each evaluation saves a checkpoint instead
    keep: Positive = 2  # how many checkpoints to keep, besides the best one
    samples: Annotated[int, Field(ge=0)] = 4  # how many test prompts the model answers before and after
    # A chat template (Jinja) or its file, for a model without one.
    template: Annotated[str | None, TakenIn(".jinja")] = None
    template_options: dict[str, Any] = Field(default={})  # variables of the template: {enable_thinking: false}
    # What a chat template that asks for the day is told; None: what it was told when the answers were written.
    date: Date | None = None

    def resolved(self, learning_rates: tuple[float, float]) -> "TrainingConfig":
        """A copy with a learning rate.

        Args:
            learning_rates: of an adapter and of all weights, if none was given.
        """
        usual = learning_rates[self.method == "full"]
        return self.model_copy(update={"learning_rate": self.learning_rate or usual})
