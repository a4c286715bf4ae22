"""Text of unknown origin, as a terminal may show it."""

import re

# They shape letters in many scripts and emoji, and move nothing.
JOINERS = {"\u200c", "\u200d"}


def harmless(text: str) -> str:
    """The text with every run of white space as one space, and control characters as escapes such as `\\x1b`."""
    line = re.sub(r"\s+", " ", text)
    return "".join(c if c.isprintable() or c in JOINERS else ascii(c)[1:-1] for c in line)


def in_lines(text: str) -> str:
    """The text with its spaces and line breaks; all else as `harmless` has it."""
    return re.sub(r"[^ \n]+", lambda part: harmless(part[0]), text)
