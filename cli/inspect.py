"""`sdrrl-data inspect`."""

import re
from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.errors import UserError

from . import completion
from .console import PlainConsole
from .examples import examples
from .options import TrustRecipe, split_commas

EXAMPLES = examples(
    ("what the run is, and its tables", "sdrrl-data inspect runs/quickstart"),
    ("five rows, with their switched words marked", "sdrrl-data inspect runs/quickstart --step code_switched"),
    ("what became of one question, step by step", "sdrrl-data inspect runs/quickstart --id 3f2a"),
    ("pairs that lose a text, and why", "sdrrl-data inspect runs/quickstart --dropped"),
    ("those that one filter drops, worst first", "sdrrl-data inspect runs/quickstart --filter length --sort length"),
    ("rows for another program", "sdrrl-data inspect runs/quickstart --step transfer_set --search Rio --json"),
)


def inspect(
    folder: Annotated[
        Path,
        typer.Argument(metavar="RUN", autocompletion=completion.runs, help="The run's folder.", show_default=False),
    ],
    step: Annotated[
        str | None,
        typer.Option(
            metavar="STEP",
            help="Show rows of this table, such as [cyan]code_switched[/cyan]; [cyan]scores[/cyan] are those of all "
            "scorers.",
        ),
    ] = None,
    tgt: Annotated[
        str | None, typer.Option(metavar="LANGUAGE", autocompletion=completion.languages, help="Show only this target.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="How many rows of a table to show.")] = 5,
    id: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Show the rows whose id begins with this, of every table or of one step. An id of your own file also "
            "finds its question.",
        ),
    ] = None,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Show the rows that were set aside instead, and why.")
    ] = False,
    kept: Annotated[bool, typer.Option("--kept", help="Only pairs that every filter keeps.")] = False,
    dropped: Annotated[bool, typer.Option("--dropped", help="Only pairs that lose a text, and why.")] = False,
    filter: Annotated[
        str | None,
        typer.Option(
            metavar="FILTER", autocompletion=completion.scores, help="Only pairs that fail this filter, such as length."
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="SCORE",
            autocompletion=completion.scores,
            help="The worst first by this score, such as [cyan]round_trip[/cyan].",
        ),
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only rows that contain these words, in capitals or not.")
    ] = None,
    all_of_it: Annotated[
        bool,
        typer.Option("--all", help="Whole texts; with --id and --search, also rows of every table, with their scores."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Without rows: the whole signatures, and not their digests.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a row a line as JSON, for another program.")] = False,
    trust_recipe: TrustRecipe = False,
) -> None:
    """Look at a run: what it is, and rows of any of its tables. Of an unfinished run, you see what exists so far.

    The rows are drawn at random, but the same command always shows the same rows.
    """
    if kept and (dropped or filter):
        raise UserError("--kept shows the pairs that fail no filter: leave out --dropped and --filter, or --kept")

    from sdrrl_data.run import opened, select_targets, trust_run
    from sdrrl_data.suggestions import instead

    from . import overview, questions
    from .judged import pairs
    from .pager import paged
    from .rows import SCORES, RowSelection, show

    run, manifest = opened(folder)
    if trust_recipe:
        trust_run(run, manifest)
    tags = select_targets(run, manifest, split_commas(tgt))
    tables = overview.tables(run, tags)
    console = PlainConsole()
    judged = kept or dropped or filter is not None or sort is not None
    if judged and (id is not None or set_aside):
        raise UserError("--kept, --dropped, --filter and --sort are for pairs: leave out --id and --set-aside")
    if step is None and judged:
        step = "verdicts"
    if step is None and id is None and not set_aside and search is None:
        if as_json:
            raise UserError("--json is for rows: add --step, --id, --kept, --dropped, --search or --set-aside")
        overview.show(run, manifest, tables, console, verbose)
        return
    if step is not None:
        scored = dict.fromkeys(f"{table.partition('/')[0]}/{SCORES}" for table in tables if f"/{SCORES}-" in table)
        of_step = [table for table in (*tables, *scored) if step in (table, table.rpartition("/")[2])]
        if not of_step:
            steps = dict.fromkeys(table.rpartition("/")[2] for table in (*tables, *scored))
            raise UserError(f"{folder} has no table {step}: {instead(step, steps, '--step ')}")
        tables = of_step
    wanted = pairs(run, manifest, tags, kept, dropped, filter, sort) if judged else None
    id = id.rstrip("….") if id else id  # a shortened one may end so
    pattern = None if search is None else re.compile(re.escape(search), re.IGNORECASE)
    brief = not (all_of_it or as_json or set_aside) and (search is not None or (id is not None and step is None))
    short = not all_of_it and (id is None or brief)
    selection = RowSelection(rows, id, set_aside, wanted, pattern, brief, short)
    with paged(console, not as_json):
        shown = 0
        if brief and step is None:
            shown, selection = questions.show(run, manifest, tags, selection, console)
            enough = shown == rows or (shown and id is not None)
            tables = [table for table in tables if table.endswith(questions.OTHERS) and not enough]
        for table in tables:
            shown += show(run, manifest, table, selection, console, as_json)
        if brief and shown:
            more = "" if search is None else ", --rows N more rows"
            console.print(f"--all shows every table with scores and whole texts, --step STEP one of them{more}")
        elif short and shown and not as_json:
            console.print("--all shows whole texts, --id ID all of one question")
    if not shown and id is not None:
        hint = "leave out --set-aside" if set_aside else "use --set-aside to search the rows that were set aside"
        raise UserError(f"{folder}: no row of {step or 'any table'} has an id that begins with {id} ({hint})")
    if not shown and not as_json:
        console.print(
            "No row was set aside."
            if set_aside
            else "There are no such rows."
            if judged or search
            else "There are no rows."
        )
