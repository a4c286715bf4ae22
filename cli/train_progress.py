"""Shows how a training gets on: a bar, or a line now and then where no terminal can draw one."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sdrrl_data.training.losses import Losses, together
from sdrrl_data.training.reporting import Sample, Step

LINES = 20  # in all, where there is no bar


class Bar:
    """A `Reporter` that draws on stderr: steps, loss, tokens a second, time left."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._steps = 0
        self._bar: tuple[Progress, TaskID] | None = None

    def start(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """Draw the bar."""
        self.close()
        self._steps = steps
        name = f"{about['model']['name']} on {about['dataset']['name']}"
        after = f", after step {done}" if done else ""
        self._console.print(f"{name} (steps: {steps}{after})", soft_wrap=True)
        if self._console.is_terminal:
            progress = Progress(
                TextColumn("{task.completed:.0f}/{task.total:.0f}"),
                BarColumn(bar_width=16),
                TextColumn("{task.description}", markup=False),
                TimeRemainingColumn(compact=True, elapsed_when_finished=True),
                console=self._console,
                refresh_per_second=4,
            )
            progress.start()
            self._bar = progress, progress.add_task("", total=steps, completed=done)

    def step(self, step: Step) -> None:
        """Move the bar."""
        figures = f"loss {step.loss:.4f}, {step.tokens_per_second:,.0f} tokens/s"
        if self._bar:
            progress, task = self._bar
            progress.update(task, completed=step.number, description=figures)
        elif step.number in (1, self._steps) or step.number % max(1, self._steps // LINES) == 0:
            self._console.print(f"step {step.number}/{self._steps}: {figures}", soft_wrap=True)

    def evaluated(self, number: int, losses: Losses) -> None:
        """Say the loss."""
        self._console.print(f"test loss after step {number}: {together(losses).mean:.4f}", soft_wrap=True)

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """Leave them to the card."""

    def say(self, sentence: str) -> None:
        """Say it above the bar."""
        self._console.print(sentence, soft_wrap=True)

    def close(self) -> None:
        """Leave the screen as it is."""
        if self._bar:
            self._bar[0].stop()
            self._bar = None
