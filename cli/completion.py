"""What the shell offers when a person presses Tab. A mistake offers nothing, and never disturbs the command line."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path

Choices = Iterable[str | tuple[str, str]]  # what may be typed, with or without what it means


def _offered(choices: Callable[[str], Choices]) -> Callable[[str], list[str | tuple[str, str]]]:
    """The choices that begin with what was typed."""

    @wraps(choices)
    def offered(incomplete: str) -> list[str | tuple[str, str]]:
        try:
            every = list(choices(incomplete))
        except Exception:
            return []
        return [choice for choice in every if (choice if isinstance(choice, str) else choice[0]).startswith(incomplete)]

    return offered


@_offered
def recipes(incomplete: str) -> Choices:
    """Recipes of the package, and YAML files."""
    from sdrrl_data.recipe import loading

    return [*((name, loading.about(name)) for name in loading.names()), *_paths(incomplete, _is_yaml)]


@_offered
def recipes_of_package(incomplete: str) -> Choices:
    """Recipes of the package."""
    from sdrrl_data.recipe import loading

    return [(name, loading.about(name)) for name in loading.names()]


@_offered
def parts(incomplete: str) -> Choices:
    """Parts of recipes of the package, and YAML files."""
    from sdrrl_data.recipe import loading

    return [*((name, loading.about(name)) for name in loading.parts()), *_paths(incomplete, _is_yaml)]


@_offered
def recipes_and_parts(incomplete: str) -> Choices:
    """Recipes and parts of the package."""
    from sdrrl_data.recipe import loading

    return [(name, loading.about(name)) for name in (*loading.names(), *loading.parts())]


@_offered
def languages(incomplete: str) -> Choices:
    """Tags of languages; after a comma, of the next one."""
    from sdrrl_data.languages import search

    before, comma, _ = incomplete.rpartition(",")
    return [(f"{before}{comma}{language.tag}", language.name) for language in search("")]


@_offered
def translators(incomplete: str) -> Choices:
    """Kinds of translators."""
    from sdrrl_data.recipe import TranslatorConfig

    return [(name, kind.summary()) for name, kind in TranslatorConfig.kinds().items()]


@_offered
def scorers(incomplete: str) -> Choices:
    """Kinds of scorers."""
    from sdrrl_data.recipe import ScorerConfig

    return [(name, kind.summary()) for name, kind in ScorerConfig.kinds().items()]


@_offered
def scores(incomplete: str) -> Choices:
    """Scores of the package's scorers."""
    from sdrrl_data.recipe import shipped_scores

    return [(name, score.says) for name, score in shipped_scores().items()]


@_offered
def keys(incomplete: str) -> Choices:
    """Keys of a recipe, with the sign that stands before the value."""
    from sdrrl_data.recipe import Recipe, ScorerConfig, loading, shipped_scores
    from sdrrl_data.recipe.fields import walk

    recipe = loading.load("sdrrl", {"tgt": ["vi"]}).model_dump(mode="json", by_alias=True)
    written = [field.key.replace(".0.", ".") for field in walk(Recipe, recipe) if not field.key.startswith("scorers.")]
    bounds = [f"thresholds.{score}.{bound}" for score in shipped_scores() for bound in ("min", "max", "weight")]
    names = [*written, *bounds, *(f"scorers.{kind}" for kind in ScorerConfig.kinds())]
    return [f"{key}=" for key in dict.fromkeys(names)]


@_offered
def training_keys(incomplete: str) -> Choices:
    """Keys of the settings of a training, with the sign that stands before the value."""
    from sdrrl_data.recipe.fields import walk
    from sdrrl_data.training.settings import TrainingConfig

    settings = TrainingConfig.model_validate({"replay": {"share": 0.1}}).model_dump(mode="json")
    return [f"{field.key}=" for field in walk(TrainingConfig, settings)]


@_offered
def runs(incomplete: str) -> Choices:
    """Folders that have a run, and folders on the way to one."""
    return [
        path if (Path(path) / "manifest.json").is_file() else f"{path}{os.sep}"
        for path in _paths(incomplete or f"runs{os.sep}", Path.is_dir)
    ]


def _paths(incomplete: str, wanted: Callable[[Path], bool]) -> Iterator[str]:
    """The paths in the folder of what was typed, without hidden ones."""
    typed = os.path.dirname(incomplete)
    for path in sorted(Path(os.path.expanduser(typed or ".")).iterdir()):
        if wanted(path) and not path.name.startswith("."):
            yield os.path.join(typed, path.name)


def _is_yaml(path: Path) -> bool:
    return path.suffix in {".yaml", ".yml"}
