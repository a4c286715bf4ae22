"""`sdrrl-data tune`."""

from pathlib import Path
from typing import Annotated

import typer

from sdrrl_data.errors import OutputExists, UserError

from . import completion
from .console import PlainConsole
from .examples import examples
from .options import TrustRecipe, split_commas

EXAMPLES = examples(
    ("a line a score: how it is spread, its threshold, a better one", "sdrrl-data tune runs/quickstart"),
    ("and what other thresholds would keep", "sdrrl-data tune runs/quickstart --all"),
    ("one score, with texts near a threshold", "sdrrl-data tune runs/quickstart --score confidence --examples"),
    ("write the proposals as a part of a recipe", "sdrrl-data tune runs/quickstart --write thresholds.yaml"),
    ("use them: nothing is scored again", "sdrrl-data generate --recipe quickstart --with thresholds.yaml"),
)


def tune(
    folder: Annotated[
        Path,
        typer.Argument(metavar="RUN", autocompletion=completion.runs, help="The run's folder.", show_default=False),
    ],
    scorer: Annotated[
        str | None,
        typer.Option(metavar="SCORER", autocompletion=completion.scorers, help="Show only the scores of this scorer."),
    ] = None,
    score: Annotated[
        str | None, typer.Option(metavar="SCORE", autocompletion=completion.scores, help="Show only this score.")
    ] = None,
    tgt: Annotated[
        str | None, typer.Option(metavar="LANGUAGE", autocompletion=completion.languages, help="Show only this target.")
    ] = None,
    examples: Annotated[
        bool,
        typer.Option(
            "--examples",
            help="Show the texts nearest to each proposed threshold; where none is proposed, to the one in force.",
        ),
    ] = False,
    all_of_it: Annotated[
        bool, typer.Option("--all", help="Show everything about every score, and not only a line.")
    ] = False,
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the proposals as a part of a recipe (YAML).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
    trust_recipe: TrustRecipe = False,
) -> None:
    """Show the scores of a run and what thresholds keep, and propose thresholds from how the scores are spread.

    A proposal is in the valley between a small group of bad texts and the others. If there is no valley, it is a
    percentile. Both need 200 texts of a score.

    Nothing is scored again, and the run does not change. Of an unfinished run, the scores that exist so far are shown.
    """
    if write and write.exists() and not force:
        raise OutputExists(f"{write} exists already: choose another file, or overwrite it with --force")

    from sdrrl_data.run import opened, recipe_of, select_targets, trust_run
    from sdrrl_data.tuning import fragment as fragments
    from sdrrl_data.tuning import run_scores

    from . import tune_screen, tune_tables

    run, manifest = opened(folder)
    if trust_recipe:
        trust_run(run, manifest)
    tags = select_targets(run, manifest, split_commas(tgt))
    console = PlainConsole()
    recipe = recipe_of(run, manifest)
    targets = run_scores.tune(run, manifest, tags, scorer, score)
    in_full = all_of_it or examples or scorer is not None or score is not None
    if in_full:
        tuned = tune_tables.show(run, manifest, targets, recipe.src, examples, console)
    else:
        tuned = tune_screen.show(targets, recipe.src, console)
    proposals = fragments.fragment(tuned, recipe) if any(score.passing for score in tuned) else ""
    if write and proposals:
        fragments.write(proposals, write)
    tune_tables.show_next_command(folder, write, tuned, bool(proposals), not in_full, console)
    if write and not proposals:
        raise UserError(f"{write} is not written: nothing is proposed")
