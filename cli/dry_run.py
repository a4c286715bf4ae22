"""What a plan would do."""

from rich.console import Console
from rich.table import Table

from sdrrl_data.plan import Plan


def show(plan: Plan) -> None:
    """Print the steps with their parts, the models, and where the rows would go."""
    console = Console(highlight=False, markup=False)
    console.print(_steps(plan))
    console.print("A row that is set aside on the way is missing from the steps that follow.\n")
    console.print(_ingredients(plan))
    console.print(f"\nsignature  {plan.signature}", soft_wrap=True)
    console.print(f"run        {plan.run.path}", soft_wrap=True)
    if plan.finished():
        console.print("Everything is there already.")


def _steps(plan: Plan) -> Table:
    table = Table("step", box=None, pad_edge=False)
    for heading in ("rows", "parts", "done", "to do"):
        table.add_column(heading, justify="right")
    rows = {table: str(sum(part.rows.height for part in parts)) for table, parts in plan.given.items()}
    rows |= {step.table: rows["seeds"] if step.inputs else "-" for step in plan.steps}
    for name, expected in plan.fingerprints.items():
        missing = len(plan.missing(name))
        counts = len(expected), len(expected) - missing, missing
        table.add_row(name, rows[name], *map(str, counts))
    for target in plan.targets:
        done = plan.transfer_set_done(target)
        table.add_row(target.table("transfer_set"), "-", "1", str(int(done)), str(int(not done)))
    return table


def _ingredients(plan: Plan) -> Table:
    table = Table("ingredient", "name", "engine", "licence", box=None, pad_edge=False)
    for ingredient in plan.ingredients:
        table.add_row(ingredient.role, ingredient.name, ingredient.engine or "-", ingredient.licence or "not known")
    return table
