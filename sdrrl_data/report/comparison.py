"""A run beside another one, or beside other thresholds for its own scores."""

import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.cards import portable
from sdrrl_data.cards.markdown import join_names
from sdrrl_data.errors import RecipeError, UserError
from sdrrl_data.recipe import Recipe, changes, forms, loading, overrides, score_tables
from sdrrl_data.report import verdict_changes
from sdrrl_data.report.verdict_changes import VerdictChanges
from sdrrl_data.run import Manifest, Run, opened, recipe_of, refuse_unfinished
from sdrrl_data.steps import scores, verdicts
from sdrrl_data.steps.verdicts import TEXTS
from sdrrl_data.suggestions import listed, path_instead

SHOWN = 200  # characters of a setting
YAML = (".yaml", ".yml")
THRESHOLDS = "thresholds"


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
    notes: list[str]  # on what was not compared, a sentence each


def compare(run: Run, manifest: Manifest, other: Path) -> Comparison:
    """Compare a run with another one; or its verdicts with those that other thresholds would give.

    Args:
        run: the run.
        manifest: of the run.
        other: the folder of a finished run; or a recipe or a part of one, of which only the thresholds are applied.

    Raises:
        RunUnfinished: one of the runs is not finished.
        UserError: it is neither, or they have no target in common.
    """
    refuse_unfinished(run, manifest)
    if other.suffix in YAML or os.path.isfile(other):
        return _with_thresholds(run, manifest, other)
    other_run, other_manifest = opened(other)
    refuse_unfinished(other_run, other_manifest)
    here_tags, there_tags = (list(each.counts.targets) for each in (manifest, other_manifest))
    if not {*here_tags} & {*there_tags}:
        raise UserError(
            f"{run.path} has {join_names(here_tags)}, and {other} has {join_names(there_tags)}: there is nothing to "
            "compare, name a run with a target of this one"
        )
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
    only = [tag for tag in (*here_tags, *there_tags) if (tag in here_tags) != (tag in there_tags)]
    notes = [f"Only one of the runs has {join_names(only)}."] if only else []
    return Comparison(other.resolve().name, settings, targets, notes)


def _with_thresholds(run: Run, manifest: Manifest, part: Path) -> Comparison:
    tables = score_tables(recipe_of(run, manifest).scorers)
    recipe, others = _with_thresholds_of(part, manifest)
    targets = []
    for tag in manifest.counts.targets:
        here, there = verdict_changes.read(run, tag), _judged(run, recipe.for_target(tag), tag, tables)
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
    settings = _settings(portable.manifest(manifest).recipe, there_recipe)
    note = f"Of {part.name}, only the thresholds are applied, to the scores of this run. Left out: {listed(others)}."
    return Comparison(part.name, settings, targets, [note] if others else [])


def _with_thresholds_of(part: Path, manifest: Manifest) -> tuple[Recipe, list[str]]:
    """The recipe of a run with the thresholds of a file, and what else the file sets.

    Raises:
        UserError: there is no such file, it is not YAML, or has a threshold for a score that the run does not have.
    """
    if not os.path.isfile(part):
        raise RecipeError(f"recipe {part}: there is no such file{path_instead(part)}")
    try:
        layer = overrides.read_file(part, f"recipe {part}")
    except RecipeError:
        if part.suffix in YAML:
            raise
        raise UserError(
            f"{part} is neither a run nor thresholds: name the folder of a run, or a YAML file, such as one from "
            "`sdrrl-data tune RUN --write thresholds.yaml`"
        ) from None
    forms.bring_into_form(layer)
    content = deepcopy(manifest.recipe)
    by_target = {tag: target for tag, target in (layer.get("targets") or {}).items() if tag in manifest.counts.targets}
    for place, section in (
        (content, layer),
        *((content["targets"].setdefault(t, {}), s) for t, s in by_target.items()),
    ):
        overrides.lay_over(place, {THRESHOLDS: section.get(THRESHOLDS) or {}})
    others = [key for key in layer if key not in {THRESHOLDS, "targets", "name", "description"}]
    return loading.finished(content, where=f"recipe {part}"), others


def _judged(run: Run, recipe: Recipe, tag: str, tables: Sequence[str]) -> pl.DataFrame:
    """The verdicts that the thresholds of a recipe would give to the scores of a run. Nothing is scored."""
    columns = ["id", *verdicts.columns(recipe.thresholds)]
    scored = scores.joined([run.table(f"{tag}/{name}").read_all(columns=columns) for name in tables])
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
