"""Shows progress: a bar for each piece of work on a terminal, and lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, RLock, Thread
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.control import Control
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.segment import ControlType
from rich.table import Column
from rich.text import Text

from sdrrl_data.shown import escaped, rate

from .console import PlainConsole

LINES = 20  # how many lines with figures a piece of work has, at most, if there is no bar
SECONDS = 30.0  # between two lines of work that has no figures, at first
PREPARING = "getting ready"
# What must follow the first units before the time left is told: engines finish rows in batches, and of hundreds that
# were begun at once the first ones say nothing about the others.
SETTLED = 5.0  # seconds
ENOUGH, ENOUGH_OF_ALL = 50, 1 / 20  # units, or a share of all where that is less
LABELS = {  # of the tables of a run
    "text_translations": "translate native texts",
    "seeds": "write questions",
    "answers": "answer questions",
    "samples": "answer questions",
    "sample_scores": "score answers",
    "translations": "translate into {tag}",
    "references": "translate references into {tag}",
    "prompts": "translate prompts into {tag}",
    "aligner": "learn word pairs of {tag}",
    "code_switched": "switch words of {tag}",
    "usual": "learn usual lengths of {tag}",
    "scores": "score {tag}",
    "verdicts": "apply thresholds to {tag}",
    "transfer_set": "mix the transfer set of {tag}",
    "preferences": "pair preferences of {tag}",
    "distillation": "collect rows for distillation of {tag}",
    "direct_answers": "answer questions in {tag}",
    "direct_scores": "compare answers in {tag}",
    "counts": "count rows of {tag}",
    "shared_counts": "count rows",
}
# Of these, models are loaded before the first row.
LOADING = {"seeds", "answers", "translations", "references", "prompts", "scores", "direct_answers"}


class Bars:
    """A `Reporter` that draws on stderr, so that stdout is left for the summary.

    On a terminal, a clock runs until the first unit of a piece of work is done, and then a bar; elsewhere, a line tells
    now and then how far it is. `with Bars()` starts the clock at once.

    Args:
        quiet: draw and say nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = PlainConsole(stderr=True)
        self._console.quiet = quiet
        self._what, self._total, self._before, self._unit = "", 0, 0, "rows"
        self._advanced = self._first = 0.0  # units in this piece of work; the first of them, which waited for a model
        self._began = self._told = 0.0  # when this piece of work began, and when the last line about it was printed
        self._first_at = 0.0  # when its first units were done
        self._bar: tuple[Progress, TaskID] | None = None
        self._lock = RLock()  # the clock runs in a thread
        self._clock: Event | None = None

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        """Work begins; its bar appears with the first unit, so that it does not disturb the bar of a download."""
        with self._lock:
            if what == self._what:
                self.close()  # it starts again, so it was not finished
            else:
                self._finish()
            self._begin(what, total, done, unit)
            if self._console.is_terminal or self._console.event("start", task=what, unit=unit, total=total, done=done):
                return
            before = f", done before: {done}" if done else ""
            number = f" ({unit}: {total}{before})" if unit else ""
            self._console.print(f"{label(what)}{number}", soft_wrap=True)

    def advance(self, amount: float, note: str = "") -> None:
        """Move the bar; without a bar, print some of the notes."""
        if not amount and not note:
            return
        with self._lock:
            if not self._advanced:
                self._first, self._first_at = amount, monotonic()
            self._advanced += amount
            if self._console.is_terminal:
                progress, task = self._drawn(amount)
                progress.update(task, advance=amount, note=note)
            elif note:
                number = self._before + round(self._advanced)
                if number in (1, self._total) or number % max(1, self._total // LINES) == 0:
                    self._told = monotonic()
                    if not self._event(number, note=note):
                        unit = self._unit.removesuffix("s")
                        self._console.print(f"{unit} {number}/{self._total}: {note}", soft_wrap=True)

    def say(self, sentence: str) -> None:
        """Print the sentence, above the bar if there is one."""
        with self._lock:
            self._erase()
            self._console.print(escaped(sentence), soft_wrap=True)
            self._told = monotonic()
            self._announce()

    def close(self) -> None:
        """Stop drawing, and leave the bar as it is."""
        with self._lock:
            if self._clock:
                self._clock.set()
            self._erase()
            if self._bar:
                self._bar[0].stop()
            self._what, self._bar, self._clock = "", None, None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is drawn meanwhile, so that a question can be asked."""
        with self._lock:
            self._erase()
            yield

    def __enter__(self) -> "Bars":
        self._begin(PREPARING, 0, 0, "")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self.close()

    def _begin(self, what: str, total: int, done: int, unit: str) -> None:
        self._what, self._total, self._before, self._unit = what, total, done, unit
        self._advanced = self._first = 0.0
        self._began = monotonic()
        self._told = self._began
        self._announce()
        if self._clock is None and not self._console.quiet:
            self._clock = Event()
            Thread(target=self._run, args=(self._clock,), daemon=True).start()

    def _run(self, stopped: Event) -> None:
        """The clock's thread."""
        while not stopped.wait(1):
            with self._lock:
                if stopped.is_set():
                    return
                if not self._console.is_terminal:
                    self._tell()
                elif not _downloads():
                    self._announce()

    def _announce(self) -> None:
        """Show what goes on and since when; the bar overwrites it."""
        if self._console.is_terminal and self._what and not self._bar:
            seconds = monotonic() - self._began
            clock = f" {_clock(seconds)}{self._loading(seconds)}" if seconds >= 1 else ""
            line = Text(f"{label(self._what)} ...{clock}")
            line.truncate(self._console.width - 1)
            self._erase()
            self._console.print(line, end="\r")

    def _tell(self) -> None:
        """Print how far the work is, if nothing was printed for a while: more seldom, the longer it takes."""
        now = monotonic()
        if self._total and self._before + self._advanced >= self._total:
            return
        if now - self._told < max(SECONDS, (self._told - self._began) / 4):
            return
        self._told = now
        seconds = now - self._began
        if self._event(self._before + int(self._advanced), seconds=round(seconds)):
            return
        figures = [f"{_clock(seconds)} so far{self._loading(seconds)}"]
        if self._total and self._advanced:
            figures.insert(0, f"{self._before + int(self._advanced):,} of {self._total:,} {self._unit}")
            since_first, elapsed = self._advanced - self._first, now - self._first_at
            if _settled(since_first, elapsed, self._total):
                left = (self._total - self._before - self._advanced) * elapsed / since_first
                figures[1:] = [f"{rate(since_first / elapsed)} {self._unit}/s", f"about {_clock(left)} left"]
        self._console.print(f"{label(self._what)}: {', '.join(figures)}", soft_wrap=True)

    def _loading(self, seconds: float) -> str:
        """What a user waits for where no row is finished after some time."""
        step = self._what.rpartition("/")[2].partition("-")[0]
        return " (a model may be loading)" if step in LOADING and seconds >= SETTLED and not self._advanced else ""

    def _event(self, done: int, **more: object) -> bool:
        """Print how far the work is, if stderr has JSON. Returns whether it has."""
        return self._console.event("progress", task=self._what, unit=self._unit, total=self._total, done=done, **more)

    def _erase(self) -> None:
        if self._console.is_terminal and self._what and not self._bar:
            self._console.control(Control((ControlType.ERASE_IN_LINE, 2)))

    def _drawn(self, first: float = 0.0) -> tuple[Progress, TaskID]:
        """The bar; if it is not there yet, it appears with the first units."""
        if self._bar is None:
            progress = _progress(self._console)
            progress.start()
            waited = monotonic() - self._began  # as a model was loaded
            task = progress.add_task(
                label(self._what),
                total=self._total,
                completed=self._before,
                note="",
                unit=self._unit,
                waited=waited,
                first=self._before + first,
            )
            self._bar = progress, task
        return self._bar

    def _finish(self) -> None:
        """Draw the last piece of work as done, even if its units were not counted one by one."""
        if self._what not in ("", PREPARING) and self._console.is_terminal:
            progress, task = self._drawn()
            progress.update(task, completed=self._total)
        self.close()


def label(what: str) -> str:
    """What is done, in words: "translate into pt" for the table `pt/translations`. Another name stays as it is."""
    tag, _, step = what.rpartition("/")
    kind, _, detail = step.partition("-")
    words = LABELS.get(kind, "")
    if not words or ("{tag}" in words) != bool(tag):
        return what
    return words.format(tag=tag) + (f": {detail}" if detail else "")


def _clock(seconds: float) -> str:
    """Such as 0:07, 12:30 or 1:20:00."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else str(timedelta(seconds=int(seconds)))


def _settled(units: float, seconds: float, total: float) -> bool:
    """Whether units that were done since the first ones tell how long the others will take."""
    return units > 0 and seconds >= SETTLED and units >= min(ENOUGH, ENOUGH_OF_ALL * total)


def _downloads() -> bool:
    """Whether a library draws the bar of a download."""
    tqdm = getattr(sys.modules.get("tqdm"), "tqdm", None)
    bars = list(getattr(tqdm, "_instances", ()))
    return any(getattr(bar, "last_print_t", 0) > getattr(bar, "start_t", 0) for bar in bars)


def _progress(console: Console) -> Progress:
    names = Column(max_width=48, no_wrap=True, overflow="ellipsis")
    return Progress(
        TextColumn("{task.description:<20}", markup=False, table_column=names),
        BarColumn(bar_width=16 if console.width >= 80 else 6),
        _CountColumn(),
        _FiguresColumn(),
        _TimeColumn(),
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
        speed, unit = task.finished_speed or task.speed, task.fields["unit"]
        return Text(task.fields["note"] or (f"{rate(speed)} {unit}/s" if speed and unit else ""))


class _TimeColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        """The time that the work has taken, and that the rest will take at the rate since the first units."""
        if task.finished:
            return Text(_clock(task.fields["waited"] + (task.finished_time or 0)))
        elapsed, since_first = task.elapsed or 0.0, task.completed - task.fields["first"]  # seconds, units
        settled = _settled(since_first, elapsed, task.total or 0.0)
        seconds = (task.remaining or 0.0) * elapsed / since_first if settled else 0.0
        left = f", {_clock(seconds)} left" if seconds else ""
        return Text(f"{_clock(task.fields['waited'] + elapsed)}{left}")
