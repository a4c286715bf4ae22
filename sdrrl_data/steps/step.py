"""What a step is, and for which target it is done."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient
from sdrrl_data.run import Part, Run, Task

Work = Callable[[Iterable[Task]], Iterator[tuple[int, Part]]]
Opener = Callable[[Run, Advance], AbstractContextManager[Work]]


@dataclass(frozen=True)
class Step:
    """Makes part N of its table from part N of its inputs; without inputs, parts of stated sizes from nothing."""

    table: str
    inputs: tuple[str, ...]
    settings: Any  # what shapes its rows besides its inputs, as JSON can hold it
    open: Opener  # loads the models; entered only when a part is missing
    whole: tuple[str, ...] = ()  # tables it learns from as a whole, as they were when the run last grew before a part
    now: tuple[str, ...] = ()  # tables that it looks at as a whole, as they are now
    sizes: tuple[int, ...] = ()  # of the parts that are made from nothing


@dataclass(frozen=True)
class Target:
    """One target language of a run, and what stands ready for it."""

    src: Language
    tgt: Language
    translators: Mapping[str, Ingredient]  # by their names in the recipe
    prompters: Sequence[Ingredient]  # what translates the recipe's prompts from English
    back: Ingredient | None  # what translates back for a round trip, where that is another model
    aligner: Ingredient | None  # for code-switching, where that is a model or a dictionary
    scorers: Mapping[str, Sequence[Ingredient]]  # what stands behind each scorer, by their names in the recipe

    def table(self, name: str) -> str:
        """The path of one of this target's tables in the run."""
        return f"{self.tgt.tag}/{name}"

    @property
    def pairs(self) -> tuple[str, str, str]:
        """The tables that hold the texts of the source with their translations."""
        return "seeds", "answers", self.table("translations")


def each(make: Callable[[Task], Part]) -> Work:
    """The work of a step that makes its parts one after the other."""
    return lambda tasks: ((task.part, make(task)) for task in tasks)
