"""A recipe's scorers before they are opened: identified, and made ready."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import GeneratorConfig, Recipe, ScorerConfig, loading


def identified(
    scorers: Sequence[ScorerConfig], identify_generator: Callable[[GeneratorConfig | None], Ingredient]
) -> Mapping[str, Sequence[Ingredient]]:
    """The models and sets of texts of each scorer, by its name.

    Args:
        scorers: of a recipe.
        identify_generator: identifies a generator without loading it; None: that of the recipe.

    Raises:
        UserError: one of them cannot be found.
    """
    ingredients = {}
    for scorer in scorers:
        with _saying_how_to_go_on_without(scorer):
            ingredients[scorer.called()] = scorer.checked(scorer.identify(identify_generator))
    return ingredients


def of_samples(
    recipe: Recipe, identify_generator: Callable[[GeneratorConfig | None], Ingredient]
) -> Sequence[Ingredient]:
    """The models behind the scorer that chooses among several answers to a question; none if no scorer does.

    Raises:
        UserError: one of them cannot be found.
    """
    best_by = recipe.answers.best_by
    if not (recipe.chooses_answers and isinstance(best_by, ScorerConfig)):
        return []
    return best_by.checked(best_by.identify(identify_generator))


def prepare(scorers: Sequence[ScorerConfig], say: Callable[[str], None]) -> None:
    """Have each scorer fetch what it needs, before the work of hours that the scores come after.

    Args:
        scorers: those of which scores are missing.
        say: tells the user something.

    Raises:
        UserError: one of them cannot be used.
    """
    for scorer in scorers:
        with _saying_how_to_go_on_without(scorer):
            scorer.prepare(say)


@contextmanager
def _saying_how_to_go_on_without(scorer: ScorerConfig) -> Iterator[None]:
    """Add to an error the part of a recipe that leaves the scorer out, if the package has one."""
    try:
        yield
    except UserError as error:
        part = f"no-{scorer.kind}"  # no user's scorer, whatever its name
        if part in loading.parts():
            error.args = (f"{error}; to go on without it, add --with {part} to the command",)
        raise
