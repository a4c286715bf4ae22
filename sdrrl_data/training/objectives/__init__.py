"""What a training can aim at: one file an objective, each by one of TRL's trainers."""

from sdrrl_data.training.objectives.dpo import Dpo
from sdrrl_data.training.objectives.kto import Kto
from sdrrl_data.training.objectives.objective import Objective
from sdrrl_data.training.objectives.orpo import Orpo
from sdrrl_data.training.objectives.sdft import Sdft
from sdrrl_data.training.objectives.sft import Sft

OBJECTIVES: dict[str, Objective] = {objective.name: objective for objective in (Sft(), Dpo(), Orpo(), Kto(), Sdft())}

__all__ = ["OBJECTIVES", "Objective"]
