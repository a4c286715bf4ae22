"""Which requests a server failed at, for steps whose results do not say it."""

from collections.abc import Iterable, Iterator

from sdrrl_data.protocols import Completion, Generator, Request, SetAside


class ServerFailures:
    """Notes the requests that generators set aside to be asked again."""

    def __init__(self) -> None:
        self._calls = 0
        self._failed: list[str] = []

    def watched(self, generator: Generator) -> Generator:
        """The same generator, whose failures are noted here."""
        return _Watched(generator, self)

    def take(self) -> list[str]:
        """What failed since the last time: the number of the call and the key of the request."""
        failed, self._failed, self._calls = self._failed, [], 0
        return failed

    def note(self, results: Iterable[tuple[str, Completion | SetAside]]) -> Iterator[tuple[str, Completion | SetAside]]:
        """The results of one call as they come."""
        call, self._calls = self._calls, self._calls + 1
        for key, result in results:
            if isinstance(result, SetAside) and result.again:
                self._failed.append(f"{call}/{key}")
            yield key, result


class _Watched:
    def __init__(self, generator: Generator, failures: ServerFailures) -> None:
        self._generator = generator
        self._failures = failures

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        return self._failures.note(self._generator.generate(requests))

    def close(self) -> None:
        self._generator.close()
