"""How long the experiment will take: the tokens still to be done, by speeds that are measured before it begins."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta

from benchmarks.gain.experiment import NEUTRAL, ROOT, SRC, TEST_SHARE, Experiment, Training, questions
from benchmarks.gain.speeds import Speeds
from benchmarks.gain.stages import rows_of
from sdrrl_data.models import packaged
from sdrrl_data.run import Run

TURNS = 20  # tokens that the chat template adds to a row, about
# Before the rows are made. The filters and the test split leave less than half of the questions; prompts come on top.
SHARE = 1.0  # tokens of an arm for each token of all references


def show(own: Experiment) -> None:
    """Print how long each stage will take. The speeds are measured once, in a minute or two."""
    speeds = _speeds(own)
    stages = {
        "generate": _generating(own, speeds),
        "train": _training(own, speeds),
        "evaluate": _evaluating(own, speeds),
    }
    print(
        f"\nmeasured   {speeds['training']:,.0f} tokens/s training, {speeds['reading']:,.0f} reading, "
        f"{speeds['writing']:,.0f} writing"
    )
    for stage, seconds in (stages | {"all": sum(stages.values())}).items():
        print(f"{stage:<10} {timedelta(seconds=round(seconds))}", flush=True)


def _speeds(own: Experiment) -> Speeds:
    path = own.out / "speeds.json"
    if not path.is_file():
        print("measuring how fast this machine is", flush=True)
        command = [sys.executable, "-m", "benchmarks.gain.speeds", str(path), own.engine]
        subprocess.run(command, cwd=ROOT, check=True)
    found: Speeds = json.loads(path.read_text("utf-8"))
    return found


def _generating(own: Experiment, speeds: Speeds) -> float:
    """Seconds for the answers that are missing. Translating and scoring take far less."""
    answered = Run(own.run).table("answers").count()
    return (own.questions - answered) * speeds["answer"] / speeds["writing"]


def _training(own: Experiment, speeds: Speeds) -> float:
    """Seconds for the trainings of arms that are missing; loading takes about what an engine's does."""
    missing = [training for training in own.trainings() if not own.trained(training)]
    references = sum(_lengths([row["output"] for row in questions(own.questions)]))
    guess = references * SHARE * own.epochs
    tokens = {training.arm: _tokens(own, training) or guess for training in own.trainings()}
    return sum(speeds["starting"] + tokens[training.arm] / speeds["training"] for training in missing)


def _tokens(own: Experiment, training: Training) -> int | None:
    """Of prompts and completions over all epochs; None where the rows are not made yet."""
    rows = rows_of(own, training)
    if rows is None:
        return None
    texts = [
        "\n".join(turn["content"] for turn in [*prompt, *completion])
        for prompt, completion in rows.select("prompt", "completion").iter_rows()
    ]
    return own.epochs * (sum(_lengths(texts)) + TURNS * len(texts))


def _evaluating(own: Experiment, speeds: Speeds) -> float:
    """Seconds for the models that are not evaluated."""
    names = ["base", *(training.name for training in own.trainings())]
    done = [name for name in names if (own.evaluation / "measures" / name / f"chrf-{SRC}.parquet").is_file()]
    texts = [line for path in NEUTRAL.values() for line in path.read_text("utf-8").splitlines()[: own.items]]
    neutral = sum(_lengths(texts))
    asked = 2 * min(own.items, own.questions * TEST_SHARE)  # in both languages
    read = neutral + 2 * asked * speeds["answer"]  # references, and the base's own answers
    written = neutral + asked * min(speeds["answer"], own.max_tokens)
    each = speeds["starting"] + read / speeds["reading"] + written / speeds["writing"]
    return (len(names) - len(done)) * each


def _lengths(texts: Sequence[str]) -> Iterator[int]:
    """The tokens of each."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(packaged.unpack().path)
    return map(len, tokenizer(list(texts), verbose=False)["input_ids"])
