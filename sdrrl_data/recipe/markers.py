"""Markers of a recipe's fields, which say more than their types: `model: Annotated[str, Model()]`.

They are read when a recipe is loaded (paths), when revisions are pinned, when fingerprints are made (which settings
change rows), and when a recipe leaves the machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic.fields import FieldInfo

M = TypeVar("M", bound="Marker")


@dataclass(frozen=True)
class Marker:
    """The base class of all markers."""


@dataclass(frozen=True)
class Shapeless(Marker):
    """The value changes no row: an amount, or how the work is done."""


@dataclass(frozen=True)
class ShapelessByDefault(Marker):
    """The default shapes no row, for a setting that came later: what was made before it was made with its default."""


@dataclass(frozen=True)
class Place(Shapeless):
    """A file or a directory, a name on the Hub, or `package:NAME`; in a tuple, each item is a place.

    A relative path is relative to the folder of its recipe, and no path leaves the machine. The place itself changes no
    row: the model or the data in it does, and this has to be identified.
    """

    words: frozenset[str] = frozenset()  # words with a special meaning, which are not paths


@dataclass(frozen=True)
class Model(Place):
    """A model or a dataset, in a place that may be on the Hub, where it has revisions."""

    revision: str = "revision"  # the field of the same section with the branch, tag or commit


@dataclass(frozen=True)
class StaysHere(Shapeless):
    """The value is only valid on this machine, such as a server's address. What leaves the machine has the default."""


@dataclass(frozen=True)
class TakenIn(Marker):
    """A text with this ending names a file. Its content replaces the name, because it changes what models write."""

    ending: str
    read: Callable[[str], Any] = str  # raises ValueError if the content of the file is wrong


@dataclass(frozen=True)
class NamesCode(Marker):
    """The value may name the user's code as `module:name`, imported at the latest when the component is opened."""


@dataclass(frozen=True)
class Form(Marker):
    """What the values are, where the type does not say it: for the sentence about a wrong value."""

    says: str  # "an address such as http://127.0.0.1:8000/v1"
    example: Any  # a right value, as JSON data


def markers(field: FieldInfo) -> tuple[Marker, ...]:
    """The markers of a field."""
    return tuple(marker for marker in field.metadata if isinstance(marker, Marker))


def marker(field: FieldInfo, kind: type[M]) -> M | None:
    """The field's marker of this kind, if it has one."""
    return next((marker for marker in field.metadata if isinstance(marker, kind)), None)
