"""Shows how a run gets on: a bar a step, or a line a step where no terminal can draw one."""

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from sdrrl_data.run import Run


class Bars:
    """A `Reporter` that draws on stderr, so that stdout is left for the summary."""

    def __init__(self, out: Path) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._run = Run(out)
        self._step, self._rows, self._done = "", 0, 0
        self._bar: tuple[Progress, TaskID] | None = None
        self._named = False

    def start(self, step: str, rows: int, done: int) -> None:
        """A step begins; its bar appears with the first row, so that it disturbs no bar of a download."""
        self._finish()
        self._step, self._rows, self._done = step, rows, done
        if step in ("seeds", "answers") and not self._named:
            self._name_generator()
        if self._console.is_terminal:
            self._console.print(f"{step} ...", end="\r")  # for the bar to overwrite
        else:
            before = f", done before: {done}" if done else ""
            self._console.print(f"{step} (rows: {rows}{before})", soft_wrap=True)

    def advance(self, rows: float) -> None:
        """Move the bar."""
        if self._console.is_terminal:
            progress, task = self._drawn()
            progress.advance(task, rows)

    def __enter__(self) -> "Bars":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the screen as it is: a step that was stopped keeps the bar it had."""
        if kind is None:
            self._finish()
        elif self._bar:
            self._bar[0].stop()

    def _drawn(self) -> tuple[Progress, TaskID]:
        if self._bar is None:
            progress = _progress(self._console)
            progress.start()
            self._bar = progress, progress.add_task(self._step, total=self._rows, completed=self._done)
        return self._bar

    def _finish(self) -> None:
        """Draw the last step as done, also one whose rows were not counted singly."""
        if self._step and self._console.is_terminal:
            progress, task = self._drawn()
            progress.update(task, completed=self._rows)
            progress.stop()
        self._step, self._bar = "", None

    def _name_generator(self) -> None:
        self._named = True
        manifest = self._run.manifest()
        if manifest is None:  # a probe, whose run is elsewhere
            return
        for ingredient in manifest.ingredients:
            if ingredient.role == "generator":
                engine = ingredient.engine or ""
                self._console.print(f"answers by {ingredient.name} on {engine}", soft_wrap=True)
                if engine.startswith("transformers") and manifest.recipe["generator"]["engine"] == "auto":
                    self._console.print("vLLM is not installed, so this takes several times longer")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<20}", markup=False),
        BarColumn(bar_width=16),
        _RowsColumn(),
        _SpeedColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console,
        refresh_per_second=4,
    )


class _RowsColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Rows done and in all; what is done of a row does not show."""
        return Text(f"{int(task.completed)}/{task.total:.0f}")


class _SpeedColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Rows a second."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} rows/s" if speed else "")
