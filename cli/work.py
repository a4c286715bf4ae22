"""`sdrrl-data work`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from .console import say
from .examples import examples
from .options import TrustRecipe

EXAMPLES = examples(
    (
        "on a cluster, begin a run on one machine, then start as many workers as there are machines",
        "sdrrl-data generate --recipe mine.yaml --out /shared/run --begin",
        'sbatch --array=0-7 --wrap "sdrrl-data work /shared/run"',
    ),
)


def work(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run that [cyan]generate[/cyan] has begun.")],
    trust_recipe: TrustRecipe = False,
) -> None:
    """Make parts of a run until none is left, together with other workers.

    Start it on any number of machines that share the run's folder, at any time. If a worker is killed, another one
    takes over its parts. The last one finishes the run.
    """
    import signal

    from . import quiet

    # Clusters end a job with it: what this worker has taken is given back at once.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    quiet.silence_libraries()
    from sdrrl_data.pipeline.worker import work as library

    from .progress import Bars

    with Bars() as bars:
        library(folder, reporter=bars, trust=trust_recipe)
    say(f"{folder} is finished: sdrrl-data inspect {shlex.quote(str(folder))} shows what is in it")
