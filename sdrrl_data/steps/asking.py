"""Asks a generator the questions of many parts at once, so that an engine never idles at the end of a part."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from sdrrl_data.chat.conversations import conversation, sampling
from sdrrl_data.protocols import Advance, Completion, Generator, Request, SetAside
from sdrrl_data.recipe import GeneratorConfig, draws
from sdrrl_data.run import Part, Task

Attempts = Sequence[Completion | SetAside]  # the samples of one question, in order


class Asking(ABC):
    """Answers the seeds of many parts.

    Args:
        generator: writes the answers.
        config: how it writes them.
        samples: answers per question.
        seed: of all random draws.
        draw: names the draws of the samples.
    """

    def __init__(self, generator: Generator, config: GeneratorConfig, samples: int, seed: int, draw: str) -> None:
        self._generator = generator
        self._config = config
        self._samples = samples
        self._seed = seed
        self._draw = draw

    def parts(self, tasks: Iterable[Task], advance: Advance) -> Iterator[tuple[int, Part]]:
        """Each part (from a part of the seeds) with its number, in the order in which they are finished.

        Every sample is stored in its part's journal as soon as it is finished. If a server failed at a sample, its seed
        is set aside to be asked again.
        """
        unfinished: dict[str, _UnfinishedPart] = {}
        share = 1 / self._samples

        def requests() -> Iterator[Request]:
            for task in tasks:
                part = unfinished[str(task.part)] = _UnfinishedPart(task, self._samples)
                advance((part.wanted - part.missing) * share)
                for key, messages, draw in part.asked(self._draw):
                    seed = draws.number(self._seed, *draw)
                    yield Request(key, conversation(messages, self._config), seed, sampling(self._config))

        try:
            for key, result in self._generator.generate(requests()):
                number, _, sample = key.partition("/")
                part = unfinished[number]
                part.add(sample, result)
                advance(share)
                if not part.missing:
                    yield part.task.part, self._finished(unfinished.pop(number))
            for part in unfinished.values():  # all their samples were in the journal
                yield part.task.part, self._finished(part)
        finally:
            for part in unfinished.values():
                part.task.journal.close()

    @abstractmethod
    def part(self, seeds: pl.DataFrame, samples: Sequence[Attempts]) -> Part:
        """A part from its seeds and the samples of each."""

    def _finished(self, finished: "_UnfinishedPart") -> Part:
        finished.task.journal.close()
        return self.part(finished.task.tables[0], finished.samples())


def failed(attempts: Attempts) -> SetAside | None:
    """The first sample that a server failed at."""
    return next((attempt for attempt in attempts if isinstance(attempt, SetAside) and attempt.again), None)


class _UnfinishedPart:
    """A part of which some samples are finished."""

    def __init__(self, task: Task, samples: int) -> None:
        self.task = task
        self._samples = range(samples)
        self._seeds = task.tables[0]
        stored = task.journal.rows
        self._results = {key: _restored(stored[key]) for key in self._keys() if key in stored}
        self.wanted = self._seeds.height * samples
        self.missing = self.wanted - len(self._results)

    def asked(self, draw: str) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
        """What is still to be asked: the request's key, the seed's messages, and what names the draw."""
        for id, messages in self._seeds.select("id", "messages").iter_rows():
            for sample in self._samples:
                key = f"{id}/{sample}"
                if key not in self._results:
                    yield f"{self.task.part}/{key}", messages, (draw, id, *((sample,) if sample else ()))

    def add(self, key: str, result: Completion | SetAside) -> None:
        """Store a sample; the journal does not get what a server failed at."""
        if isinstance(result, Completion):
            self.task.journal.add(key, list(result))
        elif not result.again:
            self.task.journal.add(key, [result.reason])
        self._results[key] = result
        self.missing -= 1

    def samples(self) -> list[Attempts]:
        """The samples of each seed, in order."""
        return [[self._results[f"{id}/{sample}"] for sample in self._samples] for id in self._seeds["id"]]

    def _keys(self) -> Iterator[str]:
        return (f"{id}/{sample}" for id in self._seeds["id"] for sample in self._samples)


def _restored(value: Sequence[Any]) -> Completion | SetAside:
    return SetAside(*value) if len(value) == 1 else Completion(*value)
