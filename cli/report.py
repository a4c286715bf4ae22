"""`sdrrl-data report`."""

from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.errors import OutputExists

from . import completion
from .console import say
from .examples import examples
from .options import TrustRecipe

EXAMPLES = examples(
    ("write runs/quickstart/report.html", "sdrrl-data report runs/quickstart"),
    ("two runs side by side", "sdrrl-data report runs/strict --compare runs/quickstart"),
    ("what other thresholds would change", "sdrrl-data report runs/quickstart --compare thresholds.yaml"),
)
NAME, COMPARED = "report.html", "compared-with-{}.html"  # in the run's folder


def report(
    folder: Annotated[
        Path,
        typer.Argument(metavar="RUN", autocompletion=completion.runs, help="The run's folder.", show_default=False),
    ],
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="OTHER",
            autocompletion=completion.runs,
            help="Another run; or a recipe or a part of one, such as one from [cyan]tune --write[/cyan]: its "
            "thresholds are applied to the scores of this run.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The file to write.",
            show_default=f"RUN/{NAME}, with --compare RUN/{COMPARED.format('OTHER')}",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite FILE if it exists. A page in RUN is always written anew.")
    ] = False,
    trust_recipe: TrustRecipe = False,
) -> None:
    """Write a run as a page: what became of its rows and why, its scores and thresholds, rows to look at.

    The page is one HTML file that fetches nothing. Of a large run, it shows a sample of the rows; of an unfinished one,
    what there is so far.
    """
    from . import quiet

    quiet.silence_libraries()
    from sdrrl_data.report import comparison
    from sdrrl_data.report.page import page
    from sdrrl_data.run import opened, trust_run
    from sdrrl_data.run.disk import written

    if out and out.exists() and not force:
        raise OutputExists(f"{out} exists already: choose another file, or overwrite it with --force")
    run, manifest = opened(folder)
    if trust_recipe:
        trust_run(run, manifest)
    compared = comparison.compare(run, manifest, compare) if compare else None
    for note in compared.notes if compared else []:
        say(f"note: {note}", err=True)
    path = out or folder / (COMPARED.format(Path(compared.name).stem) if compared else NAME)
    content = page(run, manifest, compared)
    with written(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
    say(f"{path} is written ({len(content.encode()) / 1e6:.1f} MB): open it in a browser")
