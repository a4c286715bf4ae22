"""`sdrrl-data pull`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from . import completion
from .console import say
from .examples import examples

EXAMPLES = examples(
    ("make runs/their-set", "sdrrl-data pull org/their-set"),
    ("take that version, in another folder", "sdrrl-data pull org/their-set --revision v1.0 --out runs/theirs"),
    ("take only these targets", "sdrrl-data pull org/their-set --tgt pt,vi"),
)


def pull(
    repo: Annotated[
        str, typer.Argument(metavar="REPO", help="A dataset on the Hub that `push` made.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            autocompletion=completion.runs,
            help="The run's folder. [default: runs/NAME]",
            show_default=False,
        ),
    ] = None,
    revision: Annotated[str | None, typer.Option(metavar="REV", help="A branch, a tag or a commit.")] = None,
    tgt: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGES",
            autocompletion=completion.languages,
            help="Take only these targets, separated by commas.",
        ),
    ] = None,
) -> None:
    """Make a run's folder from a published dataset, to continue from it: change its thresholds, add a target.

    You can stop it at any time; the same command continues.
    """
    from . import quiet

    quiet.silence_libraries()
    from sdrrl_data.pipeline.beginning import RECIPE
    from sdrrl_data.publishing import pull as library
    from sdrrl_data.shown import escaped

    from .options import split_commas
    from .progress import Bars

    out = out or Path("runs", repo.rpartition("/")[2])
    with Bars() as bars:
        pulled = library.pull(repo, out, revision=revision, tgt=split_commas(tgt), reporter=bars)
    folder = shlex.quote(str(pulled.path))
    generate = f"sdrrl-data generate --recipe {folder}/{RECIPE} --out {folder}"
    say(f"run        {pulled.path}: {', '.join(pulled.targets)} of {pulled.repo} at {pulled.commit}")
    if pulled.local:
        say(f"not here   {escaped(', '.join(pulled.local))}: files and directories of the people who made it")
    say(f"look at    sdrrl-data inspect {folder}")
    say(f"tune       sdrrl-data tune {folder} --write thresholds.yaml")
    say(f"retune     {generate} --with thresholds.yaml")
    say(f"add one    {generate} --tgt LANGUAGE")
