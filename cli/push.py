"""`sdrrl-data push`."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
[bold]Examples[/bold]

[cyan]sdrrl-data push runs/real me/my-set[/cyan]  a private dataset; the same command again sends what is new

[cyan]sdrrl-data push runs/real me/my-set --public --licence cc-by-4.0[/cyan]  one for everybody

[cyan]sdrrl-data push runs/real me/my-set --tag v1.0[/cyan]  with a name for this very commit

[cyan]sdrrl-data push runs/real org/their-set --public --create-pr[/cyan]  a proposal to somebody else
"""


def push(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.", show_default=False)],
    repo: Annotated[
        str, typer.Argument(metavar="REPO", help="The dataset on the Hub, owner/name.", show_default=False)
    ],
    public: Annotated[bool, typer.Option("--public", help="Let everybody read it; private by default.")] = False,
    revision: Annotated[
        str | None, typer.Option(metavar="BRANCH", help="Push to this branch, made where there is none.")
    ] = None,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Name the commit so.")] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead.")] = False,
    licence: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Under which licence the set is passed on, as the Hub names it (cc-by-4.0)."),
    ] = None,
    controls: Annotated[
        bool, typer.Option("--controls", help="Push the controls too, each as a config of its own.")
    ] = False,
) -> None:
    """Publish a finished run on the Hugging Face Hub, in one commit: a config for each target, and one for all.

    What is there already is not sent, and other runs' targets stay. A push that dies is repeated by the same command.
    """
    from . import quiet

    quiet.hush()
    from sdrrl_data.publishing import push as library

    from .progress import Bars

    pushed = library.push(
        run,
        repo,
        public=public,
        revision=revision,
        tag=tag,
        create_pr=create_pr,
        licence=licence,
        controls=controls,
        reporter=Bars(),
    )
    if pushed.sent or pushed.deleted:
        size = sum(pushed.sent.values()) / 1e6
        gone = f", {len(pushed.deleted)} removed" if pushed.deleted else ""
        typer.echo(f"sent       {len(pushed.sent)} files ({size:.1f} MB){gone}, in one commit")
    else:
        typer.echo("sent       nothing: all of it is there already, so there is no new commit")
    typer.echo(f"address    {pushed.address}")
    typer.echo(f"commit     {pushed.commit}")
    if pushed.pull_request:
        typer.echo(f"proposed   {pushed.pull_request}")
    typer.echo(f"load it    {pushed.load}")
