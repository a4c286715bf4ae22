"""What is printed when a run is finished: one screen. The rest is in the report, and in `details`."""

import shlex
from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import NamedTuple

import polars as pl
from rich.console import Console

from sdrrl_data.pipeline.beginning import RECIPE
from sdrrl_data.recipe import shipped_scores
from sdrrl_data.recipe.changes import changes
from sdrrl_data.report import figures, hints, remedies, verdict_changes
from sdrrl_data.report.verdict_changes import VerdictChanges
from sdrrl_data.run import Manifest, Run, provenance
from sdrrl_data.shown import escaped

from . import details, samples
from .console import STDOUT, PlainConsole, is_json

MOST_TARGETS, MOST_REASONS, MOST_HINTS, MOST_CHANGES, MOST_FILTERS = 5, 3, 3, 6, 4  # that are shown
SAMPLE_ROWS, SAMPLE_LENGTH = 2, 120  # rows of the transfer set, and cells of the terminal for each of their texts
READ = 2_000  # rows of each split from which these are chosen
MARGIN = 11  # cells before the text of a line


class Before(NamedTuple):
    """What a run was before it was made again."""

    manifest: Manifest | None
    verdicts: Mapping[str, pl.DataFrame]  # of each target, if it was finished

    @classmethod
    def of(cls, run: Run) -> "Before":
        """What a run is now, with nothing if it has no manifest yet."""
        manifest = run.manifest()
        finished = manifest.signatures if manifest and manifest.state == "finished" else ()
        return cls(manifest, {tag: verdict_changes.read(run, tag) for tag in finished})


def show(manifest: Manifest, run: Run, before: Before | None = None, verbose: bool = False) -> None:
    """Print what came out, what was lost and why, what has changed, a few rows, and the commands to type next.

    Args:
        manifest: of the run, with its counts.
        run: the sample rows are read from it.
        before: what the run was.
        verbose: also print every table of figures.
    """
    console = PlainConsole()
    show_results(manifest, run, console, before)
    if verbose:
        details.show(manifest, run, console)
    console.print()
    for line in _next_commands(manifest, run, verbose):
        console.print(line, soft_wrap=True)


def show_results(manifest: Manifest, run: Run, console: Console, before: Before | None = None) -> None:
    """Print the same without the commands to type next."""
    for line in [*_results(manifest, before), *_losses(manifest), *_changes(manifest, run, before)]:
        _print(line, console)
    folder = shlex.quote(str(run.path))
    for number, hint in enumerate(hints.of(manifest, folder)[:MOST_HINTS]):
        _print(f"{'look at' if not number else '':<{MARGIN}}{escaped(hint.says)}", console)
        if hint.command:
            console.print(f"{'':<{MARGIN}}{hint.command}", soft_wrap=True)
    for remedy in remedies.of(run, manifest):
        _print(f"{'few kept':<11}{remedy.why()}", console)
        console.print(f"keep {remedy.keeps:<6,}{remedy.command(manifest, folder)}", soft_wrap=True)
    _show_rows(manifest, run, console)


def _print(line: str, console: Console) -> None:
    """Print a line with its name in the margin; what does not fit goes on below its text."""
    if is_json(STDOUT):
        console.print(line.strip())
        return
    width = max(console.width, 4 * MARGIN)
    words = fill(line, width, subsequent_indent=" " * MARGIN, break_long_words=False, break_on_hyphens=False)
    console.print(words, soft_wrap=True)


def _results(manifest: Manifest, before: Before | None) -> Iterator[str]:
    """The rows of each step, and of each transfer set."""
    steps, targets = manifest.counts.steps, manifest.counts.targets
    aside = {step: count.rows_in - count.rows_out for step, count in steps.items()}
    set_aside = ", ".join(f"{rows:,} of {step}" for step, rows in aside.items() if rows)
    yield f"made       {steps['seeds'].rows_out:,} questions, {steps['answers'].rows_out:,} answers" + (
        f"; rows set aside: {set_aside}" if set_aside else ""
    )
    for tag, target in list(targets.items())[:MOST_TARGETS]:
        rows, earlier = sum(target.rows.values()), _rows_before(before, tag)
        was = f" (before: {earlier:,})" if earlier not in (None, rows) else ""
        splits = ", ".join(f"{number:,} {split}" for split, number in target.rows.items())
        yield f"{tag:<11}{target.pairs:,} pairs, {target.kept:,} kept by every filter; {rows:,} rows{was}: {splits}"
    if len(targets) > MOST_TARGETS:
        rest = list(targets.values())[MOST_TARGETS:]
        yield f"           and {figures.all_rows(rest):,} rows of {len(rest)} more targets"


def _rows_before(before: Before | None, tag: str) -> int | None:
    count = before.manifest.counts.targets.get(tag) if before and before.manifest else None
    return sum(count.rows.values()) if count else None


def _losses(manifest: Manifest) -> Iterator[str]:
    """The largest reasons for which rows were lost."""
    reasons = figures.reasons(manifest, shipped_scores())
    for number, reason in enumerate(reasons[:MOST_REASONS]):
        yield f"{'lost' if not number else '':<11}{_in_words(reason)}"
    if len(reasons) > MOST_REASONS:
        yield f"{'':<11}and {_counted(len(reasons) - MOST_REASONS, 'smaller reason')}"


def largest_loss(manifest: Manifest) -> str:
    """The largest reason for which rows were lost, in words."""
    reasons = figures.reasons(manifest, shipped_scores())
    return f"most were lost here: {_in_words(reasons[0])}" if reasons else "there are no questions"


def _in_words(reason: figures.Reason) -> str:
    return f"{_counted(reason.rows, 'pair' if reason.of_pairs else 'row')} of {reason.where}: {escaped(reason.why)}"


def _changes(manifest: Manifest, run: Run, before: Before | None) -> Iterator[str]:
    """The settings that have changed, and the pairs that were gained and lost by that."""
    if before is None or before.manifest is None:
        return
    changed = [
        change
        for change in changes(before.manifest.recipe, manifest.recipe)
        if change.key not in {"name", "description"}
    ]
    if changed:
        others = len(changed) - MOST_CHANGES
        more = f"; and {others} more, see {RECIPE}" if others > 0 else ""
        yield f"changed    {'; '.join(escaped(str(change)) for change in changed[:MOST_CHANGES])}{more}"
    for tag, earlier in before.verdicts.items():
        if tag in manifest.signatures:
            now = verdict_changes.compare(verdict_changes.read(run, tag), earlier)
            parts = [_by_filters(now, what) for what in (verdict_changes.GAINED, verdict_changes.LOST)]
            if any(parts) or changed:
                yield f"{'':<11}{tag}: {'; '.join(filter(None, parts)) or 'the same pairs are kept'}"


def _by_filters(now: VerdictChanges, what: str) -> str:
    """How many pairs were gained, or lost, and by which filters; empty if there is none."""
    pairs = getattr(now, what)
    filters = [(change.filter, getattr(change, what)) for change in now.by_filter if getattr(change, what)]
    named = ", ".join(f"{name} {number:,}" for name, number in filters[:MOST_FILTERS])
    more = ", …" if len(filters) > MOST_FILTERS else ""
    if sum(number for _, number in filters) > pairs:
        more += "; some by more than one"
    return f"{_counted(pairs, 'pair')} {what} ({named}{more})" if pairs else ""


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _show_rows(manifest: Manifest, run: Run, console: Console) -> None:
    for tag, target in manifest.counts.targets.items():
        if any(target.rows.values()):
            console.print(f"\nrows of {tag}/transfer_set: a pair gives several, one for each direction", style="bold")
            rows = run.dataset(f"{tag}/transfer_set").first(READ)
            samples.show(samples.choose(rows).head(SAMPLE_ROWS), console, SAMPLE_LENGTH)
            return


def _next_commands(manifest: Manifest, run: Run, verbose: bool) -> Iterator[str]:
    """Where the run is, and commands to type next."""
    folder = shlex.quote(str(run.path))
    digests = ", ".join(dict.fromkeys(map(provenance.digest, manifest.signatures.values())))
    yield f"run        {run.path} (signature {digests})"
    yield f"look       sdrrl-data report {folder}"
    targets = manifest.counts.targets.values()
    if any(target.pairs for target in targets):
        yield f"tune       sdrrl-data tune {folder}"
    if not all(target.pairs for target in targets):
        yield f"set aside  sdrrl-data inspect {folder} --set-aside"
    if any(any(target.rows.values()) for target in targets):
        yield f"publish    sdrrl-data push {folder} OWNER/NAME"
    answers = manifest.counts.steps["answers"]
    if answers.rows_in > answers.rows_out:
        yield f"ask again  {run.command} --retry-set-aside"
    if not verbose:
        yield f"figures    {run.command} --verbose"
