"""What a training tells while it goes on, and to whom."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sdrrl_data.protocols import Message
from sdrrl_data.training.losses import Losses


class Step(NamedTuple):
    """A step that was just done."""

    number: int  # from 1
    loss: float  # nats a token
    learning_rate: float
    tokens_per_second: float


class Sample(NamedTuple):
    """A test prompt and what the model makes of it."""

    prompt: Sequence[Message]
    answer: str


class Reporter(Protocol):
    """Is told how a training gets on."""

    def start(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """It begins, or goes on after so many steps. `about`: model, dataset, its signature, settings."""
        ...

    def step(self, step: Step) -> None:
        """A step is done."""
        ...

    def evaluated(self, number: int, losses: Losses) -> None:
        """The losses on the test split after so many steps."""
        ...

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """What the model answers after so many steps."""
        ...

    def say(self, sentence: str) -> None:
        """Something that the user should know."""
        ...

    def close(self) -> None:
        """It has ended, well or not."""
        ...


class Everyone:
    """Tells several reporters."""

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        self._reporters = reporters

    def start(self, about: Mapping[str, Any], steps: int, done: int) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.start(about, steps, done)

    def step(self, step: Step) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.step(step)

    def evaluated(self, number: int, losses: Losses) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.evaluated(number, losses)

    def samples(self, number: int, samples: Sequence[Sample]) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.samples(number, samples)

    def say(self, sentence: str) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.say(sentence)

    def close(self) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.close()
