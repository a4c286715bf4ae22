"""Requests that were not answered, until it is certain whose fault that is."""

from collections.abc import Callable, Iterator

from sdrrl_data.errors import ServerLost
from sdrrl_data.generation.openai_errors import Fault
from sdrrl_data.protocols import Completion, SetAside

MOST_FAILURES = 16  # one after the other, each after all its retries: then the server is not well
MOST_REFUSALS = 16  # one after the other: then a harmless question shows whether the server refuses everything
FIRST_REFUSALS = 4  # the same, while nothing has been answered


class Doubts:
    """Holds what was not answered until the next answer, or the answer to a harmless question, shows whose fault it is.

    So a run stops before it loses a row to something that every row meets: a setting that the server refuses, a model
    that it does not serve.

    Args:
        server: its name, for messages.
        test: asks the server a harmless question in the same way as all others.
    """

    def __init__(self, server: str, test: Callable[[], Completion | SetAside | Fault]) -> None:
        self._server = server
        self._test = test
        self._held: list[tuple[str, Fault]] = []  # since the last answer
        self._answered = False  # whether anything was

    def settle(self, key: str, result: Completion | SetAside | Fault) -> Iterator[tuple[str, Completion | SetAside]]:
        """The results that are certain now that this one has come.

        Raises:
            ServerLost: no request can succeed.
        """
        if not isinstance(result, Fault):
            self._answered = True
            yield from self._release()
            yield key, result
            return
        if result.whose == "all":
            raise self._lost(result)
        self._held.append((key, result))
        if self._count("row") == (MOST_REFUSALS if self._answered else FIRST_REFUSALS):
            yield from self._release(self._is_well())
        elif self._count("server") == MOST_FAILURES:
            raise self._lost(result, f" failed {MOST_FAILURES} requests in a row")

    def settle_rest(self) -> Iterator[tuple[str, Completion | SetAside]]:
        """The results that are still held, when nothing more is asked.

        Raises:
            ServerLost: no request can succeed.
        """
        is_well = self._answered or not self._count("row") or self._is_well()
        yield from self._release(is_well)

    def _count(self, whose: str) -> int:
        return sum(fault.whose == whose for _, fault in self._held)

    def _is_well(self) -> bool:
        """Whether the server answers a harmless question; not where it fails."""
        result = self._test()
        if not isinstance(result, Fault):
            return True
        if result.whose == "server":
            return False
        raise self._lost(result)

    def _release(self, is_well: bool = True) -> Iterator[tuple[str, SetAside]]:
        """What is held; what was refused is the row's fault only if the server is well."""
        held, self._held = self._held, []
        for key, fault in held:
            if fault.whose == "row":
                yield key, SetAside(f"the server refuses it: {fault.message}", again=not is_well)
            else:
                yield key, SetAside(f"the server failed: {fault.message}", again=True)

    def _lost(self, fault: Fault, how: str = "") -> ServerLost:
        return ServerLost(
            f"{self._server}{how}: {fault.message}: {fault.remedy}, then run again; finished rows are kept"
        )
