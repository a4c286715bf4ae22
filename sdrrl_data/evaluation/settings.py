"""What an evaluation compares, and on what."""

from collections.abc import Sequence
from dataclasses import dataclass

from sdrrl_data.evaluation.generating import Engine


@dataclass(frozen=True)
class EvaluationConfig:
    """The settings of an evaluation; see `evaluate`."""

    base: str
    tuned: Sequence[str]
    tgt: str
    src: str
    parallel: str | None
    questions: str | None
    choices: str | None
    comet: str | None
    judge: str | None
    judge_url: str | None
    limit: int | None
    max_tokens: int
    engine: Engine
    seed: int
