"""Which node makes which part of a step, and what becomes of the parts of a node that has died."""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator

from sdrrl_data.errors import EngineFailed

TRIES = 3  # of a part, before the run ends


class Sharing:
    """The parts of one step, as they are handed out to nodes.

    Of the parts that a node had at its death, one may be to blame. Each of them is given alone from then on, to another
    node if there is one; a part that was there at so many deaths ends the run.

    Args:
        table: that the step makes, for the error.
        parts: the parts to be made, taken as they are needed.
        ordered: whether they are made in order, and so by one node.
    """

    def __init__(self, table: str, parts: Iterable[int], ordered: bool = False) -> None:
        self._table = table
        self._parts: Iterator[int] = iter(parts)
        self._ordered = ordered
        self._next: deque[int] = deque()  # taken from `parts` and not handed out
        self._again: list[int] = []  # parts of nodes that have died
        self._deaths: Counter[int] = Counter()  # of each part
        self._died_at: dict[int, list[str]] = defaultdict(list)  # the nodes
        self._has: dict[str, list[int]] = defaultdict(list)  # what each node has in hand, in order

    def is_over(self) -> bool:
        """Whether every part is written."""
        return not self._any_left() and not any(self._has.values())

    def has(self, node: str) -> list[int]:
        """The parts that a node has in hand."""
        return self._has[node]

    def next_for(self, node: str, others: Collection[str] = ()) -> int | None:
        """The next part for a node, which then has it in hand; None if there is none for it now.

        Args:
            node: its name.
            others: the other nodes that can work.
        """
        part = self._ordered_for(node) if self._ordered else self._again_for(node, others)
        if part is None and not self._ordered and not self.is_alone(node) and self._any_new():
            part = self._next.popleft()
        if part is not None:
            self._has[node].append(part)
        return part

    def is_alone(self, node: str) -> bool:
        """Whether a node has a part that was there at a death, and so gets no other one."""
        return not self._ordered and any(self._deaths[part] for part in self._has[node])

    def written(self, node: str, part: int) -> None:
        """A node has written a part."""
        if part in self._has[node]:
            self._has[node].remove(part)

    def died(self, node: str) -> None:
        """A node, or its process, has died.

        Raises:
            EngineFailed: one of its parts was there at too many deaths.
        """
        lost = self._has.pop(node, [])
        for part in lost[:1] if self._ordered else lost:
            self._deaths[part] += 1
            self._died_at[part].append(node)
        self._again = sorted([*self._again, *lost])
        for part in lost:
            if self._deaths[part] >= TRIES:
                raise EngineFailed(
                    f"part {part} of {self._table} was being made when a process ended, {TRIES} times "
                    f"({', '.join(self._died_at[part])}): look at its rows and at the logs of Ray there. What is "
                    "finished is kept"
                )

    def _again_for(self, node: str, others: Collection[str]) -> int | None:
        if self._has[node]:
            return None
        fewest = min((self._deaths[part] for part in self._again), default=0)
        if fewest == TRIES - 1 and (self._any_new() or any(self._has.values())):
            return None  # what may end the run comes last, when the others have written what they have in hand
        for part in self._again:
            if self._deaths[part] > fewest:
                continue
            if node not in self._died_at[part] or not set(others) - set(self._died_at[part]):
                self._again.remove(part)
                return part
        return None

    def _ordered_for(self, node: str) -> int | None:
        if any(parts for other, parts in self._has.items() if other != node):
            return None
        if self._again:
            return self._again.pop(0)
        return self._next.popleft() if self._any_new() else None

    def _any_left(self) -> bool:
        return bool(self._again) or self._any_new()

    def _any_new(self) -> bool:
        if not self._next:
            self._next.extend(part for part in [next(self._parts, None)] if part is not None)
        return bool(self._next)
