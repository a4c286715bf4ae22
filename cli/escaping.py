"""Text of unknown origin, escaped for a terminal."""

import re

# They shape letters in many scripts and emoji, and do not move the cursor.
JOINERS = {"\u200c", "\u200d"}


def escaped(text: str) -> str:
    """The text in one line: white space becomes single spaces, control characters become escapes such as `\\x1b`."""
    line = re.sub(r"\s+", " ", text)
    return "".join(c if c.isprintable() or c in JOINERS else ascii(c)[1:-1] for c in line)


def escaped_lines(text: str) -> str:
    """The text with its spaces and line breaks, and everything else as in `escaped`."""
    return re.sub(r"[^ \n]+", lambda part: escaped(part[0]), text)
