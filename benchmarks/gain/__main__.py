"""Does the target language gain more by SDRRL than by plain fine-tuning, and does the source language keep what it had?

SmolLM2-135M-Instruct, English to Portuguese: the base model, fine-tuned on references (sft), on translated references
(t-sft), on a transfer set (sdrrl), on one without tgt->src rows, with contrasts, and with pivots, each with as many
completion tokens; and the best of these sets followed by preferences. From the root of the repository:

    python -m benchmarks.gain                                                         # an evening
    python -m benchmarks.gain --questions 30 --steps 4 --seeds 1 --items 8 --out runs/trial    # minutes

Stopped or killed, the same command goes on. With more seeds than before it trains what is missing.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.gain import estimate, report, stages
from benchmarks.gain.experiment import Experiment

Stage = Callable[[Experiment], Iterator[stages.Work]]
STAGES: tuple[Stage, ...] = (
    stages.generate,
    stages.controls,
    stages.train,
    stages.evaluate,
    stages.prefer,
    stages.evaluate,
)
FREE = {"out", "seeds", "items", "max_tokens", "preferring"}  # may change from one call to the next


def main() -> int:
    own = _options()
    _same_as_before(own)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is fetched
    commands = []
    try:
        estimate.show(own)
        for stage in STAGES:
            for work in stage(own):
                commands.append(str(work))
                if not work.done:
                    work.carry_out()
            if stage is stages.controls:
                estimate.show(own)  # now the rows are known
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as error:
        return error.returncode
    report.write(own, commands)
    print(f"\nwritten    {own.out / 'results.md'} and results.json")
    return 0


def _options() -> Experiment:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gain", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/gain"), help="the folder for everything")
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50, help="of each training")
    parser.add_argument("--preferring", type=int, default=25, help="steps of a training on preferences")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each arm")
    parser.add_argument("--items", type=int, default=250, help="of each kind in the evaluation, at most")
    parser.add_argument("--max-tokens", type=int, default=128, help="of an answer or a translation there")
    parser.add_argument("--engine", choices=["auto", "vllm", "transformers"], default="auto", help="who generates")
    options = vars(parser.parse_args())
    return Experiment(**options | {"out": options["out"].resolve()})


def _same_as_before(own: Experiment) -> None:
    """Refuse to go on with what was begun with other options."""
    path = own.out / "options.json"
    options = {name: value for name, value in asdict(own).items() if name not in FREE}
    if path.is_file() and (before := json.loads(path.read_text("utf-8"))) != options:
        changed = ", ".join(f"--{name} {before[name]}" for name in options if before.get(name) != options[name])
        sys.exit(f"{own.out} was begun with {changed}: give the same, or choose another --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(options, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
