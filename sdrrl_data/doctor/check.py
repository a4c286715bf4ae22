"""What was looked at, and how it is."""

from typing import Literal, NamedTuple

State = Literal["ok", "missing", "broken"]


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: State  # missing: not installed, which only matters to who needs it; broken: it is there and does not work
    says: str
    remedy: str | None = None  # a command, or what to do; None if the state is "ok"
