"""Scores and thresholds, printed to a terminal."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from sdrrl_data import tuning
from sdrrl_data.protocols import TextPair
from sdrrl_data.recipe import known_scores
from sdrrl_data.run import Manifest, Run
from sdrrl_data.shown import escaped
from sdrrl_data.steps.reasons import Reasons
from sdrrl_data.tuning import IN_FORCE, PROPOSED, CandidateBounds, Passing, TunedScore, reading
from sdrrl_data.tuning.proposals import LEAST_VALUES
from sdrrl_data.tuning.run_scores import TunedTarget

from . import bars, narrow
from .narrow import Column

WIDTH = 48  # cells of the terminal for questions; as many for the answers beside them
LONGEST = 170  # cells of the terminal that a text may take
SUMMARY = (  # every threshold in force beside the proposed one
    Column("score"),
    Column("of"),
    Column("now"),
    Column("fail", leaves=2, justify="right"),
    Column("proposed", leaves=1),
    Column("fail", leaves=2, justify="right"),
    Column("found by", leaves=3, wraps=True),
)
BETTER = {"more": "more is better", "less": "less is better", "usual": "the usual value is better"}


def show(
    run: Run, manifest: Manifest, targets: Iterable[TunedTarget], src: str, examples: bool, console: Console
) -> list[TunedScore]:
    """Print everything about the scores of these targets, and return them.

    Args:
        run: may be unfinished.
        manifest: of the run.
        targets: see `tuning.run_scores.tune`.
        src: tag of the source language.
        examples: whether to show texts, too.
        console: to print to.
    """
    all_tuned: list[TunedScore] = []
    reasons = Reasons.of(manifest, known_scores(manifest.recipe["scorers"]))
    console.print(bars.LEGEND)
    console.print("Beside a threshold: how many texts it keeps, and how many pairs it and all other filters keep.")
    for target in targets:
        for line in missing(target):
            console.print(line)
        texts_near_bounds = _examples(run, manifest, target) if examples else {}
        for _, texts_of_score in groupby(target.tuned, lambda score: score.score):
            texts = list(texts_of_score)
            _show_score(texts, reasons, console)
            for text in texts:
                for example in texts_near_bounds.get(text.column, []):
                    console.print(example)
        all_tuned += target.tuned
        if target.tuned:
            _show_thresholds(target, all_tuned, src, console)
    if any(score.passing and not score.recommended for score in all_tuned):
        console.print(
            "\nIn brackets: there is no group of bad texts, so the worst texts are dropped, good or bad. Such a "
            "proposal is not counted, and is written as a comment."
        )
    return all_tuned


def show_next_command(
    folder: Path, written: Path | None, tuned: Sequence[TunedScore], proposals: bool, more: bool, console: Console
) -> None:
    """Print the command to type next.

    Args:
        folder: of the run.
        written: the file with the proposals, if it was written.
        tuned: all scores that were looked at.
        proposals: whether there are any.
        more: whether there is more to see.
        console: to print to.
    """
    console.print()
    run = shlex.quote(str(folder))
    if not proposals:
        most = max((score.distribution.values for score in tuned), default=0)
        few = f": a proposal takes {LEAST_VALUES} texts of a score, and here are {most}" if most < LEAST_VALUES else ""
        line = f"nothing is proposed{few}\nlook at rows        sdrrl-data inspect {run} --step scores"
    elif written:
        line = (
            f"{written} is written. Read it, then run `generate` again with it:\n"
            f"sdrrl-data generate ... --out {run} --with {shlex.quote(str(written))}"
        )
    else:
        line = f"write the proposals sdrrl-data tune {run} --write thresholds.yaml"
    if more:
        line = (
            f"what a score means  sdrrl-data tune {run} --score SCORE --examples\n"
            f"all of the scores   sdrrl-data tune {run} --all\n{line}"
        )
    console.print(line, soft_wrap=True)


def missing(target: TunedTarget) -> list[str]:
    """The scores of a target that are still missing, in words."""
    if not target.judged:
        return [f"\n{target.tag}: no scores yet"]
    unfinished = ", ".join(f"{target.tag}/{table} has {rows}" for table, rows in target.unfinished.items())
    if not unfinished:
        return []
    return [f"\nunfinished: of {target.translated} rows, {unfinished}; the other rows count as not judged"]


def _show_thresholds(target: TunedTarget, all_tuned: Sequence[TunedScore], src: str, console: Console) -> None:
    """Every threshold of a target beside the proposed one, and what all of them keep together."""
    console.print(f"\n{target.tag}: thresholds", style="bold")
    rows = (
        [score.score, f"{score.text}s", *_row(score, IN_FORCE), *_row(score, PROPOSED), score.why]
        for score in target.tuned
    )
    console.print(narrow.table(SUMMARY, rows, console))
    # The proposals for texts in the source language, from the first target, apply to this target too.
    languages, columns = (src, target.tag), target.scores.columns
    proposed = [score for score in all_tuned if score.language in languages and score.column in columns]
    console.print(
        f"pairs that pass every filter: {target.filters.pairs()} of {target.scores.height} now, "
        f"{target.filters.pairs(tuning.changes(proposed))} with the proposals"
    )


def _show_score(texts: Sequence[TunedScore], reasons: Reasons, console: Console) -> None:
    first = texts[0]
    fails = {"too low": reasons.words(first.score, ">="), "too high": reasons.words(first.score, "<=")}
    words = "".join(f"; {side}: {what}" for side, what in fails.items() if what)
    console.print()
    console.print(f"{first.language}: {first.score} ({BETTER[first.better]}{words})", style="bold")
    if score := reasons.scores.get(first.score):
        console.print(score.says.replace("`", ""))
        if score.unscored and any(text.distribution.nulls for text in texts):
            console.print(f"not judged: {score.unscored}")
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
        table.add_row(in_words(candidate.passing), _name(candidate), str(retained.texts), str(retained.pairs))
    yield table
    if tuned.weight:
        yield Text(f"a text that fails is not dropped: its weight is {tuned.weight:g}")
    yield Text(f"proposed: {tuned.why}" if tuned.passing else f"nothing proposed: {tuned.why}")


def _name(candidate: CandidateBounds) -> str:
    """The name of a candidate: "now" and "proposed" if they apply, else its greatest share."""
    special = [name for name in candidate.names if name in (IN_FORCE, PROPOSED)]
    return ", ".join(special) or candidate.names[-1]


def in_words(passing: Passing) -> str:
    """The values that pass, in words."""
    least, most = (None if bound is None else f"{bound:.4g}" for bound in passing)
    if least is None or most is None:
        return f"<= {most}" if least is None else f">= {least}"
    return f"{least} to {most}"


def _row(tuned: TunedScore, name: str) -> tuple[str, str]:
    candidate = tuned.candidate(name)
    if candidate is None:
        return "", ""
    words, failing = in_words(candidate.passing), tuned.failing(candidate)
    share = failing / tuned.distribution.values
    return words if name == IN_FORCE or tuned.recommended else f"({words})", f"{failing} {share:6.1%}"


def _examples(run: Run, manifest: Manifest, target: TunedTarget) -> dict[str, list[RenderableType]]:
    """The texts nearest to each proposed bound, or else to each bound in force, by column."""
    near = [
        (score, bound, reading.nearest(target.scores, score.column, bound, upper))
        for score in target.tuned
        for upper, bound in zip((False, True), score.passing or score.in_force or (), strict=False)
        if bound is not None
    ]
    ids = {row.id for _, _, rows in near for row in rows}
    texts = reading.texts(run, target.tag, sum(map(len, manifest.growths)), ids)
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
