"""What to type instead of a name that there is not."""

import difflib
import os
from collections.abc import Collection, Iterable
from pathlib import Path

LONGEST = 200  # characters of a list of names
CUTOFF = 0.6  # of difflib's similarity, from 0 to 1
MOST_PATHS = 2000  # entries of a folder that are looked at


def closest(word: str, names: Iterable[str], most: int = 3, cutoff: float = CUTOFF) -> list[str]:
    """The names that a mistyped word may mean, best first: in capitals or not, with `-`, `_` or neither.

    Args:
        word: as it was typed.
        names: those that are valid in its place.
        most: how many to return.
        cutoff: the least similarity (Ratcliff and Obershelp, 0 to 1).
    """
    by_form: dict[str, str] = {}
    for name in names:
        by_form.setdefault(_form(name), name)
    similar = difflib.get_close_matches(_form(word), by_form, n=most, cutoff=cutoff)
    return [by_form[form] for form in similar]


def instead(word: str, names: Collection[str], before: str = "", otherwise: str | None = None) -> str:
    """The remedy of a sentence about an unknown name: "did you mean X?", or the names that there are.

    Args:
        word: as it was typed.
        names: those that are valid in its place, in the order in which they are listed.
        before: what is typed before the name ("--only ").
        otherwise: the remedy if no name is like the word; by default the list of names.
    """
    if similar := closest(word, names, most=1):
        return f"did you mean {before}{similar[0]}?"
    if otherwise is not None:
        return otherwise
    return f"choose from {listed(names)}" if names else "there are none"


def listed(names: Collection[str], last: str = "and", longest: int = LONGEST) -> str:
    """Names as a list in a sentence, such as "a, b and c"; of a long list, its beginning."""
    shown: list[str] = []
    for name in names:
        if shown and len(", ".join([*shown, name])) > longest:
            return f"{', '.join(shown)} {last} {len(names) - len(shown)} more"
        shown.append(name)
    *others, end = shown or [""]
    return f"{', '.join(others)} {last} {end}" if others else end


def path_instead(path: str | os.PathLike[str], folders: Iterable[Path] = (), holding: str = "") -> str:
    """How a sentence about a path that there is not goes on: ": did you mean X?", or nothing.

    Args:
        path: as it was typed.
        folders: where to look besides its own folder.
        holding: a file that has to be in it, where it is a folder.
    """
    for folder in (Path(os.path.expanduser(path)).parent, *folders):
        try:
            with os.scandir(folder) as entries:
                names = [entry.name for entry, _ in zip(entries, range(MOST_PATHS), strict=False)]
        except (OSError, ValueError):  # there is no such folder either, or it cannot be a path
            continue
        candidates = [other for other in sorted(names) if os.path.exists(folder / other / holding)]
        # Without the endings, which make two names look alike; with them, of two that begin in the same way.
        if similar := closest(Path(path).stem, [Path(other).stem for other in candidates], most=1):
            others = [other for other in candidates if Path(other).stem == similar[0]]
            return f": did you mean {folder / (closest(Path(path).name, others, most=1) or others)[0]}?"
    return ""


def _form(name: str) -> str:
    """The form in which names are compared."""
    return name.casefold().replace("_", "-")
