"""The tables that are read from a run's sources, seeds and parallel corpora; and how a run grows with its seeds."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.errors import RecipeError
from sdrrl_data.languages import find
from sdrrl_data.models.hub import COMMIT
from sdrrl_data.pipeline import revisions
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import MagpieConfig, NativeConfig, Recipe, sources_of
from sdrrl_data.run import Manifest, Part, Run, Table, fingerprint, growth, unused
from sdrrl_data.run.parts import PartsOnDemand
from sdrrl_data.sources.row_sources import licence_on_hub, name_of
from sdrrl_data.steps import native_texts, parallel_rows, seeds
from sdrrl_data.steps.native_texts import NATIVE_TEXTS
from sdrrl_data.steps.seed_columns import SourceColumns
from sdrrl_data.steps.target import Target


class SeedParts(NamedTuple):
    """The seeds of a run."""

    growths: growth.Growths  # how the run grew: each time, the rows of its new parts
    parts: Sequence[Part]  # empty if the model will write them
    columns: Sequence[SourceColumns] = ()  # which columns were taken, if the sources were read


def read_seeds(
    recipe: Recipe, resolved: dict[str, Any], run: Run, before: Manifest | None, limit: int | None
) -> SeedParts:
    """Read the seeds, unless the model will write them, or the run has them and they cannot have changed.

    Args:
        recipe: with pinned revisions.
        resolved: the recipe as it is in the manifest.
        run: may have some of the seeds.
        before: its manifest.
        limit: how many to read; None for all.

    Raises:
        UserError: the seeds cannot be read.
    """
    earlier_growths, table = before.growths if before else [], run.table(seed_table(recipe))
    earlier_states = [(earlier_growths, table), *_earlier_states(run, table.name)]
    if isinstance(recipe.seeds, MagpieConfig):
        if limit is None:
            raise RecipeError("seeds magpie: say how many questions to write with --limit or --keep")
        earlier_growths, _ = max(earlier_states, key=lambda state: _rows(state[0], growth.fitting(state[0], limit)))
        fitting = growth.fitting(earlier_growths, limit)
        return SeedParts(growth.grown(earlier_growths, fitting, limit, recipe.part_rows), [])
    if before and revisions.settled(resolved, before) and table.parts() == sum(map(len, earlier_growths)):
        return SeedParts(earlier_growths, PartsOnDemand(table.parts(), table.part))
    if isinstance(recipe.seeds, NativeConfig):
        all_seeds = native_texts.stored(recipe.seeds, find(recipe.tgt[0]), limit)
    else:
        all_seeds = seeds.stored(recipe.seeds, limit)
    unchanged_parts = [growth.unchanged(growths, all_seeds.rows, seeds_then) for growths, seeds_then in earlier_states]
    # The state that has most of the seeds in its first parts; if several are equal, the run as it is now.
    (earlier_growths, table), unchanged = max(
        zip(earlier_states, unchanged_parts, strict=True), key=lambda state: _rows(state[0][0], state[1])
    )
    growths = growth.grown(earlier_growths, unchanged, all_seeds.rows.height, recipe.part_rows)
    written = [table.set_aside(part) for part in range(unchanged) if table.has(part)]
    parts = growth.cut(all_seeds.rows, all_seeds.set_aside, growths, written)
    return SeedParts(growths, parts, all_seeds.columns)


def seed_table(recipe: Recipe) -> str:
    """The table into which the sources of the seeds are read."""
    return NATIVE_TEXTS if recipe.native else "seeds"


def _earlier_states(run: Run, name: str) -> list[tuple[growth.Growths, Table]]:
    """How the run had grown in each of its earlier states, and its seeds then."""
    states = [(state, state.manifest()) for state in unused.states(run)]
    return [(manifest.growths, state.table(name)) for state, manifest in states if manifest]


def _rows(growths: growth.Growths, parts: int) -> int:
    """How many rows the first parts have."""
    return sum([size for sizes in growths for size in sizes][:parts])


def read_parallel(recipe: Recipe, resolved: dict[str, Any], target: Target, run: Run, before: Manifest | None) -> Part:
    """The sentence pairs of a target: those in the run if its corpus no longer exists, otherwise those in the corpus.

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
    """The sources of the seeds, or the model that writes them."""
    if isinstance(recipe.seeds, MagpieConfig):
        licence = recipe.seeds.licence or generator.licence
        return [Ingredient("seeds", "magpie", generator.revision, licence)]
    licences = {name_of(source.source): source.licence for source in reversed(sources_of(recipe.seeds))}
    sources = _sources(part.rows for part in parts)
    return [_ingredient("seeds", name, revision, licences[name], before) for name, revision in sources]


def corpus_ingredients(recipe: Recipe, pairs: Part, before: Manifest | None) -> list[Ingredient]:
    """The parallel corpus of a target; empty if it has no pairs in the target's languages."""
    if recipe.parallel is None or pairs.rows.is_empty():
        return []
    return [
        _ingredient("parallel corpus", name, revision, recipe.parallel.licence, before)
        for name, revision in _sources([pairs.rows])
    ]


def _ingredient(role: str, name: str, revision: str, licence: str | None, before: Manifest | None) -> Ingredient:
    """Seeds or a corpus. The licence of a dataset is taken from the recipe, or else from its card on the Hub."""
    if licence is None and COMMIT.fullmatch(revision):
        known = revisions.known(before, role, name, revision)
        licence = known.licence if known else licence_on_hub(name, revision)
    return Ingredient(role, name, revision, licence)


def _sources(tables: Iterable[pl.DataFrame]) -> Iterator[tuple[str, str]]:
    """The sources of rows, in order: the name, and the commit on the Hub or a digest of a file's rows.

    A row's source is "tasks.jsonl:12", or "org/name@commit:12" on the Hub.
    """
    ids_of: dict[str, list[pl.Series]] = {}
    for rows in tables:
        sources = rows.select("id", source=pl.col("source").str.replace(r":\d+$", ""))
        for (source,), group in sources.group_by("source", maintain_order=True):
            ids_of.setdefault(str(source), []).append(group["id"])
    for source, ids in ids_of.items():
        name, _, commit = source.rpartition("@")
        if name and COMMIT.fullmatch(commit):
            yield name, commit
        else:
            yield source, fingerprint(pl.concat(ids).to_list())
