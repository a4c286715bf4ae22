"""Shows progress: a bar for each piece of work on a terminal, and lines elsewhere."""

from types import TracebackType

from rich.console import Console
from rich.control import Control
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.segment import ControlType
from rich.table import Column
from rich.text import Text

from sdrrl_data.shown import escaped

from .console import PlainConsole

LINES = 20  # how many lines with figures a piece of work has, at most, if there is no bar


class Bars:
    """A `Reporter` that draws on stderr, so that stdout is left for the summary.

    Args:
        quiet: draw and say nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = PlainConsole(stderr=True)
        self._console.quiet = quiet
        self._what, self._total, self._before, self._unit = "", 0, 0, "rows"
        self._advanced = 0.0
        self._bar: tuple[Progress, TaskID] | None = None

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        """Work begins; its bar appears with the first unit, so that it does not disturb the bar of a download."""
        if what == self._what:
            self.close()  # it starts again, so it was not finished
        else:
            self._finish()
        self._what, self._total, self._before, self._unit = what, total, done, unit
        self._advanced = 0.0
        if self._console.is_terminal:
            self._announce()
        else:
            before = f", done before: {done}" if done else ""
            if not self._console.event("start", task=what, unit=unit, total=total, done=done):
                self._console.print(f"{what} ({unit}: {total}{before})", soft_wrap=True)

    def advance(self, amount: float, note: str = "") -> None:
        """Move the bar; without a bar, print some of the notes."""
        self._advanced += amount
        if self._console.is_terminal:
            progress, task = self._drawn()
            progress.update(task, advance=amount, note=note)
        elif note:
            number = self._before + round(self._advanced)
            if number in (1, self._total) or number % max(1, self._total // LINES) == 0:
                unit = self._unit.removesuffix("s")
                figures = {"task": self._what, "unit": self._unit, "total": self._total, "done": number, "note": note}
                if not self._console.event("progress", **figures):
                    self._console.print(f"{unit} {number}/{self._total}: {note}", soft_wrap=True)

    def say(self, sentence: str) -> None:
        """Print the sentence, above the bar if there is one."""
        waiting = self._console.is_terminal and self._what and not self._bar
        if waiting:
            self._console.control(Control((ControlType.ERASE_IN_LINE, 2)))
        self._console.print(escaped(sentence), soft_wrap=True)
        if waiting:
            self._announce()

    def close(self) -> None:
        """Stop drawing, and leave the bar as it is."""
        if self._bar:
            self._bar[0].stop()
        self._what, self._bar = "", None

    def __enter__(self) -> "Bars":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self.close()

    def _announce(self) -> None:
        self._console.print(f"{self._what} ...", end="\r")  # for the bar to overwrite

    def _drawn(self) -> tuple[Progress, TaskID]:
        if self._bar is None:
            progress = _progress(self._console)
            progress.start()
            task = progress.add_task(self._what, total=self._total, completed=self._before, note="", unit=self._unit)
            self._bar = progress, task
        return self._bar

    def _finish(self) -> None:
        """Draw the last piece of work as done, even if its units were not counted one by one."""
        if self._what and self._console.is_terminal:
            progress, task = self._drawn()
            progress.update(task, completed=self._total)
        self.close()


def _progress(console: Console) -> Progress:
    names = Column(max_width=48, no_wrap=True, overflow="ellipsis")
    return Progress(
        TextColumn("{task.description:<20}", markup=False, table_column=names),
        BarColumn(bar_width=16),
        _CountColumn(),
        _FiguresColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console,
        refresh_per_second=4,
    )


class _CountColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Units done, and their total; fractions of a unit are not shown."""
        return Text(f"{int(task.completed)}/{task.total:.0f}")


class _FiguresColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        """The last note, or units per second if there is none."""
        speed = task.finished_speed or task.speed
        return Text(task.fields["note"] or (f"{speed:.1f} {task.fields['unit']}/s" if speed else ""))
