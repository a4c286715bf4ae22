"""`sdrrl-data push`."""

from pathlib import Path
from typing import Annotated

import typer

from . import completion
from .console import say
from .examples import examples
from .options import TrustRecipe

EXAMPLES = examples(
    ("what would be sent, where, and who could read it", "sdrrl-data push runs/real me/my-set --dry-run"),
    ("a private dataset; type the command again to send what is new", "sdrrl-data push runs/real me/my-set"),
    ("a public dataset", "sdrrl-data push runs/real me/my-set --public --licence cc-by-4.0"),
    ("with a tag for this commit", "sdrrl-data push runs/real me/my-set --tag v1.0"),
    ("a pull request to a dataset of other people", "sdrrl-data push runs/real org/their-set --public --create-pr"),
)


def push(
    folder: Annotated[
        Path,
        typer.Argument(metavar="RUN", autocompletion=completion.runs, help="The run's folder.", show_default=False),
    ],
    repo: Annotated[
        str, typer.Argument(metavar="REPO", help="The dataset on the Hub, owner/name.", show_default=False)
    ],
    public: Annotated[bool, typer.Option("--public", help="Let everybody read it. By default it is private.")] = False,
    revision: Annotated[
        str | None, typer.Option(metavar="BRANCH", help="Push to this branch; it is made if it does not exist.")
    ] = None,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Give the commit this tag.")] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead.")] = False,
    licence: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The licence of the dataset, as the Hub names it, such as cc-by-4.0."),
    ] = None,
    controls: Annotated[bool, typer.Option("--controls", help="Push the controls too; each becomes a config.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be sent, where, and who could read it; send nothing.")
    ] = False,
    trust_recipe: TrustRecipe = False,
) -> None:
    """Publish a finished run on the Hugging Face Hub, in one commit: a config for each target, and one for all targets.

    Files that are on the Hub already are not sent again, and targets of other runs stay. If a push was interrupted,
    type the same command again.
    """
    from . import quiet

    quiet.silence_libraries()
    from sdrrl_data.cards import licences
    from sdrrl_data.publishing import push as library
    from sdrrl_data.run import opened, trust_run

    from .progress import Bars

    if trust_recipe:
        trust_run(*opened(folder))
    for doubt in licences.doubts(licence):
        say(f"note       {doubt}", err=True)
    with Bars() as bars:
        pushed = library.push(
            folder,
            repo,
            public=public,
            revision=revision,
            tag=tag,
            create_pr=create_pr,
            licence=licence,
            controls=controls,
            dry_run=dry_run,
            reporter=bars,
        )
    sent = "would send " if dry_run else "sent       "
    if pushed.sent or pushed.deleted:
        size = sum(pushed.sent.values()) / 1e6
        removed = f", {len(pushed.deleted)} removed" if pushed.deleted else ""
        say(f"{sent}{len(pushed.sent)} files ({size:.1f} MB){removed}, in one commit")
    else:
        say(f"{sent}nothing: everything is on the Hub already, so there is no new commit")
    is_new, readers = "a new dataset, " if pushed.is_new else "", "private" if pushed.private else "public"
    say(f"address    {pushed.address} ({is_new}{readers})")
    if dry_run:
        say("checked    the run, its card and its licence: no problems; nothing was sent")
        return
    say(f"commit     {pushed.commit}")
    if pushed.pull_request:
        say(f"proposed   {pushed.pull_request}")
    say(f"load it    {pushed.load}")
