"""Marks on the fingerprint of a part whose rows depend on more than its inputs and settings.

`F+MARK`: a server failed at some rows. They are asked for again, and the part then has the fingerprint `F`.
`F~MARK`: rows that had been refused were asked for again. The part is whole, but not as it was.
`F!DIGEST`: the part was lost, and a model wrote other rows: none of what was made from it can stay.
What is made from such a part has another fingerprint, too, so that it is made anew when the part changes.
"""

from collections.abc import Iterable

from sdrrl_data.run.parts import fingerprint


def lacking(part_fingerprint: str, ids: Iterable[str]) -> str:
    """The fingerprint of a part that lacks these rows, by a server's fault; unchanged where there are none."""
    missing = sorted(ids)
    return f"{part_fingerprint}+{fingerprint(missing)}" if missing else part_fingerprint


def is_lacking(part_fingerprint: str) -> bool:
    """Whether a server failed at some of the part's rows."""
    return "+" in part_fingerprint


def without_lack(part_fingerprint: str) -> str:
    """The fingerprint that the part has once no row is lacking."""
    return part_fingerprint.partition("+")[0]


def asked_again(part_fingerprint: str, refused: Iterable[tuple[str, str]]) -> str:
    """The fingerprint of a part whose refused rows were asked for again.

    Args:
        part_fingerprint: with or without marks.
        refused: id and reason of each row that is still refused.
    """
    return f"{unmarked(part_fingerprint)}~{fingerprint(sorted(refused))}"


def with_other_rows(part_fingerprint: str, digest: str) -> str:
    """The fingerprint of a part that was lost, and has other rows now, with this digest."""
    return f"{of_inputs(part_fingerprint)}!{digest}"


def has_other_rows(part_fingerprint: str) -> bool:
    """Whether the part was lost once, and a model wrote other rows."""
    return "!" in part_fingerprint


def of_inputs(part_fingerprint: str) -> str:
    """The fingerprint that stands for the part's inputs and settings alone."""
    return unmarked(part_fingerprint).partition("!")[0]


def unmarked(part_fingerprint: str) -> str:
    """The fingerprint that stands for what the rows are made from and, if a model once wrote others, for these."""
    return without_lack(part_fingerprint).partition("~")[0]
