"""The settings of an evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdrrl_data.evaluation.generating import EngineName
from sdrrl_data.evaluation.rendering import USUAL, Rendering


@dataclass(frozen=True)
class EvaluationConfig:
    """The arguments of `evaluate`, which describes them; files as one text, separated by a comma."""

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
    engine: EngineName
    seed: int
    template_options: Mapping[str, Any] | None = None
    rendering: Rendering = USUAL  # found by these options and the models
