"""What a field of a recipe says about itself, beside its type: `model: Annotated[str, Model()]`.

Whoever has to know it asks the field: loading (paths), pinning (revisions), fingerprints (what shapes rows), and
whatever leaves the machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic.fields import FieldInfo

M = TypeVar("M", bound="Marker")


@dataclass(frozen=True)
class Marker:
    """Something that a field says about itself."""


@dataclass(frozen=True)
class Shapeless(Marker):
    """What stands here shapes no row: an amount, or how the work is carried out."""


@dataclass(frozen=True)
class ShapelessAsUsual(Marker):
    """The default shapes no row, for a setting that came later: what was made before it was made with its default."""


@dataclass(frozen=True)
class Place(Shapeless):
    """A file or a directory, a name on the Hub, or `package:NAME`; in a tuple, each of them.

    A relative path is relative to the recipe that it stands in, and no path leaves the machine. The place shapes no
    row by itself: what lies there does, and that has to be identified.
    """

    words: frozenset[str] = frozenset()  # names that stand for something known, and for no file


@dataclass(frozen=True)
class Model(Place):
    """A place that may be on the Hub, where it has revisions: a model, or a dataset."""

    revision: str = "revision"  # the field beside this one that holds a branch, a tag or a commit


@dataclass(frozen=True)
class StaysHere(Shapeless):
    """Means something on this machine alone, such as a server's address; it leaves the machine as its default."""


@dataclass(frozen=True)
class TakenIn(Marker):
    """A text that ends like this names a file: what stands in it takes its place, for it shapes what models write."""

    ending: str
    read: Callable[[str], Any] = str  # raises ValueError where the file is not as expected


@dataclass(frozen=True)
class NamesCode(Marker):
    """May name the user's own code as `module:name`, which is imported as soon as the section is validated."""


def markers(field: FieldInfo) -> tuple[Marker, ...]:
    """What a field says about itself."""
    return tuple(marker for marker in field.metadata if isinstance(marker, Marker))


def marker(field: FieldInfo, kind: type[M]) -> M | None:
    """What of this kind a field says about itself."""
    return next((marker for marker in field.metadata if isinstance(marker, kind)), None)
