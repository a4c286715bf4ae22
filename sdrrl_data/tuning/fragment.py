"""Proposed thresholds as a part of a recipe."""

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import yaml

from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.tuning import IN_FORCE, PROPOSED, Passing, Tuned

HEADER = """\
# Thresholds proposed from the scores of a run: give this file to `sdrrl-data generate` by --with.
# "valley": between a group of bad texts and the others. A threshold that stands behind a # is a percentile of a score
# that shows no such group: take the # away to drop its worst texts, good or bad.
"""


def fragment(
    tuned: Iterable[Tuned], thresholds: Mapping[str, ThresholdConfig], src: str, targets: Collection[str]
) -> str:
    """The proposals as YAML with comments: `thresholds`, each for questions or for answers alone.

    A threshold keeps what is not proposed: its weight, and its bounds for other languages.

    Args:
        tuned: what was looked at, of any targets.
        thresholds: the recipe's.
        src: tag of the source language.
        targets: tags of all target languages of the run.
    """
    columns: dict[str, list[Tuned]] = {}
    for own in tuned:
        if own.passing:
            columns.setdefault(own.column, []).append(own)
    active = any(own.sound for found in columns.values() for own in found)
    lines = [HEADER, "thresholds:\n" if active else "thresholds: {}\n"]
    for column, found in columns.items():
        taken = [own for own in found if own.sound]
        threshold = thresholds.get(column, thresholds.get(found[0].score, ThresholdConfig()))
        languages = {src} if found[0].language == src else set(targets)
        entry = yaml.safe_dump({column: _threshold(taken or found, languages, threshold)}, sort_keys=False)
        lines.append(textwrap.indent("".join(f"# {_comment(own)}\n" for own in found), "  "))
        lines.append(textwrap.indent(entry, "  " if taken else "  # "))
    return "".join(lines)


def _threshold(found: Sequence[Tuned], languages: Collection[str], threshold: ThresholdConfig) -> dict[str, Any]:
    """The threshold with the proposals in it: for all languages at once where they are the same in all of these."""
    # Bounds for one language go before those for all, so where the recipe has some, they are what has to change.
    content = threshold.model_dump(exclude_defaults=True)
    others = content.pop("languages", {})
    own = {tuned.language: _bounds(tuned, threshold) for tuned in found}
    bounds = list(own.values())
    if set(own) == set(languages) and bounds.count(bounds[0]) == len(bounds) and not own.keys() & others.keys():
        content |= bounds[0]
    else:
        others |= own
    return content | ({"languages": others} if others else {})


def _bounds(tuned: Tuned, threshold: ThresholdConfig) -> dict[str, Any]:
    """The bounds to write: one that stays as it is is written as it is, also where it is a percentile."""
    written = threshold.within(tuned.language)
    now, then = tuned.in_force or Passing(), tuned.passing or Passing()
    least = written.min if then.min == now.min else then.min
    most = written.max if then.max == now.max else then.max
    return {key: bound for key, bound in (("min", least), ("max", most)) if bound is not None}


def _comment(tuned: Tuned) -> str:
    """How many texts fail of those that were judged."""
    judged = tuned.distribution.values
    said = [f"{tuned.language}: {tuned.why}"]
    for name in (PROPOSED, IN_FORCE):
        candidate = tuned.candidate(name)
        if candidate:
            failing = tuned.failing(candidate)
            said.append(f"{name} {failing} of {judged} fail ({failing / judged:.2%})")
    return ", ".join(said)
