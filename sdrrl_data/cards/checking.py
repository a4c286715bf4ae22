"""Checks a card: its figures are counted again, and the Hub's clients read its head."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from sdrrl_data.cards import configs
from sdrrl_data.models import hub_errors
from sdrrl_data.models.hub import CARD
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.run.dataset import SPLITS, shards
from sdrrl_data.run.disk import read_parquet
from sdrrl_data.sources.hub_rows import unreadable
from sdrrl_data.steps import counts


def check(run: Run, manifest: Manifest) -> list[str]:
    """What is wrong with the card in the folder of a finished run, a sentence each; empty if nothing is wrong.

    The figures of the card are those of the manifest. Each of them is counted again from the run's Parquet files; so
    are the rows of each kind, and the seeds on both sides of each config. `huggingface_hub` and `datasets` read the
    head.

    Args:
        run: has its card, and transfer sets that passed `staging.check`.
        manifest: of the run.

    Raises:
        UserError: the card or the recipe cannot be read.
    """
    text = (run.path / CARD).read_text(encoding="utf-8")
    return [*_figures(run, manifest), *_rows(run, manifest), *_head(run, manifest, text)]


def hub_problems(text: str) -> tuple[list[str], str]:
    """What the Hub finds wrong with the head of a card; and why the Hub cannot be asked, empty if it can."""
    from huggingface_hub import DatasetCard, errors

    card = DatasetCard(text)
    try:
        card.validate()
    except (errors.HTTPError, OSError) as error:  # type: ignore[attr-defined]
        return [], f"the Hub {hub_errors.outage(error) or hub_errors.UNREACHABLE}"
    except ValueError as error:
        return [f"the Hub refuses the head of {CARD}: {' '.join(str(error).split())}"], ""
    return [], ""


def _figures(run: Run, manifest: Manifest) -> Iterator[str]:
    """The figures of the manifest that differ from those of the tables."""
    recipe = recipe_of(run, manifest)
    try:
        counted = counts.count(run, recipe, list(manifest.counts.targets))
    except (OSError, pl.exceptions.PolarsError, ValueError) as error:
        yield f"the tables of the run cannot be counted ({str(error).splitlines()[0]})"
        return
    in_card, in_tables = (dict(_flat(counts.model_dump())) for counts in (manifest.counts, counted))
    for place in dict.fromkeys([*in_card, *in_tables]):
        if in_card.get(place) != in_tables.get(place):
            says, holds = in_card.get(place, "nothing"), in_tables.get(place, "nothing")
            yield f"{place}: the card says {says}, the tables say {holds}"


def _flat(figures: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each figure with its place, such as "targets, pt, rows, train"."""
    if isinstance(figures, dict) and figures:
        for name, inner in figures.items():
            yield from _flat(inner, f"{place}, {name}" if place else name)
    elif isinstance(figures, list) and figures:
        for number, inner in enumerate(figures, 1):
            # The first value of an entry is its name: of a filter, a test set, a kind of row.
            yield from _flat(inner, f"{place}, {next(iter(inner.values())) if isinstance(inner, dict) else number}")
    else:
        yield place, figures


def _rows(run: Run, manifest: Manifest) -> Iterator[str]:
    """What in the transfer sets differs from the mix and the splits of the manifest."""
    for tag, target in manifest.counts.targets.items():
        files = pl.scan_parquet(run.dataset(f"{tag}/transfer_set").files(), glob=False, include_file_paths="file")
        rows = files.select("file", "split", _kind(manifest.recipe["src"])).collect()
        rows_of_kind = dict(rows.group_by("kind").len().iter_rows())
        for kind in target.mix:
            held = rows_of_kind.get(kind.kind, 0)
            if held != kind.taken:
                yield f"{tag}: the card says {kind.taken} rows of the kind {kind.kind}, its files hold {held}"
        split_of_file = pl.col("file").str.extract(r"([a-z]+)-[^/\\]*$")
        misplaced = rows.filter(split_of_file != pl.col("split")).height
        if misplaced:
            yield f"{tag}: {misplaced} rows are in a file of the other split"


def _kind(src: str) -> pl.Expr:
    """The kind of a row, as the mix names it."""
    sides = [
        pl.when(side == src).then(pl.lit("src")).otherwise(pl.lit("tgt"))
        for side in (pl.col("direction").str.split("->").list.get(place) for place in (0, 1))
    ]
    return (
        pl.when("code_switched")
        .then(pl.lit("code_switched"))
        .when(pl.col("task") == "answer")
        .then(pl.concat_str(sides, separator="->"))
        .otherwise("task")
        .alias("kind")
    )


def _head(run: Run, manifest: Manifest, text: str) -> Iterator[str]:
    """What `huggingface_hub` and `datasets` cannot read of the head, and seeds on both sides of a config."""
    from datasets import get_dataset_config_names
    from huggingface_hub import DatasetCard

    try:
        DatasetCard(text)
        get_dataset_config_names(str(run.path))
    except unreadable() as error:
        yield f"the head of {CARD} cannot be read by the Hub's clients ({' '.join(str(error).split())})"
        return
    for config in configs.configs(run, [manifest], {}):
        train, test = (_seeds(run, config.files.get(split, [])) for split in SPLITS)
        if both := len(train & test):
            yield f"config {config.name}: {both} seeds have rows in both splits"


def _seeds(run: Run, patterns: Sequence[str]) -> set[str]:
    files = shards(run.path, patterns)
    return set(read_parquet(files, columns=["seed_id"])["seed_id"]) if files else set()
