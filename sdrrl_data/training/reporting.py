"""What a training reports while it runs, and to whom."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sdrrl_data.protocols import Message, Reporter, Silent
from sdrrl_data.training.losses import Losses, together


class TrainingStep(NamedTuple):
    """The figures of a step."""

    number: int  # from 1
    loss: float  # nats per token
    learning_rate: float
    tokens_per_second: float


class Sample(NamedTuple):
    """A test prompt and the model's answer."""

    prompt: Sequence[Message]
    answer: str


class Tracker(Protocol):
    """Records the figures of a training. (A `Reporter` only shows its progress.)"""

    def begin(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """The training begins, or resumes after `done` steps. `about`: model, dataset, its signature, settings."""
        ...

    def step(self, step: TrainingStep) -> None:
        """A step is done."""
        ...

    def evaluated(self, number: int, losses: Losses) -> None:
        """The losses on the test split after step `number`."""
        ...

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """What the model answers after step `number`."""
        ...

    def close(self) -> None:
        """The training has ended, or failed."""
        ...


class Listeners:
    """Passes the events of a training on to its reporter and its trackers."""

    def __init__(self, reporter: Reporter | None = None, trackers: Sequence[Tracker] = ()) -> None:
        self._reporter, self._trackers = reporter or Silent(), trackers

    def begin(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """The training begins, or resumes after `done` steps."""
        self._reporter.start(f"{about['model']['name']} on {about['dataset']['name']}", steps, done, "steps")
        for tracker in self._trackers:
            tracker.begin(about, steps, done)

    def step(self, step: TrainingStep) -> None:
        """A step is done."""
        self._reporter.advance(1, f"loss {step.loss:.4f}, {step.tokens_per_second:,.0f} tokens/s")
        for tracker in self._trackers:
            tracker.step(step)

    def evaluated(self, number: int, losses: Losses) -> None:
        """The losses on the test split after step `number`."""
        self._reporter.say(f"test loss after step {number}: {together(losses).mean:.4f}")
        for tracker in self._trackers:
            tracker.evaluated(number, losses)

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """What the model answers after step `number`. Only for trackers: it is too long for a reporter."""
        for tracker in self._trackers:
            tracker.samples(number, samples)

    def say(self, sentence: str) -> None:
        """Something the user should know."""
        self._reporter.say(sentence)

    def close(self) -> None:
        """The training has ended, or failed."""
        for tracker in self._trackers:
            tracker.close()
