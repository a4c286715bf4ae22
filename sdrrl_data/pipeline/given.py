"""The tables that a run reads and does not make: seeds and the parallel corpora; and how a run grows with its seeds."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from sdrrl_data.errors import RecipeError
from sdrrl_data.models.hub import COMMIT
from sdrrl_data.pipeline import revisions
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import MagpieConfig, Recipe
from sdrrl_data.run import Manifest, Part, Run, fingerprint, growth
from sdrrl_data.sources.row_sources import licence_on_hub, name_of
from sdrrl_data.steps import parallel_rows, seeds
from sdrrl_data.steps.target import Target


def read_seeds(
    recipe: Recipe, resolved: dict[str, Any], run: Run, before: Manifest | None
) -> tuple[growth.Growths, list[Part]]:
    """Read the seeds, unless the model is to write them, or the run has them and nothing can have changed.

    Args:
        recipe: with pinned revisions.
        resolved: the recipe as the manifest holds it.
        run: may have some of them.
        before: its manifest.

    Returns:
        How the run grew: each time, the rows of its new parts. And the parts; none where the model is to write them.

    Raises:
        UserError: they cannot be read.
    """
    known, table = before.growths if before else [], run.table("seeds")
    if isinstance(recipe.seeds, MagpieConfig):
        if recipe.limit is None:
            raise RecipeError("seeds magpie: say how many questions to write with --limit")
        parts = growth.fitting(known, recipe.limit)
        return growth.grown(known, parts, recipe.limit, recipe.part_rows), []
    if before and revisions.settled(resolved, before) and table.parts() == sum(map(len, known)):
        return known, [table.part(part) for part in range(table.parts())]
    read = seeds.read(recipe.seeds, recipe.limit)
    unchanged = growth.unchanged(known, read.rows, table)
    growths = growth.grown(known, unchanged, read.rows.height, recipe.part_rows)
    written = [table.set_aside(part) for part in range(unchanged) if table.has(part)]
    return growths, growth.cut(read, growths, written)


def read_parallel(recipe: Recipe, resolved: dict[str, Any], target: Target, run: Run, before: Manifest | None) -> Part:
    """The sentence pairs of a target; those that the run has, where the same corpus is not there any more.

    Raises:
        UserError: the corpus cannot be read.
    """
    corpus, table = resolved["parallel"], run.table(target.table("parallel"))
    same = before is not None and corpus and before.recipe["parallel"] == corpus
    if same and revisions.gone(corpus["source"]) and table.has(0):
        return table.part(0)
    return parallel_rows.read(recipe.parallel, target.src, target.tgt)


def seed_ingredients(
    recipe: Recipe, parts: Sequence[Part], generator: Ingredient, before: Manifest | None
) -> list[Ingredient]:
    """What the seeds were read from, or the model that writes them."""
    if isinstance(recipe.seeds, MagpieConfig):
        licence = recipe.seeds.licence or generator.licence
        return [Ingredient("seeds", "magpie", generator.revision, licence)]
    licences = {name_of(source.source): source.licence for source in reversed(recipe.seeds)}
    rows = pl.concat([part.rows.select("id", "source") for part in parts])
    return [_ingredient("seeds", name, revision, licences[name], before) for name, revision in _sources(rows)]


def corpus_ingredients(recipe: Recipe, pairs: Part, before: Manifest | None) -> list[Ingredient]:
    """The parallel corpus of a target; none where it has no pairs in its languages."""
    if recipe.parallel is None or pairs.rows.is_empty():
        return []
    return [
        _ingredient("parallel corpus", name, revision, recipe.parallel.licence, before)
        for name, revision in _sources(pairs.rows)
    ]


def _ingredient(role: str, name: str, revision: str, licence: str | None, before: Manifest | None) -> Ingredient:
    """Seeds or a corpus; the licence of a dataset is as its card on the Hub says, unless the recipe says it."""
    if licence is None and COMMIT.fullmatch(revision):
        known = revisions.known(before, role, name, revision)
        licence = known.licence if known else licence_on_hub(name, revision)
    return Ingredient(role, name, revision, licence)


def _sources(rows: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """What rows were read from, in its order: the name, and the commit of the Hub or what stands for a file's rows.

    A row's source is "tasks.jsonl:12", or "org/name@commit:12" on the Hub.
    """
    sources = rows.with_columns(source=pl.col("source").str.replace(r":\d+$", ""))
    for (source,), group in sources.group_by("source", maintain_order=True):
        name, _, commit = str(source).rpartition("@")
        if name and COMMIT.fullmatch(commit):
            yield name, commit
        else:
            yield str(source), fingerprint(group["id"].to_list())
