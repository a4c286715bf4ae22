"""The examples in the help of a command."""

import re
from textwrap import wrap

WIDTH = 76  # characters of a line: help would break a longer one, and its parts would be pasted as two commands


def examples(*shown: tuple[str, ...]) -> str:
    """Examples as the epilog of a command. As they stand, they can be pasted into a shell.

    Args:
        shown: of each, what it does, and its command, or several.
    """
    return "\n\n".join(["[bold]Examples[/bold]", *(_lines(*example) for example in shown)])


def _lines(words: str, *commands: str) -> str:
    comment = [f"[dim]{line}[/dim]" for line in wrap(f"# {words}", WIDTH, subsequent_indent="# ")]
    return "\n".join([*comment, *(f"[cyan]{line}[/cyan]" for command in commands for line in _broken(command))])


def _broken(command: str) -> list[str]:
    """The lines of a command, broken before its options."""
    lines: list[str] = []
    for part in re.split(r" (?=--)", command):
        if lines and len(f"{lines[-1]} {part}") <= WIDTH - 2:
            lines[-1] += f" {part}"
        else:
            lines.append(f"  {part}" if lines else part)
    return [*(rf"{line} \\" for line in lines[:-1]), lines[-1]]
