"""Text of unknown origin as it may be shown: in a terminal, in an error, in a card."""

import re

# Of each run in an object store, the folder on this machine that it is worked on in, and its address.
ADDRESSES: dict[str, str] = {}

# They shape letters in many scripts and emoji, and do not move the cursor.
JOINERS = {"\u200c", "\u200d"}
LONGEST = 500  # characters of a message
END = 160  # of them are for its end, which says what to do, where its middle is left out
# The name and the password in an address, also in one that was taken for a path and has lost a slash.
_PASSWORD = re.compile(r"(?<=://)[^\s/?#'\"]*@|(?<=:/)[^\s/?#'\"]*:[^\s/?#'\"]*@")


def escaped(text: str) -> str:
    """The text in one line: white space becomes single spaces, control characters become escapes such as `\\x1b`."""
    line = re.sub(r"\s+", " ", text)
    return "".join(c if c.isprintable() or c in JOINERS else ascii(c)[1:-1] for c in line)


def escaped_lines(text: str) -> str:
    """The text with its spaces and line breaks, and everything else as in `escaped`."""
    text = with_addresses(text)
    if text.replace("\n", "").isprintable():
        return text
    return re.sub(r"[^ \n]+", lambda part: escaped(part[0]), text)


def with_addresses(text: str) -> str:
    """The text with the address of a run in an object store where it has the folder of this machine."""
    for folder, address in list(ADDRESSES.items()):
        text = text.replace(folder, address)
    return text


def without_passwords(text: str) -> str:
    """The text, with `***@` for the name and the password in an address such as `http://name:password@host`."""
    return _PASSWORD.sub("***@", text)


def message(text: str) -> str:
    """A message for the user: one line, escaped, without passwords, and short."""
    line = escaped(without_passwords(with_addresses(text))).strip()
    return line if len(line) <= LONGEST else f"{line[: LONGEST - END - 3]} … {line[-END:]}"


def percent(share: float) -> str:
    """A share in percent: "29.2%", and "< 0.1%" for what would look like none."""
    return f"{share:.1%}" if share >= 0.001 or not share else "< 0.1%"


def rate(per_second: float) -> str:
    """A speed in two digits or, from 10 on, in whole units: "0.35", "4.2", "1,250"."""
    return f"{per_second:,.0f}" if per_second >= 9.95 else f"{per_second:.2g}"
