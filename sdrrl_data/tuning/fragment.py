"""Proposed thresholds as a part of a recipe."""

import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from sdrrl_data import causes
from sdrrl_data.errors import DiskFailed, DiskFull, UserError
from sdrrl_data.recipe import Recipe, ThresholdConfig
from sdrrl_data.run.disk import written
from sdrrl_data.tuning import IN_FORCE, PROPOSED, Passing, TunedScore

HEADER = """\
# Thresholds proposed from the scores of a run. To use this file, give it to `sdrrl-data generate` with --with.
# "valley": the threshold is between a group of bad texts and the others. A threshold behind a # is a percentile: its
# score shows no such group. Remove the # to drop the worst texts of that score, good or bad.
"""


def fragment(tuned: Iterable[TunedScore], recipe: Recipe) -> str:
    """The proposals as YAML with comments: `thresholds`, each for questions alone or for answers alone.

    If the targets differ, they are in `targets`. A threshold keeps everything that has no proposal.

    Args:
        tuned: the scores, of any targets.
        recipe: of the run.
    """
    columns: dict[str, list[TunedScore]] = {}
    for score in tuned:
        if score.passing:
            columns.setdefault(score.column, []).append(score)
    for_all: list[_Entry] = []
    for_one: dict[str, list[_Entry]] = {}
    for proposed in columns.values():
        recommended = [score for score in proposed if score.recommended]
        if _same_for_all(recommended or proposed, recipe):
            for_all.append(_Entry(recommended or proposed, recipe.thresholds, comments=proposed))
            continue
        for score in proposed:
            thresholds = recipe.for_target(score.language).thresholds
            for_one.setdefault(score.language, []).append(_Entry([score], thresholds, comments=[score]))
    any_for_all = any(entry.recommended for entry in for_all)
    blocks = [HEADER, "thresholds:\n" if any_for_all else "thresholds: {}\n", *(entry.yaml(2) for entry in for_all)]
    if for_one:
        blocks.append("targets:\n" if any(entry.recommended for entry in chain(*for_one.values())) else "# targets:\n")
    for tag, entries in for_one.items():
        mark = "" if any(entry.recommended for entry in entries) else "# "
        blocks.append(f"  {mark}{tag}:\n  {mark}  thresholds:\n")
        blocks += [entry.yaml(6) for entry in entries]
    return "".join(blocks)


def write(text: str, path: Path) -> None:
    """Write the proposals to a file of the user's, completely or not at all; to a device or a pipe as they come.

    Raises:
        UserError: the file cannot be written.
        DiskFull: the disk is full.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        path = path.resolve(strict=path.is_symlink())  # what a link leads to is written, not the link
        path.parent.stat()
        with written(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except DiskFull:
        raise
    except (OSError, DiskFailed) as error:
        reason = causes.number(error.__cause__ or error)
        raise UserError(
            f"{path} cannot be written ({os.strerror(reason) if reason else error}): choose another file"
        ) from None


class _Entry(NamedTuple):
    """A threshold of the fragment."""

    proposed: Sequence[TunedScore]  # with the same bounds
    thresholds: Mapping[str, ThresholdConfig]  # in force
    comments: Sequence[TunedScore]

    @property
    def recommended(self) -> bool:
        return self.proposed[0].recommended

    def yaml(self, indent: int) -> str:
        """It is a comment if it is not recommended."""
        score, spaces = self.proposed[0], " " * indent
        threshold = self.thresholds.get(score.column, self.thresholds.get(score.score, ThresholdConfig()))
        content = threshold.model_dump(exclude_defaults=True) | _bounds(score, threshold)
        entry = yaml.safe_dump({score.column: content}, sort_keys=False)
        comments = "".join(f"{spaces}# {_comment(commented)}\n" for commented in self.comments)
        return comments + textwrap.indent(entry, spaces if self.recommended else f"{spaces}# ")


def _same_for_all(proposed: Sequence[TunedScore], recipe: Recipe) -> bool:
    """Whether the same bounds are proposed for all targets, and no target has a threshold of its own."""
    first = proposed[0]
    if first.language == recipe.src:
        return True
    said = {name for target in recipe.targets.values() for name in target.thresholds}
    bounds = {score.language: _bounds(score, ThresholdConfig()) for score in proposed}
    agree = bounds.keys() == {*recipe.tgt} and all(other == bounds[first.language] for other in bounds.values())
    return agree and said.isdisjoint({first.column, first.score})


def _bounds(tuned: TunedScore, threshold: ThresholdConfig) -> dict[str, Any]:
    """The bounds to write. A bound that does not change is written as in the recipe, also if it is a percentile."""
    now, then = tuned.in_force or Passing(), tuned.passing or Passing()
    least = threshold.min if then.min == now.min else then.min
    most = threshold.max if then.max == now.max else then.max
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
