"""How many answers a question gets, and which one is taken."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Tag, model_validator

from sdrrl_data.recipe.components import ScorerConfig
from sdrrl_data.recipe.config import Config, Positive

BestBy = Annotated[
    Annotated[Literal["chrf", "similarity", "first"], Tag("word")] | Annotated[ScorerConfig, Tag("scorer")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "scorer"),  # so that one mistake is found
]


class AnswersConfig(Config):
    """How the generator's answers are used."""

    samples: Positive = 1  # answers per question and model, all of which are kept, and one is chosen
    # What chooses: how much an answer is like the others (chrF++, or the cosine of sentence embeddings), its place
    # (first), or a scorer that judges answers, such as {kind: reward, model: NAME}.
    best_by: BestBy = "chrf"
    thinking: Literal["drop", "keep"] = "drop"  # whether a reasoning section is part of the answer
    # A cut, looping, refused or empty answer is only marked, or replaced by the seed's reference answer.
    faulty: Literal["mark", "reference"] = "mark"

    @model_validator(mode="after")
    def _scorer_judges_answers(self) -> Self:
        if isinstance(self.best_by, ScorerConfig) and not self.best_by.of_answers:
            raise ValueError(
                f"best_by: scorer {self.best_by.called()} does not judge answers by their questions: choose one that "
                "does, such as {kind: reward, model: NAME}, or chrf, similarity or first"
            )
        return self

    @property
    def compares(self) -> bool:
        """Whether answers are compared with each other."""
        return self.best_by in ("chrf", "similarity")
