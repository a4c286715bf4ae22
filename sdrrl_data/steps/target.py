"""One target language of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient


@dataclass(frozen=True)
class Target:
    """One target language, with its models and data."""

    src: Language
    tgt: Language
    translators: Mapping[str, Ingredient]  # by their names in the recipe
    prompters: Sequence[Ingredient] = ()  # translators of the recipe's prompts from English
    back: Ingredient | None = None  # translates into the source language, if that is another model
    aligner: Ingredient | None = None  # for code-switching, if that is a model or a dictionary
    scorers: Mapping[str, Sequence[Ingredient]] = field(default_factory=dict)  # of each scorer, by its name

    def table(self, name: str) -> str:
        """The path of one of this target's tables in the run."""
        return f"{self.tgt.tag}/{name}"

    @property
    def pairs(self) -> tuple[str, str, str]:
        """The tables with the source texts and their translations."""
        return "seeds", "answers", self.table("translations")

    def ingredients(self) -> list[Ingredient]:
        """All of these models and data."""
        return [
            *dict.fromkeys([*self.translators.values(), *self.prompters]),
            *filter(None, [self.back, self.aligner]),
            *chain(*self.scorers.values()),
        ]
