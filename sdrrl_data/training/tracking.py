"""Trackers that come with the package: comet and tensorboard."""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sdrrl_data.errors import NotInstalled
from sdrrl_data.training.losses import Losses, by_kind, together
from sdrrl_data.training.reporting import Sample, Tracker, TrainingStep

PROJECT = "sdrrl-data"


def build(kind: str, out: Path) -> Tracker:
    """The tracker of this name.

    Args:
        kind: "comet" (online if there is an API key, else into an archive in `out`), or "tensorboard" (into `out`).
        out: the training's folder.

    Raises:
        NotInstalled: its package is missing.
    """
    package = {"comet": "comet_ml", "tensorboard": "tensorboard"}[kind]
    if not find_spec(package):
        raise NotInstalled(
            f"--track {kind} needs a package that is not installed: pip install 'sdrrl-data[track]'", "track"
        )
    return Comet(out) if kind == "comet" else TensorBoard(out)


class Comet:
    """Logs to comet.com; without an API key, or with COMET_START_ONLINE=0, to an archive for `comet upload`."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._experiment: Any = None

    def begin(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """Begin an experiment, and log everything that is known about the training."""
        self.close()  # an earlier attempt, which ran out of memory
        import comet_ml

        logging.getLogger("comet_ml").setLevel(logging.ERROR)  # it warns if other packages were imported before it
        has_key = comet_ml.get_config()["comet.api_key"] is not None
        online = has_key and os.environ.get("COMET_START_ONLINE", "1").lower() not in {"0", "false"}
        folder = self._out / "comet"
        if not online:
            folder.mkdir(parents=True, exist_ok=True)
        # Only what is logged below is sent: no code, no command line, no names of hosts and users.
        config = comet_ml.ExperimentConfig(
            name=self._out.name,
            offline_directory=None if online else str(folder),
            log_code=False,
            log_git_metadata=False,
            log_git_patch=False,
            log_env_details=False,
            parse_args=False,
            auto_output_logging=False,
            auto_metric_logging=False,
            auto_param_logging=False,
            display_summary_level=0,
        )
        self._experiment = comet_ml.start(online=online, project_name=PROJECT, experiment_config=config)
        self._experiment.log_parameters(dict(_flat(about)))
        self._experiment.log_other("signature", about["signature"])

    def step(self, step: TrainingStep) -> None:
        """Log the figures of a step."""
        figures = {"loss": step.loss, "learning_rate": step.learning_rate, "tokens_per_second": step.tokens_per_second}
        self._experiment.log_metrics(figures, step=step.number)

    def evaluated(self, number: int, losses: Losses) -> None:
        """Log the figures of each task and direction."""
        self._experiment.log_metrics(_named(losses), step=number)

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """Log prompts and answers."""
        for sample in samples:
            self._experiment.log_text(_shown(sample), step=number)

    def close(self) -> None:
        """Send or write the rest."""
        if self._experiment is not None:
            self._experiment.end()


class TensorBoard:
    """Writes event files for tensorboard."""

    def __init__(self, out: Path) -> None:
        self._folder = out / "tensorboard"
        self._writer: Any = None

    def begin(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """Begin or resume in the same folder; what was logged after the checkpoint is hidden."""
        from torch.utils.tensorboard import SummaryWriter

        self.close()
        self._writer = SummaryWriter(str(self._folder), purge_step=done + 1 if done else None)
        self._writer.add_text("about", f"```json\n{json.dumps(about, indent=2, ensure_ascii=False)}\n```", done)
        self._writer.add_text("signature", about["signature"], done)

    def step(self, step: TrainingStep) -> None:
        """Log the figures of a step."""
        for name, value in step._asdict().items():
            if name != "number":
                self._writer.add_scalar(f"train/{name}", value, step.number)

    def evaluated(self, number: int, losses: Losses) -> None:
        """Log the figures of each task and direction."""
        for name, value in _named(losses).items():
            self._writer.add_scalar(name, value, number)

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """Log prompts and answers."""
        for place, sample in enumerate(samples):
            self._writer.add_text(f"sample/{place}", f"```text\n{_shown(sample)}\n```", number)

    def close(self) -> None:
        """Write the rest."""
        if self._writer is not None:
            self._writer.close()


def _named(losses: Losses) -> dict[str, float]:
    """The figures by name: of all rows "test/loss" and so on, of a kind its loss as "test/KIND"."""
    named = {f"test/{figure}": value for figure, value in together(losses).named().items()}
    for kind, figures in by_kind(losses).items():
        for figure, value in figures.named().items():
            named[f"test/{kind}" if figure == "loss" else f"test/{kind}/{figure}"] = value
    return named


def _shown(sample: Sample) -> str:
    turns = [f"{turn['role']}: {turn['content']}" for turn in sample.prompt]
    return "\n\n".join([*turns, f"model: {sample.answer}"])


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
