"""`sdrrl-data tune`."""

from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.errors import OutputExists, UserError

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data tune runs/quickstart[/cyan]  every score, its threshold, and what others would keep

[cyan]sdrrl-data tune runs/quickstart --score similarity --examples[/cyan]  one score, with texts near a threshold

[cyan]sdrrl-data tune runs/quickstart --write thresholds.yaml[/cyan]  the proposals as a part of a recipe

[cyan]sdrrl-data generate --recipe quickstart --with thresholds.yaml[/cyan]  take them: nothing is scored again
"""


def tune(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.", show_default=False)],
    scorer: Annotated[
        str | None, typer.Option(metavar="SCORER", help="Look at the scores of this scorer alone.")
    ] = None,
    score: Annotated[str | None, typer.Option(metavar="SCORE", help="Look at this score alone.")] = None,
    tgt: Annotated[str | None, typer.Option(metavar="LANGUAGE", help="Look at this target alone.")] = None,
    examples: Annotated[
        bool, typer.Option("--examples", help="Show the texts that lie nearest to each proposed threshold.")
    ] = False,
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the proposals as a part of a recipe (YAML).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write FILE also where it is there already.")] = False,
) -> None:
    """Look at the scores of a run and at what thresholds keep; propose thresholds from how the scores are spread.

    One is proposed in the valley between a small group of bad texts and the others, or else a percentile.

    Nothing is scored again, and the run is not changed. An unfinished run is shown as far as its scores go.
    """
    if write and write.exists() and not force:
        raise OutputExists(f"{write} is there already: choose another file, or write it anew with --force")
    from rich.console import Console

    from sdrrl_data.run import opened as read_run

    from . import overview, tune_tables

    opened, manifest = read_run(run)
    tags = overview.targets(opened, manifest, tgt)
    console = Console(highlight=False, markup=False, emoji=False)
    fragment = tune_tables.show(opened, manifest, tags, tune_tables.Wanted(scorer, score, examples), console)
    if write and fragment:
        try:
            write.write_text(fragment, encoding="utf-8")
        except OSError as error:
            raise UserError(f"{write} cannot be written ({error.strerror}): choose another file") from None
    tune_tables.where_next(run, write, bool(fragment), console)
