"""Refuses what would make another run of the one in a folder."""

from collections.abc import Sequence

from sdrrl_data.errors import RunMismatch
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import MagpieConfig, Recipe, sources_of
from sdrrl_data.run import Manifest, Run, provenance
from sdrrl_data.sources.row_sources import name_of
from sdrrl_data.steps.target import Target

OPTIONS = {"src": "--src", "seeds": "--seeds", "generator": "--model"}  # that name what a run may not change


def refuse_another_run(run: Run, before: Manifest | None, recipe: Recipe, shared: Sequence[Ingredient]) -> None:
    """Refuse other seeds or another model in the folder of a run; the run's seeds may come in another order.

    Args:
        run: the run.
        before: its manifest so far.
        recipe: of what is to be made there.
        shared: the ingredients that all targets of the recipe share.

    Raises:
        UserError: the folder holds another run.
    """
    if before is None:
        return
    earlier_names = {"src": [before.recipe["src"]], **_names(before.ingredients)}
    names = {"src": [recipe.src], **_names(shared)}
    if not isinstance(recipe.seeds, MagpieConfig):
        # A source may have no row, because of the limit.
        names["seeds"] = list(dict.fromkeys(name_of(source.source) for source in sources_of(recipe.seeds)))
    for role in OPTIONS:
        if not set(earlier_names[role]) <= set(names[role]):
            also = " (more seeds can be added: name the first seeds too)" if role == "seeds" else ""
            raise RunMismatch(
                f"{run.path} holds another run ({role} {' '.join(earlier_names[role])}, not {' '.join(names[role])}, "
                f"as the recipe {recipe.name} or an option says): to go on with it, leave out --recipe and "
                f"{OPTIONS[role]}; or choose another --out{also}"
            )


def refuse_to_redo(run: Run, before: Manifest | None, target: Target, signature: str, tags: Sequence[str]) -> None:
    """Refuse to make a target again that the user did not name.

    Args:
        run: the run.
        before: its manifest so far.
        target: that was not named.
        signature: of the target, as it would be made.
        tags: of all targets.

    Raises:
        UserError: the settings of the target have changed.
    """
    earlier_signature = before.signatures.get(target.tgt.tag) if before else None
    if earlier_signature is None or not provenance.same_settings(earlier_signature, signature):
        raise RunMismatch(
            f"{run.path} also holds {target.tgt.name}, which would have to be made again with these settings: "
            f"name it too (--tgt {','.join(tags)}), keep the settings, or choose another --out"
        )


def _names(ingredients: Sequence[Ingredient]) -> dict[str, list[str]]:
    """The names of the seeds and the generator, which may not change: role -> names."""
    return {
        role: [ingredient.name for ingredient in ingredients if ingredient.role == role]
        for role in ("seeds", "generator")
    }
