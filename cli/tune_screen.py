"""The scores of a run on one screen: a line a score, those that drop most first."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table

from sdrrl_data import tuning
from sdrrl_data.tuning import IN_FORCE, PROPOSED, TunedScore
from sdrrl_data.tuning.run_scores import TunedTarget

from . import bars, narrow
from .narrow import Column
from .tune_tables import in_words, missing

MOST = 12  # scores of a target that have a line
WIDTH = 10  # cells of a small histogram
COLUMNS = (
    Column("score"),
    Column("threshold", leaves=1),
    Column("questions", leaves=4),
    Column("fail", leaves=3, justify="right", alone="questions\nfail"),
    Column("answers", leaves=4),
    Column("fail", leaves=3, justify="right", alone="answers\nfail"),
    Column("proposed (fail)", leaves=2),
)


def show(targets: Iterable[TunedTarget], src: str, console: Console) -> list[TunedScore]:
    """Print the scores of these targets, and return them.

    Args:
        targets: see `tuning.run_scores.tune`.
        src: tag of the source language.
        console: to print to.
    """
    all_tuned: list[TunedScore] = []
    for target in targets:
        all_tuned += target.tuned
        for line in missing(target):
            console.print(line)
        if target.tuned:
            languages, columns = (src, target.tag), target.scores.columns
            proposed = [score for score in all_tuned if score.language in languages and score.column in columns]
            now, then = target.filters.pairs(), target.filters.pairs(tuning.changes(proposed))
            with_proposals = f", {then:,} with the proposals" if then != now else ""
            console.print(
                f"\n{target.tag}: {now:,} of {target.scores.height:,} pairs pass every filter{with_proposals}",
                style="bold",
            )
            for part in _screen(target.tuned, console):
                console.print(part)
    return all_tuned


def _screen(tuned: Sequence[TunedScore], console: Console) -> Iterator[Table | str]:
    """A table of the scores that drop texts or have a proposal; then the names of the others."""
    scores = [list(texts) for _, texts in groupby(tuned, lambda text: text.score)]
    constant = [texts for texts in scores if all(_is_constant(text) for text in texts)]
    unused = [texts for texts in scores if texts not in constant and not any(_is_used(text) for text in texts)]
    used = [texts for texts in scores if texts not in constant and texts not in unused]
    used.sort(key=lambda texts: -max(max(_failing(text, IN_FORCE), _failing(text, PROPOSED)) for text in texts))
    if used:
        yield narrow.table(COLUMNS, map(_row, used[:MOST]), console, gap=2)
    rest = {
        "fewer texts fail": used[MOST:],
        "no threshold": unused,
        "the same value for every text": constant,
    }
    for what, those in rest.items():
        if those:
            yield f"{what}: {', '.join(texts[0].score for texts in those)}"


def _row(texts: Sequence[TunedScore]) -> list[str]:
    by_text = {text.text: text for text in texts}
    bounds = dict.fromkeys(in_words(text.in_force) for text in texts if text.in_force)
    cells = [texts[0].score, " / ".join(bounds)]
    for name in ("question", "answer"):
        if text := by_text.get(name):
            cells += [bars.small(text.distribution.histogram, WIDTH), str(_failing(text, IN_FORCE) or "-")]
        else:
            cells += ["", ""]
    proposals = dict.fromkeys(
        f"{in_words(text.passing)} ({_failing(text, PROPOSED)})" for text in texts if text.passing and text.recommended
    )
    return [*cells, "\n".join(proposals)]


def _failing(text: TunedScore, name: str) -> int:
    """The texts that fail with the bounds in force, or with those that are proposed for a group of bad texts."""
    candidate = text.candidate(name)
    return text.failing(candidate) if candidate and (name == IN_FORCE or text.recommended) else 0


def _is_constant(text: TunedScore) -> bool:
    return text.distribution.histogram.low == text.distribution.histogram.high and not _failing(text, IN_FORCE)


def _is_used(text: TunedScore) -> bool:
    return text.in_force is not None or text.recommended
