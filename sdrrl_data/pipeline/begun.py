"""The plan of a run that was begun, from its manifest alone: the same in every process that works on the run."""

from sdrrl_data.errors import RunMismatch
from sdrrl_data.languages import find
from sdrrl_data.pipeline import order, revisions, scorers, targets
from sdrrl_data.pipeline.all_steps import Named, add_steps
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.pipeline.source_tables import seed_table
from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import MagpieConfig, Recipe
from sdrrl_data.run import Manifest, Run, provenance, recipe_of, unused
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.target import Target


def plan_of(run: Run, manifest: Manifest, models: Models) -> Plan:
    """What has to be made in a run that was begun. Its seeds are not read again, neither are its sources.

    Args:
        run: has all of its seeds.
        manifest: of the run.
        models: finds the models.

    Raises:
        UserError: a model cannot be found, or may not be used by this recipe.
        RunMismatch: a model here, or a version of a package, is not the one that the run was begun with.
    """
    provenance.refuse_other_versions(manifest.versions, provenance.versions(), "this machine")
    recipe = revisions.pinned(recipe_of(run, manifest, to_open=True), manifest)
    src = find(recipe.src)
    generators = {name: models.identify_generator(config) for name, config in recipe.answering.items()}
    generator = next(iter(generators.values()))
    answerers = order.Answerers(generators, scorers.of_samples(recipe, models.identified(generator)))
    resolved_targets = targets.resolve(recipe, src, [find(tag) for tag in recipe.tgt], models, generator)
    parts = order.Parts.of(manifest.growths)
    tables = Tables(
        run, {}, _sources(run, manifest, recipe, resolved_targets), accept_lacking=True, states=unused.states(run)
    )

    def named(target: Target, sources: object) -> Named:
        tag = target.tgt.tag
        before = manifest.ingredients_of(tag)
        used = [*generators.values(), *target.ingredients()]
        return Named({part: _as_begun(run, part, before) for part in used}, manifest.signatures[tag])

    add_steps(tables, recipe, answerers, src, resolved_targets, parts, named)
    return Plan(
        run=run,
        before=manifest,
        recipe=recipe,
        resolved=manifest.recipe,
        src=src,
        answerers=answerers,
        targets=resolved_targets,
        ingredients_of={tag: manifest.ingredients_of(tag) for tag in manifest.signatures},
        signatures=manifest.signatures,
        growths=manifest.growths,
        tables=tables,
        seed_columns=(),
    )


def _sources(run: Run, manifest: Manifest, recipe: Recipe, resolved_targets: list[Target]) -> dict[str, list[str]]:
    """The fingerprints of the tables that the run was begun with."""
    counts = {} if isinstance(recipe.seeds, MagpieConfig) else {seed_table(recipe): sum(map(len, manifest.growths))}
    counts |= {target.table("parallel"): 1 for target in resolved_targets}
    return {table: run.table(table).fingerprints(parts) for table, parts in counts.items()}


def _as_begun(run: Run, part: Ingredient, before: list[Ingredient]) -> Ingredient:
    """A model as the run was begun with it.

    Raises:
        RunMismatch: it is another one here.
    """
    of_role = [other for other in before if other.role == part.role]
    for other in of_role:
        if other.identity() == part.identity():
            return other
    begun = ", ".join(f"{other.name}@{other.revision}" for other in of_role) or "none"
    raise RunMismatch(
        f"{run.path} was begun with the {part.role} {begun}, and this machine has {part.name}@{part.revision}: bring "
        "the same files to every machine"
    )
