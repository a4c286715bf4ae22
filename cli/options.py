"""Options of several commands."""

from pathlib import Path
from typing import Annotated, Any

import typer

from . import completion

TrustRecipe = Annotated[
    bool,
    typer.Option(
        "--trust-recipe",
        help="A recipe that lies outside the working directory, or in a run that was pulled or handed over, may be "
        "somebody else's: let it run the Python code, use the servers and read the files that it names.",
    ),
]

# What a run should be made of.
RecipeName = Annotated[
    str | None,
    typer.Option(
        metavar="RECIPE",
        autocompletion=completion.recipes,
        help="What to do: a name from [cyan]sdrrl-data recipes[/cyan], or a YAML file.",
        show_default="the run's own; for a new run, sdrrl",
    ),
]
Src = Annotated[
    str | None,
    typer.Option(
        metavar="LANGUAGE", autocompletion=completion.languages, help="The language in which the model answers well."
    ),
]
Tgt = Annotated[
    str | None,
    typer.Option(
        metavar="LANGUAGES", autocompletion=completion.languages, help="Target languages, separated by commas."
    ),
]
Seeds = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SEEDS",
        help="The questions: JSONL, JSON, Parquet, CSV, TSV, text (one a line), a dataset of the Hub, or "
        "[cyan]magpie[/cyan] for questions that the model writes itself. [cyan]native:FILE[/cyan] has texts of the "
        "target language, which are the answers; the model writes their questions. Repeat the option to add more.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN",
        autocompletion=completion.runs,
        help="The run's folder. If it has a run, that run continues: settings that you leave out stay as they are "
        "in its recipe.yaml.",
        show_default="runs/RECIPE",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="The model that answers: a directory, or a name on the Hub."),
]
Translator = Annotated[
    str | None,
    typer.Option(
        metavar="TRANSLATORS",
        autocompletion=completion.translators,
        help="What translates, such as [cyan]nllb[/cyan] or [cyan]nllb:MODEL[/cyan]; [cyan]sdrrl-data "
        "recipes[/cyan] lists them. If you name several, separated by commas, the better translation of each text "
        "is kept.",
    ),
]
Overlays = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="PART",
        autocompletion=completion.parts,
        help="A part that changes the recipe: a name from [cyan]sdrrl-data recipes[/cyan], or a YAML file, such as "
        "one from [cyan]tune --write[/cyan]. It may be repeated.",
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        autocompletion=completion.keys,
        help="Change a value of the recipe. It may be repeated.",
    ),
]


def split_commas(text: str | None) -> list[str]:
    """The values between the commas, without empty ones; an empty list if the option is not given."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def readings(src: str | None, tgt: str | None) -> list[str]:
    """Which languages the options are taken for, where that may be in doubt; one sentence each."""
    from sdrrl_data import languages

    return [sentence for name in [*split_commas(src), *split_commas(tgt)] if (sentence := languages.reading(name))]


def changes_of(
    src: str | None,
    tgt: str | None,
    seeds: list[str] | None,
    limit: int | None,
    keep: int | None,
    model: str | None,
    translator: str | None,
) -> dict[str, Any]:
    """The options, as changes of the recipe."""
    changes: dict[str, Any] = {}
    if src is not None:
        changes["src"] = src
    if tgt is not None:
        changes["tgt"] = split_commas(tgt)
    if seeds:
        changes["seeds"] = {"source": "magpie"} if seeds == ["magpie"] else [{"source": source} for source in seeds]
    if limit is not None:
        changes["limit"] = limit
    if keep is not None:
        changes["keep"] = keep
    if model is not None:
        changes["generator.model"] = model
    if translator is not None:
        changes["translator"] = [name.strip() for name in translator.split(",")]
    return changes
