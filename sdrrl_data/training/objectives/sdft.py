"""Self-distillation on policy: the model answers, and learns the next words of itself as a teacher who sees more."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import polars as pl

from sdrrl_data.chat.messages import ConversationRefused
from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.protocols import Message
from sdrrl_data.run.dataset import DISTILLATION
from sdrrl_data.steps.schemas import MESSAGES
from sdrrl_data.training import tokens
from sdrrl_data.training.losses import Loss, Losses
from sdrrl_data.training.objectives.objective import Objective
from sdrrl_data.training.rows import Columns
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.tokens import Tokenized

ANSWER = 256  # tokens of an answer of the model's own, at most
# What the teacher reads. The question stands last, so that its language is that of the answer.
TEACHER = (
    "Here is a question in another language, with a good answer to it:\n\n{privileged_context}\n\n"
    "Answer the same question in its own language:\n\n{prompt}"
)


class Sdft(Objective):
    """TRL's SDFTTrainer. The teacher is the model as it was before its adapter.

    There is nothing to measure on the test split: the answers are the model's own, and new each time.
    """

    name = "sdft"
    module = "trl.experimental.sdft"
    says = (
        "self-distillation on policy (SDFT, [Shenfeld et al. 2026](https://arxiv.org/abs/2601.19897); across languages "
        "as in [COPSD](https://arxiv.org/abs/2605.09548))"
    )
    reference = True
    columns = Columns({"prompt": MESSAGES, "privileged_context": MESSAGES}, DISTILLATION)
    learning_rates = (2e-5, 2e-6)
    evaluates = False
    averages_at_once = True  # the answers are drawn together
    whole_steps = True
    figures: ClassVar[type[Loss]] = Loss

    def tokenize(self, rows: pl.DataFrame, template: ChatTemplate, settings: TrainingConfig, limit: int) -> Tokenized:
        """The student's prompt as token ids; the length is that of the teacher's prompt and of an answer."""
        input_ids: list[list[int] | None] = []
        lengths: list[int | None] = []
        dropped: Counter[str] = Counter()
        for prompt, context in rows.select("prompt", "privileged_context").iter_rows():
            try:
                ids, reason = template.prompt(prompt), ""
                length = len(template.prompt(_teacher_prompt(prompt, context))) + answer_tokens(limit)
                if length > limit:
                    reason = f"longer than {limit} tokens"
            except ConversationRefused as error:
                reason = str(error)
            dropped.update([reason] if reason else [])
            input_ids.append(None if reason else ids)
            lengths.append(None if reason else length)
        table = rows.with_columns(
            pl.Series("input_ids", input_ids, dtype=tokens.TOKENIZED["input_ids"]),
            pl.Series("length", lengths, dtype=pl.UInt32),
        )
        return Tokenized(table.drop_nulls("length"), dict(dropped), 0, 0)

    def trainer(self) -> Any:
        """TRL's class."""
        from trl.experimental.sdft import SDFTTrainer

        return SDFTTrainer

    def arguments(self, common: dict[str, Any], settings: TrainingConfig, limit: int) -> Any:
        """One answer to each question, in the order of the rows."""
        from trl.experimental.sdft import SDFTConfig

        return SDFTConfig(
            **common,
            max_prompt_length=None,
            max_completion_length=answer_tokens(limit),
            num_generations=1,
            shuffle_dataset=False,
            teacher_model_kind="base",
            teacher_prompt_template=TEACHER,
            remove_unused_columns=False,
        )

    def dataset(self, rows: pl.DataFrame, taken: Sequence[int], at_once: int) -> Any:
        """Messages: the trainer writes them with the model's chat template itself."""
        from datasets import Dataset

        return Dataset.from_polars(rows.select("prompt", "privileged_context")).select(taken)

    def measure(self, trainer: Any, rows: pl.DataFrame, at_once: int) -> Losses:
        """Nothing."""
        return {}


def answer_tokens(limit: int) -> int:
    """How long an answer of the model's own may be, at most a quarter of what fits."""
    return min(ANSWER, limit // 4)


def _teacher_prompt(prompt: Sequence[Message], context: Sequence[Message]) -> list[Message]:
    """As the trainer writes it."""
    seen = "\n".join(message["content"] for message in context)
    text = TEACHER.format(prompt=prompt[-1]["content"], privileged_context=seen)
    return [*prompt[:-1], {"role": "user", "content": text}]
