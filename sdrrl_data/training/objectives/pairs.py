"""What the objectives on pairs of a chosen and a rejected answer share."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import polars as pl

from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.protocols import SetAside
from sdrrl_data.run.dataset import PREFERENCES
from sdrrl_data.steps.schemas import MESSAGES
from sdrrl_data.training import tokens
from sdrrl_data.training.losses import Losses, Preferred
from sdrrl_data.training.objectives.objective import Objective
from sdrrl_data.training.rows import Columns
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.tokens import Tokenized

ANSWERS = ("chosen", "rejected")


class Pairs(Objective):
    """An objective on preferences. What a row is about is what is wrong with its rejected answer."""

    columns = Columns({"prompt": MESSAGES, **dict.fromkeys(ANSWERS, MESSAGES)}, PREFERENCES, task="rejected_kind")
    figures: ClassVar[type[Preferred]] = Preferred
    token_columns = ("input_ids", "rejected_ids")

    @abstractmethod
    def preferred(self, trainer: Any, inputs: dict[str, Any], pairs: int) -> Preferred:
        """The figures of one batch by TRL's trainer, which is in evaluation.

        Args:
            trainer: of this objective.
            inputs: the batch.
            pairs: how many it has.
        """

    def tokenize(self, rows: pl.DataFrame, template: ChatTemplate, settings: TrainingConfig, limit: int) -> Tokenized:
        """Prompt and chosen answer as one sequence, and the rejected answer; a pair with one that is too long goes."""
        columns: dict[str, list[Any]] = {"input_ids": [], "start": [], "rejected_ids": []}
        dropped: Counter[str] = Counter()
        cut = reasoning_lost = 0
        for part in rows.select("prompt", *ANSWERS).iter_slices(tokens.AT_ONCE):
            of_answers = (tokens.examples(part.select("prompt", answer).rows(), template) for answer in ANSWERS)
            for chosen, rejected in zip(*of_answers, strict=True):
                reason = tokens.why_dropped(chosen, limit, settings.too_long)
                reason = reason or tokens.why_dropped(rejected, limit, settings.too_long)
                if not reason and not isinstance(chosen, SetAside) and not isinstance(rejected, SetAside):
                    if chosen.prompt == rejected.prompt:
                        start = len(chosen.prompt)
                        ids = [*chosen.prompt, *chosen.completion]
                        cut += max(len(ids), start + len(rejected.completion)) > limit
                        reasoning_lost += chosen.reasoning_lost or rejected.reasoning_lost
                        values: tuple[Any, ...] = (ids[:limit], start, rejected.completion[: limit - start])
                    else:
                        reason = "the chat template writes the question in another way before the rejected answer"
                if reason:
                    dropped[reason] += 1
                    values = (None, None, None)
                for column, value in zip(columns.values(), values, strict=True):
                    column.append(value)
        ids, number = tokens.TOKENIZED["input_ids"], tokens.TOKENIZED["start"]
        table = (
            rows.drop(ANSWERS)
            .with_columns(
                pl.Series("input_ids", columns["input_ids"], dtype=ids),
                pl.Series("start", columns["start"], dtype=number),
                pl.Series("rejected_ids", columns["rejected_ids"], dtype=ids),
            )
            .drop_nulls("start")
            # The prompt is read twice.
            .with_columns(length=pl.col("input_ids").list.len() + pl.col("start") + pl.col("rejected_ids").list.len())
        )
        return Tokenized(table, dict(dropped), cut, reasoning_lost)

    def measure(self, trainer: Any, rows: pl.DataFrame, at_once: int) -> Losses:
        """TRL's own figures, of batches that hold pairs of one task and direction."""
        import torch

        figures: dict[tuple[str, str], Preferred] = {}
        training = trainer.model.training
        trainer.model.eval()
        for (task, direction), of_kind in rows.partition_by("task", "direction", as_dict=True).items():
            batches = of_kind.sort("length", descending=True).iter_slices(at_once)
            measured = []
            for batch in batches:
                examples = [*self.dataset(batch, range(batch.height), at_once)]
                inputs = trainer._prepare_inputs(trainer.data_collator(examples))
                with torch.no_grad(), trainer.compute_loss_context_manager():
                    measured.append(self.preferred(trainer, inputs, batch.height))
            figures[task, direction] = Preferred.summed(measured)
        trainer.model.train(training)
        return figures

    def options(self, load: Callable[[], Any], whole: bool) -> dict[str, Any]:
        """Without an adapter, the reference is a model of its own."""
        return {"ref_model": load()} if self.reference and whole else {}


def by_metrics(trainer: Any, inputs: dict[str, Any], pairs: int) -> Preferred:
    """The figures of a batch by a trainer that keeps them until it logs them."""
    metrics = trainer._metrics["eval"]
    metrics.clear()
    loss = float(trainer.compute_loss(trainer.model_wrapped, inputs))
    values = {name: values[-1] for name, values in metrics.items()}
    metrics.clear()
    right = values.get("rewards/accuracies")
    return Preferred(loss * pairs, pairs, values["rewards/margins"] * pairs, None if right is None else right * pairs)


def prepared(trainer: Any) -> Any:
    """TRL's class, without its preparation of the rows, which are token ids already."""

    class Prepared(trainer):  # type: ignore[misc]
        """Takes token ids."""

        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

    return Prepared


def answer_ids(rows: pl.DataFrame, taken: Sequence[int]) -> pl.DataFrame:
    """`prompt_ids`, `chosen_ids` and `rejected_ids` of the rows in the order of the training."""
    return rows.select(
        prompt_ids=pl.col("input_ids").list.head("start"),
        chosen_ids=pl.col("input_ids").list.slice("start"),
        rejected_ids="rejected_ids",
    )[list(taken)]
