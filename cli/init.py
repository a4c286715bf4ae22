"""`sdrrl-data init`."""

import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sdrrl_data.errors import OutputExists, UserError
from sdrrl_data.suggestions import instead

from . import completion
from .console import STDOUT, is_json, say
from .examples import examples
from .options import readings, split_commas

if TYPE_CHECKING:
    from sdrrl_data.recipe import Recipe
    from sdrrl_data.steps.seed_columns import SourceColumns

MAGPIE, NATIVE = "magpie", "native:"

EXAMPLES = examples(
    ("answer a few questions, and get mine.yaml", "sdrrl-data init"),
    ("a recipe that needs no download and no GPU", "sdrrl-data init mine.yaml --recipe quickstart --tgt pt"),
    (
        "ask nothing: every option is there",
        "sdrrl-data init th.yaml --recipe sdrrl --seeds tasks.jsonl --src en --tgt th --model org/name "
        "--translator nllb --no-gpu",
    ),
)


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The recipe to write.")] = Path("mine.yaml"),
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE",
            autocompletion=completion.recipes_of_package,
            help="The recipe of the package to start from; [cyan]quickstart[/cyan] needs no download and no GPU.",
            show_default="sdrrl; the question in a terminal without a GPU proposes quickstart",
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="SEEDS",
            help="The questions: a file, a dataset of the Hub, or [cyan]magpie[/cyan]; or [cyan]native:FILE[/cyan], "
            "texts of the target language that are the answers.",
            show_default="those of the recipe",
        ),
    ] = None,
    question: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column of the seeds that holds the question.",
            show_default="one with a usual name",
        ),
    ] = None,
    src: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGE",
            autocompletion=completion.languages,
            help="The language in which the model answers well.",
            show_default="English",
        ),
    ] = None,
    tgt: Annotated[
        str | None,
        typer.Option(
            metavar="LANGUAGES",
            autocompletion=completion.languages,
            help="Target languages, separated by commas.",
            show_default="asked for in a terminal, elsewhere required",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model that answers.", show_default="that of the recipe"),
    ] = None,
    translator: Annotated[
        str | None,
        typer.Option(
            metavar="TRANSLATOR",
            autocompletion=completion.translators,
            help="What translates.",
            show_default="that of the recipe",
        ),
    ] = None,
    gpu: Annotated[
        bool | None,
        typer.Option(
            "--gpu/--no-gpu",
            help="Whether the run will have a GPU; without one, COMET does not judge.",
            show_default="what this machine has",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it exists.")] = False,
) -> None:
    """Write a commented recipe of your own. In a terminal, it asks for what the options do not say.

    Everything is checked before anything is written.
    """
    if path.exists() and not force:
        raise OutputExists(f"{path} exists already: choose another file, or overwrite it with --force")

    from sdrrl_data import languages
    from sdrrl_data.recipe import loading, starting

    gpu = shutil.which("nvidia-smi") is not None if gpu is None else gpu
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not is_json(STDOUT)
    if in_terminal and recipe is None:
        names = ", ".join(loading.names())
        recipe = _asked(f"Recipe to start from ({names})", starting.BASE if gpu else "quickstart", _recipe)
    recipe = _recipe(recipe or starting.BASE)
    base = loading.load(recipe)

    if question and (not seeds or seeds.startswith((MAGPIE, NATIVE))):
        raise UserError("--question names a column of the seeds: give their file or dataset with --seeds")
    if in_terminal:
        if seeds is None:
            default = f"those of {recipe}"
            asked = "Questions: a file, a dataset of the Hub, magpie, or native:FILE"
            answer = _asked(asked, default, _seeds_unless(default))
            seeds = answer if answer != default else None
        src = src or _asked("Language in which the model answers well", base.src, _language)
        tgt = tgt or _asked("Target languages, separated by commas", ",".join(base.tgt), _languages)
        if model is None:
            default = str(base.generator.model)
            answer = _asked("Model that answers: a directory, or a name on the Hub", default, _model)
            model = answer if answer != default else None
        if translator is None:
            default = base.translator[0].called()
            answer = _asked("What translates (see `sdrrl-data recipes`)", default, _translator(recipe))
            translator = answer if answer != default else None
    if not tgt:
        raise UserError("name the target languages with --tgt, such as --tgt pt or --tgt vi,thai")

    source = languages.find(src or base.src)
    targets = list(dict.fromkeys(languages.find(name) for name in split_commas(tgt)))
    taken = None
    if seeds:
        _seeds(seeds)
        question, taken = _question_column(seeds, question, in_terminal)
        native = NATIVE if seeds.startswith(NATIVE) else ""
        seeds = native + _relative(seeds.removeprefix(NATIVE), path)
    if model:
        model = _relative(_model(model), path)
    tags = [target.tag for target in targets]
    text = starting.recipe(
        path.stem, source.tag, tags, seeds, model, translator, comet=gpu, base=recipe, question=question
    )
    note = _refuse_pairs(loading.parsed(text, path.parent, f"recipe {path}"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}): choose another file") from None
    for sentence in readings(src, tgt):
        say(f"note       {sentence}")
    named = shlex.quote(str(path))
    say(f"written    {path}: {source.name} to {', '.join(target.name for target in targets)}; read and change it")
    if taken:
        say(f"seeds      {taken.in_words()}")
    if note:
        say(f"note       {note}")
    if recipe == starting.BASE and not gpu and not model:
        say(
            f"note       its model {base.generator.model}, that of the recipe {recipe}, needs a GPU or a server: "
            "--recipe quickstart makes a recipe that runs without"
        )
    say(f"look       sdrrl-data preview --recipe {named}")
    say(f"make all   sdrrl-data generate --recipe {named}")


def _asked(question: str, default: str, check: Callable[[str], str]) -> str:
    """The answer to a question, which is asked again until the answer can be used."""

    def checked(answer: str) -> str:
        try:
            return check(answer)
        except UserError as error:
            raise typer.BadParameter(str(error)) from None

    return str(typer.prompt(question, default=default, value_proc=checked))


def _recipe(name: str) -> str:
    from sdrrl_data.recipe import loading

    if name in loading.parts():
        raise UserError(f"{name} is a part of a recipe: start from one of {', '.join(loading.names())}")
    if name not in loading.names():
        raise UserError(f"there is no recipe {name} in the package: {instead(name, loading.names())}")
    return name


def _language(name: str) -> str:
    from sdrrl_data import languages

    return languages.find(name).tag


def _languages(names: str) -> str:
    return ",".join(map(_language, split_commas(names)))


def _model(word: str) -> str:
    from sdrrl_data.models import packaged

    packaged.check_word(word, "generator")
    return word


def _translator(recipe: str) -> Callable[[str], str]:
    def check(word: str) -> str:
        from sdrrl_data.recipe import loading

        loading.load(recipe, {"translator": word})
        return word

    return check


def _refuse_pairs(recipe: "Recipe") -> str | None:
    """Refuse a pair of languages that a translator on this machine has no model for; the Hub is not asked.

    Returns:
        What has to be installed before it translates; None if nothing has.

    Raises:
        UserError: there is such a pair.
    """
    from sdrrl_data import languages
    from sdrrl_data.errors import NotInstalled
    from sdrrl_data.models.places import hub_name
    from sdrrl_data.protocols import Ingredient
    from sdrrl_data.recipe.fields import walk
    from sdrrl_data.recipe.markers import Place

    generator = Ingredient("generator", recipe.generator.model, "", None, "")
    for tag in recipe.tgt:
        for translator in recipe.for_target(tag).translator:
            places = (field for field in walk(type(translator), translator.model_dump()) if field.marker(Place))
            if any(isinstance(field.value, str) and hub_name(field.value) for field in places):
                continue
            try:
                translator.identify(languages.find(recipe.src), languages.find(tag), lambda config: generator)
            except NotInstalled as missing:
                return str(missing)
    return None


def _seeds(place: str) -> str:
    """Check that a file exists, or that the name may be one on the Hub, which is not asked."""
    from sdrrl_data.models.places import place_of
    from sdrrl_data.sources.object_files import local
    from sdrrl_data.sources.row_files import ENDINGS, reader_of
    from sdrrl_data.sources.row_sources import on_hub

    source = place.removeprefix(NATIVE)
    file = place_of(source, ENDINGS)
    if source != place and isinstance(file, Path) and file.is_dir():
        return place
    if place != MAGPIE and isinstance(file, Path):
        reader_of(local(file, "seeds"), "seeds")
    elif place != MAGPIE and not on_hub(source):
        raise UserError(f"seeds {place}: there is no such file, and it is not a dataset on the Hub (org/name)")
    return place


def _seeds_unless(default: str) -> Callable[[str], str]:
    return lambda place: place if place == default else _seeds(place)


def _question_column(seeds: str, question: str | None, in_terminal: bool) -> "tuple[str | None, SourceColumns | None]":
    """The column of a file that holds the question, None: one with a usual name; and what the run will take from it.

    Raises:
        UserError: there is no such column, and nobody can be asked; or there is no question in it.
    """
    from sdrrl_data.recipe import SeedFieldsConfig, SeedsConfig
    from sdrrl_data.sources.questions import SAMPLE
    from sdrrl_data.sources.row_sources import on_hub
    from sdrrl_data.steps.seed_columns import MissingColumn
    from sdrrl_data.steps.seeds import read

    if seeds.startswith((MAGPIE, NATIVE)) or on_hub(seeds):
        return question, None

    def columns(question: str | None) -> "SourceColumns":
        return read([SeedsConfig(source=seeds, fields=SeedFieldsConfig(question=question))], limit=SAMPLE).columns[0]

    try:
        return question, columns(question)
    except MissingColumn as error:
        if not in_terminal:
            raise UserError(f"{error.problem}: name one with --question COLUMN") from None
        say(error.problem)

        def checked(column: str) -> str:
            columns(column)
            return column

        question = _asked("Column that holds the question", error.columns[0], checked)
    return question, columns(question)


def _relative(place: str, recipe: Path) -> str:
    """A path that exists, relative to the folder of the recipe, as paths in a recipe are; any other word as it is."""
    return os.path.relpath(place, recipe.parent) if os.path.exists(place) else place
