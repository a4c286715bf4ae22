"""A run beside another one, or beside other thresholds for its own scores."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.cards import portable
from sdrrl_data.pipeline import continuing
from sdrrl_data.recipe import Recipe, changes, score_tables
from sdrrl_data.report import verdict_changes
from sdrrl_data.report.verdict_changes import VerdictChanges
from sdrrl_data.run import Manifest, Run, opened, refuse_unfinished
from sdrrl_data.steps import scores, verdicts
from sdrrl_data.steps.verdicts import TEXTS

SHOWN = 200  # characters of a setting


class Setting(NamedTuple):
    """A setting of the recipe that differs."""

    key: str
    here: str
    there: str


class Figure(NamedTuple):
    """A number of both."""

    name: str
    here: int
    there: int


class TargetComparison(NamedTuple):
    """What differs in one target."""

    tag: str
    figures: list[Figure]
    changes: VerdictChanges


class Comparison(NamedTuple):
    """What differs."""

    name: str  # of the other
    settings: list[Setting]
    targets: list[TargetComparison]


def compare(run: Run, manifest: Manifest, other: Path) -> Comparison:
    """Compare a run with another one; or its verdicts with those that other thresholds would give.

    Args:
        run: finished.
        manifest: of the run.
        other: the folder of a finished run; or a part of a recipe with thresholds, as `tune` writes it.

    Raises:
        UserError: it is neither, or they have no target in common.
    """
    if os.path.isfile(other):
        return _with_thresholds(run, manifest, other)
    other_run, other_manifest = opened(other)
    refuse_unfinished(other_run, other_manifest)
    targets = []
    for tag, here in manifest.counts.targets.items():
        if there := other_manifest.counts.targets.get(tag):
            changed = verdict_changes.compare(*(verdict_changes.read(each, tag) for each in (run, other_run)))
            steps = manifest.counts.steps, other_manifest.counts.steps
            figures = [
                *(Figure(name, *(of[name].rows_out for of in steps)) for name in ("seeds", "answers")),
                Figure("pairs that were judged", here.pairs, there.pairs),
                Figure("kept by every filter", here.kept, there.kept),
                *_kept_texts(here.kept_texts, there.kept_texts, manifest.recipe["src"], tag),
                Figure("rows in the transfer set", sum(here.rows.values()), sum(there.rows.values())),
            ]
            targets.append(TargetComparison(tag, figures, changed))
    settings = _settings(portable.manifest(manifest).recipe, portable.manifest(other_manifest).recipe)
    return Comparison(other.resolve().name, settings, targets)


def _with_thresholds(run: Run, manifest: Manifest, part: Path) -> Comparison:
    recipe = continuing.read(run.path, None, overlays=[part]).recipe
    targets = []
    for tag in manifest.counts.targets:
        here, there = verdict_changes.read(run, tag), _judged(run, recipe.for_target(tag), tag)
        texts_here, texts_there = ({text: int((each[text] > 0).sum()) for text in TEXTS} for each in (here, there))
        figures = [
            Figure("pairs that were judged", here.height, there.height),
            Figure(
                "kept by every filter",
                *(each.filter(pl.min_horizontal(TEXTS) > 0).height for each in (here, there)),
            ),
            *_kept_texts(texts_here, texts_there, manifest.recipe["src"], tag),
        ]
        targets.append(TargetComparison(tag, figures, verdict_changes.compare(here, there)))
    there_recipe = portable.recipe(recipe.model_dump(mode="json", by_alias=True), manifest.ingredients)[0]
    return Comparison(part.name, _settings(portable.manifest(manifest).recipe, there_recipe), targets)


def _judged(run: Run, recipe: Recipe, tag: str) -> pl.DataFrame:
    """The verdicts that a recipe would give to the scores of a run. Nothing is scored."""
    columns = ["id", *verdicts.columns(recipe.thresholds)]
    tables = [run.table(f"{tag}/{name}").read_all(columns=columns) for name in score_tables(recipe.scorers)]
    scored = scores.joined(tables)
    return verdicts.judge(scored, verdicts.cuts(recipe.thresholds, scored))


def _kept_texts(here: Mapping[str, int], there: Mapping[str, int], src: str, tag: str) -> list[Figure]:
    languages = {"src": src, "tgt": tag}
    names = {text: f"{text.partition('_')[0]}s kept in {languages[text.partition('_')[2]]}" for text in TEXTS}
    return [Figure(names[text], here[text], there[text]) for text in TEXTS]


def _settings(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[Setting]:
    return [
        Setting(change.key, changes.shown(change.now, SHOWN), changes.shown(change.before, SHOWN))
        for change in changes.changes(there, here)
        if change.key not in {"name", "description"}
    ]
