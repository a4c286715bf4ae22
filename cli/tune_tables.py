"""Scores and thresholds as a terminal may show them."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import polars as pl
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from sdrrl_data import tuning
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import TextPair
from sdrrl_data.recipe import (
    KNOWN_SCORES,
    Recipe,
    Score,
    of_source,
    score_columns,
    score_tables,
    scorer_name,
    scores_of,
)
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.tuning import IN_FORCE, PROPOSED, Candidate, Passing, Tuned, reading
from sdrrl_data.tuning.fragment import fragment

from . import bars
from .escaping import harmless

ANSWERS = "answers"  # stands for the scorer of what is known of the answers without one
WIDTH = 48  # cells that questions take, and answers beside them
LONGEST = 170  # cells of a terminal that a text may take
BETTER = {"more": "more is better", "less": "less is better", "usual": "the usual is better"}


class Wanted(NamedTuple):
    """What to look at."""

    scorer: str | None
    score: str | None
    examples: bool


def show(run: Run, manifest: Manifest, tags: Sequence[str], wanted: Wanted, console: Console) -> str:
    """Print the scores of these targets, and return the proposals as a part of a recipe; nothing where there are none.

    Raises:
        UserError: the run has no scores yet, or none of this name.
    """
    recipe = recipe_of(run, manifest)
    wanted_scores = _wanted_scores(recipe, wanted)
    thresholds, src = recipe.thresholds, recipe.src
    found: list[Tuned] = []
    console.print(bars.LEGEND)
    console.print("Beside a threshold: how many texts it keeps, and how many pairs it and all other filters keep.")
    for tag in tags:
        scores, rows = reading.read(run, tag, score_tables(recipe.scorers))
        for line in _missing(run, tag, rows):
            console.print(line)
        # Texts in the source language are the same for all targets: they are looked at once.
        seen = any(own.language == src for own in found)
        asked = {name: score for name, score in wanted_scores.items() if not (seen and of_source(name))}
        filters = tuning.Filters(scores, thresholds, src, tag)
        tuned = list(tuning.look(filters, asked))
        examples = _examples(run, manifest, scores, tag, tuned) if wanted.examples else {}
        for _, of_score in groupby(tuned, lambda own: own.score):
            texts = list(of_score)
            _show_score(texts, console)
            for own in texts:
                for example in examples.get(own.column, []):
                    console.print(example)
        found += tuned
        if tuned:
            console.print(f"\n{tag}: thresholds", style="bold")
            console.print(_summary(tuned))
            # Those for texts in the source language, from the first target, hold for this one too.
            proposed = [own for own in found if own.language in (src, tag) and own.column in scores.columns]
            console.print(
                f"pairs that pass every filter: {filters.pairs()} of {scores.height} now, "
                f"{filters.pairs(tuning.changes(proposed))} with the proposals"
            )
    if not found:
        raise UserError(
            f"{run.path} has no values of {', '.join(wanted_scores)} yet: type the `sdrrl-data generate` command that "
            "began it again, with the same --out"
        )
    if any(own.passing and not own.sound for own in found):
        console.print(
            "\nIn brackets: no group of bad texts shows, the worst are dropped, good or bad. Not counted, and written "
            "as a comment."
        )
    return fragment(found, thresholds, src, recipe.tgt) if any(own.passing for own in found) else ""


def where_next(run: Path, written: Path | None, proposals: bool, console: Console) -> None:
    """Print the command to type next."""
    console.print()
    place = shlex.quote(str(run))
    if not proposals:
        line = f"nothing is proposed; look at rows: sdrrl-data inspect {place} --step scores"
    elif written:
        line = (
            f"{written} is written. Look through it, then type the command that made the run with it:\n"
            f"sdrrl-data generate ... --out {place} --with {shlex.quote(str(written))}"
        )
    else:
        line = f"write the proposals  sdrrl-data tune {place} --write thresholds.yaml"
    console.print(line, soft_wrap=True)


def _wanted_scores(recipe: Recipe, wanted: Wanted) -> dict[str, Score]:
    """The scores to look at by their columns, in the order of the recipe's scorers."""
    scorers = {scorer_name(scorer): scores_of(scorer) for scorer in recipe.scorers} | {ANSWERS: KNOWN_SCORES}
    if wanted.scorer is not None and wanted.scorer not in scorers:
        raise UserError(f"the run has no scorer {wanted.scorer}: it has {', '.join(scorers)}")
    names = [name for scorer, own in scorers.items() if wanted.scorer in (None, scorer) for name in own]
    if wanted.score is not None and wanted.score not in names:
        raise UserError(f"there is no score {wanted.score} here: there are {', '.join(names)}")
    declared = score_columns(recipe.scorers)
    return {name: declared[name] for name in names if wanted.score in (None, name)}


def _missing(run: Run, tag: str, rows: Mapping[str, int]) -> list[str]:
    """What of a target's scores is not there yet."""
    if not rows:
        return [f"\n{tag}: no scores yet"]
    translated = run.table(f"{tag}/translations").count()
    few = [f"{tag}/{table} {count}" for table, count in rows.items() if count < translated]
    return [f"\nunfinished: of {translated} rows, {', '.join(few)}; the others count as not judged"] if few else []


def _show_score(texts: Sequence[Tuned], console: Console) -> None:
    first = texts[0]
    console.print()
    console.print(f"{first.language}: {first.score} ({BETTER[first.better]})", style="bold")
    console.print(_beside([Group(*_panel(own)) for own in texts], console))


def _beside(panels: Sequence[RenderableType], console: Console) -> RenderableType:
    """Questions and answers beside each other, where the terminal is wide enough."""
    if console.width < 2 * WIDTH + 2:
        return Group(*panels)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in panels:
        grid.add_column(width=WIDTH)
    grid.add_row(*panels)
    return grid


def _panel(tuned: Tuned) -> Iterator[RenderableType]:
    spread = tuned.distribution
    nulls = f", {spread.nulls} not judged" if spread.nulls else ""
    yield Text(f"{tuned.text}s: {spread.values}{nulls}")
    yield Text(bars.drawn(spread.histogram, tuned.in_force, tuned.passing))
    yield Text("   ".join(f"{share:.0%} {bars.short(value)}" for share, value in spread.percentiles.items()))
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("keeps", no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in ("texts", "pairs"):
        table.add_column(heading, justify="right")
    for candidate in tuned.candidates:
        kept = candidate.kept
        table.add_row(_said(candidate.passing), _names(candidate), str(kept.texts), str(kept.pairs))
    yield table
    if tuned.weight:
        yield Text(f"a text that fails is not dropped: it counts {tuned.weight:g}")
    yield Text(f"proposed: {tuned.why}" if tuned.passing else f"nothing proposed: {tuned.why}")


def _names(candidate: Candidate) -> str:
    """What a candidate is called; of several shares, the greatest."""
    own = [name for name in candidate.names if name in (IN_FORCE, PROPOSED)]
    return ", ".join(own) or candidate.names[-1]


def _said(passing: Passing) -> str:
    """The values that pass, in words."""
    least, most = (None if bound is None else f"{bound:.4g}" for bound in passing)
    if least is None or most is None:
        return f"<= {most}" if least is None else f">= {least}"
    return f"{least} to {most}"


def _summary(tuned: Sequence[Tuned]) -> Table:
    """Every threshold in force beside the one that is proposed."""
    table = Table("score", "of", "in force", box=None, pad_edge=False)
    table.add_column("fail", justify="right")
    table.add_column("proposed")
    table.add_column("fail", justify="right")
    table.add_column("found by")
    for own in tuned:
        table.add_row(own.score, f"{own.text}s", *_row(own, IN_FORCE), *_row(own, PROPOSED), own.why)
    return table


def _row(tuned: Tuned, name: str) -> tuple[str, str]:
    candidate = tuned.candidate(name)
    if candidate is None:
        return "", ""
    said, failing = _said(candidate.passing), tuned.failing(candidate)
    share = failing / tuned.distribution.values
    return said if name == IN_FORCE or tuned.sound else f"({said})", f"{failing} {share:6.1%}"


def _examples(
    run: Run, manifest: Manifest, scores: pl.DataFrame, tag: str, tuned: Sequence[Tuned]
) -> dict[str, list[RenderableType]]:
    """The texts that lie nearest to each bound that is proposed, by column."""
    near = [
        (own, bound, reading.nearest(scores, own.column, bound, upper))
        for own in tuned
        for upper, bound, now in zip((False, True), own.passing or (), own.in_force or Passing(), strict=False)
        if bound is not None and bound != now
    ]
    ids = {row.id for _, _, rows in near for row in rows}
    texts = reading.texts(run, tag, sum(map(len, manifest.growths)), ids)
    found: dict[str, list[RenderableType]] = {}
    for own, bound, rows in near:
        grid = Table.grid(padding=(0, 2, 0, 2), pad_edge=True)
        for row in rows:
            if row.id in texts:
                pair = texts[row.id][own.text]
                grid.add_row("kept" if row.passes else "fails", f"{row.value:.4g}", _pair(pair))
        found.setdefault(own.column, []).append(Group(f"\n{own.text}s nearest to {bound:.4g}", grid))
    return found


def _pair(pair: TextPair) -> Text:
    lines = []
    for text in pair.source, pair.target:
        line = Text(harmless(text))
        line.truncate(LONGEST, overflow="ellipsis")
        lines.append(line)
    return Text("\n").join(lines)
