"""What a run is: its ingredients, its tables so far, and the commands to type next."""

import shlex
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sdrrl_data.run import Manifest, Run, provenance
from sdrrl_data.run.dataset import OF_TARGET, TRANSFER_SET
from sdrrl_data.shown import escaped
from sdrrl_data.steps.native_texts import NATIVE_TEXTS, TEXT_TRANSLATIONS

from . import narrow
from .narrow import Column

# The tables of a target, in the order of the steps; some patterns match several tables.
TARGET_TABLES = (
    "parallel",
    "translations-*",
    "translations",
    "references*",  # translated, for the controls
    "direct_*",  # the model's own answers in the target language, and their scores
    "prompts",
    "code_switched",
    "scores-*",
    "verdicts",
    *OF_TARGET,
)
SAMPLE_TABLES = ("samples*", "sample_scores")  # of all targets, where a question has several answers
ONE_PART = ("parallel", "prompts")  # these tables have one part, however many parts the seeds have


def tables(run: Run, tags: Sequence[str]) -> list[str]:
    """The tables of a run that have rows: those that all targets share and those of these targets, in step order."""
    samples = sorted(path.name for name in SAMPLE_TABLES for path in run.path.glob(name))
    names = [NATIVE_TEXTS, TEXT_TRANSLATIONS, "seeds", *samples, "answers"]
    for tag in tags:
        names += [f"{tag}/{path.name}" for name in TARGET_TABLES for path in sorted((run.path / tag).glob(name))]
    return [name for name in names if run.table(name).parts() or run.dataset(name).exists()]


def signature_lines(signatures: Mapping[str, str], verbose: bool) -> list[str]:
    """The signature of each target: its digest, or if `verbose` the whole of it."""
    if verbose:
        return [f"signature  {escaped(signature)}" for signature in signatures.values()]
    digests = [f"{provenance.digest(signature)} ({tag})" for tag, signature in signatures.items()]
    return [f"signature  {', '.join(digests)}; the whole with --verbose"]


def show(run: Run, manifest: Manifest, names: Sequence[str], console: Console, verbose: bool = False) -> None:
    """Print the recipe, the models, the signatures, the tables, and what to type next."""
    console.print(Text(escaped(f"{manifest.recipe['name']}: {manifest.description}")))
    console.print()
    ingredients = Table.grid(padding=(0, 2, 0, 0))
    ingredients.add_column()
    ingredients.add_column(overflow="fold")
    for ingredient in manifest.ingredients:
        tags = manifest.targets_of(ingredient)
        only_for = f"only {', '.join(tags)}" if len(tags) < len(manifest.signatures) else ""
        ingredients.add_row(ingredient.role, escaped(provenance.described(ingredient)), only_for)
    console.print(ingredients)
    console.print()
    for line in signature_lines(manifest.signatures, verbose):
        console.print(line, soft_wrap=True)
    console.print()
    aside = {name: run.table(name).set_aside().height for name in names}
    console.print(_tables(run, manifest, aside, console))
    console.print()
    for line in _next_commands(run, manifest, aside):
        console.print(line, soft_wrap=True)


def _tables(run: Run, manifest: Manifest, aside: Mapping[str, int], console: Console) -> Table:
    columns = (
        Column("table"),
        Column("rows", justify="right"),
        Column("parts", leaves=2, justify="right"),
        Column("set aside", leaves=1, justify="right"),
    )
    cells = []
    for name, rows in aside.items():
        tag, _, step = name.rpartition("/")
        if step in OF_TARGET:
            rows_of_splits = run.dataset(name).rows() if tag in manifest.counts.targets else {}
            cells.append([name, str(sum(rows_of_splits.values())) if rows_of_splits else "-", "-", "-"])
            continue
        table = run.table(name)
        parts = 1 if step in ONE_PART else sum(map(len, manifest.growths))
        cells.append([name, str(table.count()), f"{table.parts()} of {parts}", str(rows)])
    return narrow.table(columns, cells, console, gap=2)


def _next_commands(run: Run, manifest: Manifest, aside: Mapping[str, int]) -> list[str]:
    """The state of the run, and commands to type next."""
    command = f"sdrrl-data inspect {shlex.quote(str(run.path))}"
    lines = ["state      finished"]
    if manifest.state != "finished":
        lines = [
            "state      unfinished; parts may be missing, or may have been made with earlier settings",
            f"continue   {run.command}",
        ]
        if run.is_worked_on:
            lines = [
                "state      unfinished; it is being made now",
                f"progress   sdrrl-data status {shlex.quote(str(run.path))}",
            ]
    if aside:
        steps = [name.rpartition("/")[2] for name in aside]
        lines.append(f"look at    {command} --step {TRANSFER_SET if TRANSFER_SET in steps else steps[-1]}")
    if any(aside.values()):
        lines.append(f"set aside  {command} --set-aside")
    return lines
