"""Every figure of a run that a table can show: `generate --verbose`."""

import json
import shlex
from collections.abc import Mapping
from datetime import timedelta

import polars as pl
from rich.console import Console
from rich.table import Table

from sdrrl_data.run import Count, Manifest, Run, TargetCount
from sdrrl_data.shown import escaped

STRICTER = {"confidence": 0.9, "similarity": 0.85}  # the recipes ask for less of the one that they have


def show(manifest: Manifest, run: Run, console: Console) -> None:
    """Print the tables: steps, reasons, filters, kinds of rows; the signatures and where the files are.

    Args:
        manifest: of the run, with its counts.
        run: the times are read from it.
        console: to print to.
    """
    steps, targets = manifest.counts.steps, manifest.counts.targets
    console.print()
    console.print(_steps(steps, run))
    if manifest.counts.answers:
        marks = ", ".join(f"{mark} {rows}" for mark, rows in manifest.counts.answers.items())
        console.print(f"\nanswers with a mark: {marks}")
    if any(count.set_aside for count in steps.values()):
        console.print("\nRows were set aside; they are in the folders set_aside:", style="bold")
        console.print(_set_aside(steps))
    for tag, target in targets.items():
        console.print(f"\n{tag}: {target.kept} of {target.pairs} pairs kept all four texts", style="bold")
        if target.translators:
            console.print(
                "translations taken from " + ", ".join(f"{name} {texts}" for name, texts in target.translators.items())
            )
        if target.filters:
            console.print("\ntexts that fail a filter, and their weight then (0: dropped)")
            console.print(_failed(target))
        if any(target.removed.values()):
            console.print("\npairs that each filter removes (in brackets: pairs that no other filter removes)")
            console.print(_removed(target))
        for test_set in target.contamination:
            items, texts = test_set.items, test_set.texts
            console.print(f"contamination: {items} items of {escaped(test_set.set)} were found in {texts} texts")
        rows = ", ".join(f"{split} {count}" for split, count in target.rows.items())
        console.print(f"\n{tag}/transfer_set (rows: {rows})", style="bold")
        console.print(_mix(target))
        if pairs := target.preferences:
            rows = ", ".join(f"{split} {count}" for split, count in pairs.rows.items())
            same = f"; {pairs.same} left out: both answers are the same text" if pairs.same else ""
            console.print(f"\n{tag}/preferences (rows: {rows}{same})", style="bold")
            rows = ", ".join(f"{split} {count}" for split, count in target.distillation.items())
            console.print(f"\n{tag}/distillation (rows: {rows})", style="bold")
    console.print()
    for line in _places(manifest, run):
        console.print(line, soft_wrap=True)


def _steps(steps: Mapping[str, Count], run: Run) -> Table:
    table = _table("step", "rows in", "rows out", "set aside", "time")
    seconds = dict(run.timings().group_by("step").agg(pl.col("seconds").sum()).iter_rows())
    for step, count in steps.items():
        time = str(timedelta(seconds=round(seconds[step]))) if step in seconds else ""
        table.add_row(step, str(count.rows_in), str(count.rows_out), str(_aside(count)), time)
    return table


def _set_aside(steps: Mapping[str, Count]) -> Table:
    table = Table("step", "reason", box=None, pad_edge=False)
    table.add_column("rows", justify="right")
    for step, count in steps.items():
        for reason, rows in count.set_aside.items():
            table.add_row(step, escaped(reason), str(rows))
        others = _aside(count) - sum(count.set_aside.values())
        if others:
            table.add_row(step, "other reasons", str(others))
    return table


def _aside(count: Count) -> int:
    return count.rows_in - count.rows_out


def _failed(target: TargetCount) -> Table:
    table = _table("filter", "weight", *target.kept_texts)
    for count in target.filters:
        table.add_row(count.filter, f"{count.weight:g}", *(str(count.texts[text]) for text in target.kept_texts))
    return table


def _removed(target: TargetCount) -> Table:
    table = _table("filter", *target.removed)
    for count in target.filters:
        if not count.weight:
            cells = (f"{count.alone[kind]} ({count.only[kind]})" for kind in target.removed)
            table.add_row(count.filter, *cells)
    table.add_row("all together", *(str(pairs) for pairs in target.removed.values()))
    table.add_row("of", *(str(target.pairs) for _ in target.removed))
    return table


def _mix(target: TargetCount) -> Table:
    table = _table("kind", "share wanted", "reached", "rows", "available")
    taken = sum(kind.taken for kind in target.mix)
    for kind in target.mix:
        reached = kind.taken / taken if taken else 0
        table.add_row(kind.kind, f"{kind.asked:.1%}", f"{reached:.1%}", str(kind.taken), str(kind.available))
    return table


def _places(manifest: Manifest, run: Run) -> list[str]:
    """The signatures, the files, how they are loaded, and what is stricter."""
    tags = list(manifest.signatures)
    folder = json.dumps(str(run.path / tags[0] / "transfer_set"), ensure_ascii=False)
    load = f"from datasets import load_dataset; print(load_dataset({folder}))"
    lines = [
        *(f"signature  {signature}" for signature in manifest.signatures.values()),
        f"run        {run.path}: README.md, manifest.json, TARGET/transfer_set, every step's tables",
        f"load it    python -c {shlex.quote(load)}",
    ]
    thresholds = [manifest.target_recipe(tag)["thresholds"] for tag in tags]
    for score, stricter in STRICTER.items():
        least, *others = [bounds.get(score, {}).get("min") for bounds in thresholds]
        if isinstance(least, float) and least < stricter and not any(bound != least for bound in others):
            lines.append(f"stricter   {run.command} --set thresholds.{score}.min={stricter}")
            break
    return lines


def _table(first: str, *numbers: str) -> Table:
    table = Table(first, box=None, pad_edge=False)
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table
