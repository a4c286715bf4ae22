"""What a plan would do, and how much work it would be."""

from rich.console import Console
from rich.table import Table

from sdrrl_data.pipeline import estimate, redone
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.shown import escaped, rate
from sdrrl_data.steps.model_pool import Models

from . import narrow
from .console import PlainConsole
from .narrow import Column
from .overview import signature_lines
from .progress import Bars


def show(plan: Plan, models: Models, measure: bool, verbose: bool = False) -> None:
    """Print the steps with their parts, the models, the tokens, and where the rows would be written.

    Args:
        plan: what would be done.
        models: finds and loads the models.
        measure: also process a few dozen rows, and print the hours that the rest would take.
        verbose: print whole signatures.
    """
    console = PlainConsole()
    for columns in plan.seed_columns:
        console.print(escaped(columns.sentence()), soft_wrap=True)
    for sentence in filter(None, (plan.waiting(), plan.leaving())):
        console.print(sentence, soft_wrap=True)
    console.print(_steps(plan, console))
    console.print("A row that a step sets aside is missing from the next steps.\n")
    for sentence in redone.sentences(redone.redone(plan)):
        console.print(f"{escaped(sentence)}\n", soft_wrap=True)
    console.print(_ingredients(plan))
    with Bars():  # a tokenizer takes seconds to load
        tokens = estimate.tokens(plan)
    console.print(f"\n{_tokens(plan, tokens)}", soft_wrap=True)
    console.print()
    for line in signature_lines(plan.signatures, verbose):
        console.print(line, soft_wrap=True)
    console.print(f"run        {plan.run.path}", soft_wrap=True)
    if plan.finished():
        console.print("Everything is finished already.")
    elif measure:
        with Bars() as bars:
            probe = estimate.probe(plan, models, bars)
        console.print()
        _show_probe(console, plan, probe)


def _steps(plan: Plan, console: Console) -> Table:
    columns = (
        Column("step"),
        Column("rows", leaves=1, justify="right"),
        Column("parts", leaves=2, justify="right"),
        Column("done", justify="right"),
        Column("to do", justify="right"),
    )
    cells = []
    for name, parts in plan.tables.fingerprints.items():
        if name in plan.tables.sources:
            rows = str(sum(part.rows.height for part in plan.tables.sources[name]))
        else:
            rows = str(sum(plan.sizes)) if plan.tables.jobs[name].step.makes == "part" else "-"
        missing = len(plan.missing(name))
        cells.append([name, rows, *map(str, (len(parts), len(parts) - missing, missing))])
    return narrow.table(columns, cells, console, gap=2)


def _ingredients(plan: Plan) -> Table:
    table = Table("ingredient", "name", "engine", "licence", "", box=None, pad_edge=False)
    for ingredient in plan.ingredients:
        tags = [tag for tag, parts in plan.ingredients_of.items() if ingredient in parts]
        only_for = f"only {', '.join(tags)}" if len(tags) < len(plan.targets) else ""
        licence = ingredient.licence or "not known"
        table.add_row(ingredient.role, ingredient.name, ingredient.engine or "-", licence, only_for)
    return table


def _tokens(plan: Plan, tokens: estimate.Tokens) -> str:
    taken = _taken_over(plan, tokens.prompts)
    if not tokens.prompts:
        return f"{tokens.written:<10} all finished{taken}"
    tokens_in = "tokens in not known"
    if tokens.tokens_in is not None:
        tokens_in = f"{tokens.tokens_in:,} tokens in (the longest prompt {tokens.longest or 0:,})"
    aside = f"; {tokens.too_long:,} prompts are too long and will be set aside" if tokens.too_long else ""
    return (
        f"{tokens.written:<10} {tokens.prompts:,} prompts, {tokens_in}, at most {tokens.most_out:,} tokens out"
        f"{aside}{taken}"
    )


def _taken_over(plan: Plan, prompts: int) -> str:
    """How many answers of missing parts are finished, and where."""
    finished = sum(plan.sizes[part] for part in plan.missing("answers")) - prompts
    if finished <= 0:
        return ""
    folders = dict.fromkeys(earlier.folder for earlier in plan.tables.jobs["answers"].earlier)
    others = [str(folder) for folder in folders if not folder.is_relative_to(plan.run.path)]
    return f"; {finished:,} answers are taken from {' and '.join(others) or plan.run.path}"


def _show_probe(console: Console, plan: Plan, probe: estimate.Probe) -> None:
    """What was measured, and the hours that it means."""
    table = Table("step", box=None, pad_edge=False)
    for heading in ("rows to do", "rows/s", "loading", "hours"):
        table.add_column(heading, justify="right")
    for cost in probe.costs:
        speed = rate(cost.rows_per_second)
        table.add_row(cost.step, f"{cost.rows:,}", speed, f"{cost.loading:.0f} s", f"{cost.hours:.3f}")
    console.print(table)
    length = f"; an answer had {probe.tokens_out:.0f} tokens on average" if probe.tokens_out else ""
    console.print(f"\nMeasured on {probe.rows} rows{length}.")
    console.print("Batches are fuller in a long run, so it may be faster.")
    console.print(
        f"{probe.folder} keeps these rows: `generate` with the same options takes them over.\n", soft_wrap=True
    )
    shares = {
        target.tgt.tag: [cost for cost in probe.costs if cost.target == target.tgt.tag] for target in plan.targets
    }
    shares |= {"shared": [cost for cost in probe.costs if cost.target is None], "in all": probe.costs}
    for name, costs in shares.items():
        console.print(f"{name:<10} {sum(cost.hours for cost in costs):.3f} hours")
