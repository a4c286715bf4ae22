"""Proposed thresholds as a part of a recipe."""

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import yaml

from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.tuning import IN_FORCE, PROPOSED, Passing, TunedScore

HEADER = """\
# Thresholds proposed from the scores of a run. To use this file, give it to `sdrrl-data generate` with --with.
# "valley": the threshold is between a group of bad texts and the others. A threshold behind a # is a percentile: its
# score shows no such group. Remove the # to drop the worst texts of that score, good or bad.
"""


def fragment(
    tuned: Iterable[TunedScore], thresholds: Mapping[str, ThresholdConfig], src: str, targets: Collection[str]
) -> str:
    """The proposals as YAML with comments: `thresholds`, each for questions alone or for answers alone.

    A threshold keeps everything that has no proposal: its weight, and its bounds for other languages.

    Args:
        tuned: the scores, of any targets.
        thresholds: the recipe's.
        src: tag of the source language.
        targets: tags of all target languages of the run.
    """
    columns: dict[str, list[TunedScore]] = {}
    for score in tuned:
        if score.passing:
            columns.setdefault(score.column, []).append(score)
    any_recommended = any(score.recommended for proposed in columns.values() for score in proposed)
    lines = [HEADER, "thresholds:\n" if any_recommended else "thresholds: {}\n"]
    for column, proposed in columns.items():
        recommended = [score for score in proposed if score.recommended]
        threshold = thresholds.get(column, thresholds.get(proposed[0].score, ThresholdConfig()))
        languages = {src} if proposed[0].language == src else set(targets)
        entry = yaml.safe_dump({column: _threshold(recommended or proposed, languages, threshold)}, sort_keys=False)
        lines.append(textwrap.indent("".join(f"# {_comment(score)}\n" for score in proposed), "  "))
        lines.append(textwrap.indent(entry, "  " if recommended else "  # "))
    return "".join(lines)


def _threshold(
    proposed: Sequence[TunedScore], languages: Collection[str], threshold: ThresholdConfig
) -> dict[str, Any]:
    """The threshold with the proposals in it: one entry for all languages if they have the same bounds in all."""
    # Bounds for one language replace those for all: so if the recipe has bounds for a language, these must change.
    content = threshold.model_dump(exclude_defaults=True)
    by_language = content.pop("languages", {})
    proposals = {score.language: _bounds(score, threshold) for score in proposed}
    bounds = list(proposals.values())
    same_in_all = set(proposals) == set(languages) and bounds.count(bounds[0]) == len(bounds)
    if same_in_all and not proposals.keys() & by_language.keys():
        content |= bounds[0]
    else:
        by_language |= proposals
    return content | ({"languages": by_language} if by_language else {})


def _bounds(tuned: TunedScore, threshold: ThresholdConfig) -> dict[str, Any]:
    """The bounds to write. A bound that does not change is written as in the recipe, also if it is a percentile."""
    in_recipe = threshold.within(tuned.language)
    now, then = tuned.in_force or Passing(), tuned.passing or Passing()
    least = in_recipe.min if then.min == now.min else then.min
    most = in_recipe.max if then.max == now.max else then.max
    return {key: bound for key, bound in (("min", least), ("max", most)) if bound is not None}


def _comment(tuned: TunedScore) -> str:
    """How many of the judged texts fail."""
    judged = tuned.distribution.values
    parts = [f"{tuned.language}: {tuned.why}"]
    for name in (PROPOSED, IN_FORCE):
        candidate = tuned.candidate(name)
        if candidate:
            failing = tuned.failing(candidate)
            parts.append(f"{name} {failing} of {judged} fail ({failing / judged:.2%})")
    return ", ".join(parts)
