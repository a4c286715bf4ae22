"""What a training tells while it goes on, and to whom."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sdrrl_data.protocols import Message, Reporter
from sdrrl_data.training.losses import Losses, together


class TrainingStep(NamedTuple):
    """A step that was just done."""

    number: int  # from 1
    loss: float  # nats a token
    learning_rate: float
    tokens_per_second: float


class Sample(NamedTuple):
    """A test prompt and what the model makes of it."""

    prompt: Sequence[Message]
    answer: str


class Tracker(Protocol):
    """Keeps the figures of a training. What a `Reporter` is told is for the moment; this is for later."""

    def begin(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """The training begins, or goes on after so many steps. `about`: model, dataset, its signature, settings."""
        ...

    def step(self, step: TrainingStep) -> None:
        """A step is done."""
        ...

    def evaluated(self, number: int, losses: Losses) -> None:
        """The losses on the test split after so many steps."""
        ...

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """What the model answers after so many steps."""
        ...

    def close(self) -> None:
        """The training has ended, well or not."""
        ...


class Listeners:
    """The reporter and the trackers of a training: tells each of them what it wants to know."""

    def __init__(self, reporter: Reporter, trackers: Sequence[Tracker]) -> None:
        self._reporter, self._trackers = reporter, trackers

    def begin(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """The training begins, or goes on after so many steps."""
        self._reporter.start(f"{about['model']['name']} on {about['dataset']['name']}", steps, done, "steps")
        for tracker in self._trackers:
            tracker.begin(about, steps, done)

    def step(self, step: TrainingStep) -> None:
        """A step is done."""
        self._reporter.advance(1, f"loss {step.loss:.4f}, {step.tokens_per_second:,.0f} tokens/s")
        for tracker in self._trackers:
            tracker.step(step)

    def evaluated(self, number: int, losses: Losses) -> None:
        """The losses on the test split after so many steps."""
        self._reporter.say(f"test loss after step {number}: {together(losses).mean:.4f}")
        for tracker in self._trackers:
            tracker.evaluated(number, losses)

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """What the model answers after so many steps, which is too long for a reporter."""
        for tracker in self._trackers:
            tracker.samples(number, samples)

    def say(self, sentence: str) -> None:
        """Something that the user should know."""
        self._reporter.say(sentence)

    def close(self) -> None:
        """The training has ended, well or not."""
        for tracker in self._trackers:
            tracker.close()
