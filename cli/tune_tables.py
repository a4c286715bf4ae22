"""Scores and thresholds, printed to a terminal."""

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
from sdrrl_data.tuning import IN_FORCE, PROPOSED, CandidateBounds, Passing, TunedScore, reading
from sdrrl_data.tuning.fragment import fragment

from . import bars
from .escaping import escaped

ANSWERS = "answers"  # in place of a scorer: for what is known of the answers without one
WIDTH = 48  # cells of the terminal for questions; as many for the answers beside them
LONGEST = 170  # cells of the terminal that a text may take
BETTER = {"more": "more is better", "less": "less is better", "usual": "the usual value is better"}


class ScoreSelection(NamedTuple):
    """Which scores to show."""

    scorer: str | None  # only those of this scorer
    score: str | None  # only this one
    examples: bool  # whether to show texts, too


def show(run: Run, manifest: Manifest, tags: Sequence[str], selection: ScoreSelection, console: Console) -> str:
    """Print the scores of these targets, and return the proposals as a part of a recipe; empty if there are none.

    Raises:
        UserError: the run has no scores yet, or no score with this name.
    """
    recipe = recipe_of(run, manifest)
    selected = _selected(recipe, selection)
    thresholds, src = recipe.thresholds, recipe.src
    all_tuned: list[TunedScore] = []
    console.print(bars.LEGEND)
    console.print("Beside a threshold: how many texts it keeps, and how many pairs it and all other filters keep.")
    for tag in tags:
        scores, rows = reading.read(run, tag, score_tables(recipe.scorers))
        for line in _missing(run, tag, rows):
            console.print(line)
        # Texts in the source language are the same for all targets: they are shown once.
        shown_before = any(score.language == src for score in all_tuned)
        to_show = {name: score for name, score in selected.items() if not (shown_before and of_source(name))}
        filters = tuning.Filters(scores, thresholds, src, tag)
        tuned = list(tuning.look(filters, to_show))
        examples = _examples(run, manifest, scores, tag, tuned) if selection.examples else {}
        for _, texts_of_score in groupby(tuned, lambda score: score.score):
            texts = list(texts_of_score)
            _show_score(texts, console)
            for text in texts:
                for example in examples.get(text.column, []):
                    console.print(example)
        all_tuned += tuned
        if tuned:
            console.print(f"\n{tag}: thresholds", style="bold")
            console.print(_summary(tuned))
            # The proposals for texts in the source language, from the first target, apply to this target too.
            proposed = [score for score in all_tuned if score.language in (src, tag) and score.column in scores.columns]
            console.print(
                f"pairs that pass every filter: {filters.pairs()} of {scores.height} now, "
                f"{filters.pairs(tuning.changes(proposed))} with the proposals"
            )
    if not all_tuned:
        raise UserError(
            f"{run.path} has no values of {', '.join(selected)} yet: type the `sdrrl-data generate` command that "
            "began it again, with the same --out"
        )
    if any(score.passing and not score.recommended for score in all_tuned):
        console.print(
            "\nIn brackets: there is no group of bad texts, so the worst texts are dropped, good or bad. Such a "
            "proposal is not counted, and is written as a comment."
        )
    any_proposal = any(score.passing for score in all_tuned)
    return fragment(all_tuned, thresholds, src, recipe.tgt) if any_proposal else ""


def show_next_command(folder: Path, written: Path | None, proposals: bool, console: Console) -> None:
    """Print the command to type next."""
    console.print()
    run = shlex.quote(str(folder))
    if not proposals:
        line = f"nothing is proposed; look at rows: sdrrl-data inspect {run} --step scores"
    elif written:
        line = (
            f"{written} is written. Read it, then run `generate` again with it:\n"
            f"sdrrl-data generate ... --out {run} --with {shlex.quote(str(written))}"
        )
    else:
        line = f"write the proposals  sdrrl-data tune {run} --write thresholds.yaml"
    console.print(line, soft_wrap=True)


def _selected(recipe: Recipe, selection: ScoreSelection) -> dict[str, Score]:
    """The scores to show by their columns, in the order of the recipe's scorers."""
    scorers = {scorer_name(scorer): scores_of(scorer) for scorer in recipe.scorers} | {ANSWERS: KNOWN_SCORES}
    if selection.scorer is not None and selection.scorer not in scorers:
        raise UserError(f"the run has no scorer {selection.scorer}: it has {', '.join(scorers)}")
    names = [name for scorer, scores in scorers.items() if selection.scorer in (None, scorer) for name in scores]
    if selection.score is not None and selection.score not in names:
        raise UserError(f"there is no score {selection.score} here: there are {', '.join(names)}")
    declared = score_columns(recipe.scorers)
    return {name: declared[name] for name in names if selection.score in (None, name)}


def _missing(run: Run, tag: str, rows: Mapping[str, int]) -> list[str]:
    """The scores of a target that are still missing."""
    if not rows:
        return [f"\n{tag}: no scores yet"]
    translated = run.table(f"{tag}/translations").count()
    unfinished = [f"{tag}/{table} has {count}" for table, count in rows.items() if count < translated]
    if not unfinished:
        return []
    return [f"\nunfinished: of {translated} rows, {', '.join(unfinished)}; the other rows count as not judged"]


def _show_score(texts: Sequence[TunedScore], console: Console) -> None:
    first = texts[0]
    console.print()
    console.print(f"{first.language}: {first.score} ({BETTER[first.better]})", style="bold")
    console.print(_beside([Group(*_panel(text)) for text in texts], console))


def _beside(panels: Sequence[RenderableType], console: Console) -> RenderableType:
    """Questions and answers beside each other, if the terminal is wide enough."""
    if console.width < 2 * WIDTH + 2:
        return Group(*panels)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in panels:
        grid.add_column(width=WIDTH)
    grid.add_row(*panels)
    return grid


def _panel(tuned: TunedScore) -> Iterator[RenderableType]:
    spread = tuned.distribution
    nulls = f", {spread.nulls} not judged" if spread.nulls else ""
    yield Text(f"{tuned.text}s: {spread.values}{nulls}")
    yield Text(bars.draw(spread.histogram, tuned.in_force, tuned.passing))
    yield Text("   ".join(f"{share:.0%} {bars.short(value)}" for share, value in spread.percentiles.items()))
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("keeps", no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in ("texts", "pairs"):
        table.add_column(heading, justify="right")
    for candidate in tuned.candidates:
        retained = candidate.retained
        table.add_row(_in_words(candidate.passing), _name(candidate), str(retained.texts), str(retained.pairs))
    yield table
    if tuned.weight:
        yield Text(f"a text that fails is not dropped: its weight is {tuned.weight:g}")
    yield Text(f"proposed: {tuned.why}" if tuned.passing else f"nothing proposed: {tuned.why}")


def _name(candidate: CandidateBounds) -> str:
    """The name of a candidate: "in force" and "proposed" if they apply, else its greatest share."""
    special = [name for name in candidate.names if name in (IN_FORCE, PROPOSED)]
    return ", ".join(special) or candidate.names[-1]


def _in_words(passing: Passing) -> str:
    """The values that pass, in words."""
    least, most = (None if bound is None else f"{bound:.4g}" for bound in passing)
    if least is None or most is None:
        return f"<= {most}" if least is None else f">= {least}"
    return f"{least} to {most}"


def _summary(tuned: Sequence[TunedScore]) -> Table:
    """Every threshold in force beside the proposed one."""
    table = Table("score", "of", "in force", box=None, pad_edge=False)
    table.add_column("fail", justify="right")
    table.add_column("proposed")
    table.add_column("fail", justify="right")
    table.add_column("found by")
    for score in tuned:
        table.add_row(score.score, f"{score.text}s", *_row(score, IN_FORCE), *_row(score, PROPOSED), score.why)
    return table


def _row(tuned: TunedScore, name: str) -> tuple[str, str]:
    candidate = tuned.candidate(name)
    if candidate is None:
        return "", ""
    words, failing = _in_words(candidate.passing), tuned.failing(candidate)
    share = failing / tuned.distribution.values
    return words if name == IN_FORCE or tuned.recommended else f"({words})", f"{failing} {share:6.1%}"


def _examples(
    run: Run, manifest: Manifest, scores: pl.DataFrame, tag: str, tuned: Sequence[TunedScore]
) -> dict[str, list[RenderableType]]:
    """The texts nearest to each proposed bound, by column."""
    near = [
        (score, bound, reading.nearest(scores, score.column, bound, upper))
        for score in tuned
        for upper, bound, now in zip((False, True), score.passing or (), score.in_force or Passing(), strict=False)
        if bound is not None and bound != now
    ]
    ids = {row.id for _, _, rows in near for row in rows}
    texts = reading.texts(run, tag, sum(map(len, manifest.growths)), ids)
    by_column: dict[str, list[RenderableType]] = {}
    for score, bound, rows in near:
        grid = Table.grid(padding=(0, 2, 0, 2), pad_edge=True)
        for row in rows:
            if row.id in texts:
                pair = texts[row.id][score.text]
                grid.add_row("kept" if row.passes else "fails", f"{row.value:.4g}", _pair(pair))
        by_column.setdefault(score.column, []).append(Group(f"\n{score.text}s nearest to {bound:.4g}", grid))
    return by_column


def _pair(pair: TextPair) -> Text:
    lines = []
    for text in pair.source, pair.target:
        line = Text(escaped(text))
        line.truncate(LONGEST, overflow="ellipsis")
        lines.append(line)
    return Text("\n").join(lines)
