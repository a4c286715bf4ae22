"""Recipes as YAML: those of the package, and the user's."""

import difflib
import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar

from sdrrl_data import languages
from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import Recipe, ScorerConfig, TranslatorConfig, overrides, paths, scorer_changes

V = TypeVar("V")

PACKAGED = Path(str(files("sdrrl_data.recipes")))
# Key of a section of several kinds -> the index at which pydantic puts the kind into the path of a mistake.
MEMBERS = {"seeds": 1}


def names() -> list[str]:
    """The names of the package's recipes."""
    return [*_packaged()]


def parts() -> list[str]:
    """The names of the package's parts of recipes, which can be laid over a recipe."""
    return [*_packaged("parts")]


def text(name: str) -> str:
    """The YAML of the package's recipe, or part of a recipe, with this name.

    Raises:
        RecipeError: there is no such recipe.
    """
    return _path(name, _packaged() | _packaged("parts")).read_text(encoding="utf-8")


def about(name: str) -> str:
    """The description of the package's recipe, or part of a recipe, with this name."""
    return str(overrides.read(text(name), name)["description"])


def load(
    name: str | PathLike[str],
    changes: Mapping[str, Any] | None = None,
    overlays: Sequence[str | PathLike[str]] = (),
) -> Recipe:
    """A packaged recipe by its name, or a YAML file by its path, with some values changed.

    Args:
        name: "quickstart", or the path of a YAML file. Paths in it are relative to it.
        changes: new values by dotted key, such as {"generator.temperature": 0.5}; a mapping replaces a section. A new
            `generator.model` also removes the recipe's revision of its model. {"scorers.comet": None} leaves a scorer
            out, with its thresholds; a mapping there changes or adds it.
        overlays: parts of a recipe, laid over it one after another, before the changes: their values replace those of
            the recipe, key by key. Each is one of `parts()` or the path of a YAML file. If its scorers are a mapping
            by kind, instead of a list, they are changed, added, or left out (null) in the same way as by `changes`.

    Raises:
        RecipeError: there is no such recipe, or a key or a value in it is wrong.
    """
    return finished(written(name), changes, overlays, f"recipe {fspath(name)}")


def written(name: str | PathLike[str]) -> dict[str, Any]:
    """What is written in a recipe, with its paths made whole; it may lack what has a default.

    Args:
        name: as for `load`.

    Raises:
        RecipeError: there is no such recipe, or it is not YAML.
    """
    content: dict[str, Any] = {}
    _lay_over(content, _path(fspath(name), _packaged()))
    return content


def is_packaged(name: str | PathLike[str]) -> bool:
    """Whether a recipe is one of the package's."""
    return fspath(name) in _packaged()


def finished(
    content: dict[str, Any],
    changes: Mapping[str, Any] | None = None,
    overlays: Sequence[str | PathLike[str]] = (),
    where: str = "recipe",
) -> Recipe:
    """A recipe from its content, with some values changed.

    Args:
        content: as `written` returns it, or as a manifest holds it; it is changed.
        changes: as for `load`.
        overlays: as for `load`.
        where: what the content is, for error messages.

    Raises:
        RecipeError: a key or a value in it is wrong.
    """
    changes = changes or {}
    for overlay in overlays:
        _lay_over(content, _path(fspath(overlay), _packaged("parts")))
    content.setdefault("prompts", overrides.read_file(PACKAGED / "prompts.yaml", "prompts.yaml"))
    for key, value in changes.items():
        if key == "generator.model" and "generator.revision" not in changes:
            overrides.change(content, "generator.revision", None)
        part, _, kind = key.partition(".")
        if part == "scorers" and kind in ScorerConfig.kinds():
            by_kind = {"scorers": {kind: deepcopy(value)}}
            scorer_changes.lay_over(content, *scorer_changes.taken_from(by_kind, key))
        else:
            overrides.change(content, key, deepcopy(value))
        _as_lists(content)
    recipe = overrides.validated(Recipe, content, where, "a recipe", MEMBERS)
    src = languages.find(recipe.src).tag
    tgt = tuple(dict.fromkeys(languages.find(tag).tag for tag in recipe.tgt))
    if not tgt:
        raise RecipeError(f"{where}: tgt names no target language: give one with --tgt")
    if src in tgt:
        raise RecipeError(f"{where}: {src} is both src and tgt: choose another target language")
    thresholds = {
        score: threshold.model_copy(update={"languages": _by_tag(threshold.languages, f"thresholds.{score}.languages")})
        for score, threshold in recipe.thresholds.items()
    }
    prompts = {
        tag: sentences.model_copy(update={"names": _by_tag(sentences.names, f"prompts.{tag}.names")})
        for tag, sentences in _by_tag(recipe.prompts, "prompts").items()
    }
    return recipe.model_copy(update={"src": src, "tgt": tgt, "thresholds": thresholds, "prompts": prompts})


def _by_tag(by_language: Mapping[str, V], key: str) -> dict[str, V]:
    """A section whose keys are languages, by their tags.

    Raises:
        UserError: a language is not known, or is named twice.
    """
    names: dict[str, str] = {}
    for name in by_language:
        tag = languages.find(name).tag
        if tag in names:
            raise RecipeError(f"{key}: {names[tag]} and {name} are the same language: name it once")
        names[tag] = name
    return {tag: by_language[name] for tag, name in names.items()}


def _lay_over(content: dict[str, Any], path: Path) -> None:
    """Put what is written in a file over a recipe."""
    layer = overrides.read_file(path, f"recipe {path}")
    changed_scorers, removed_scorers = scorer_changes.taken_from(layer, f"recipe {path}")
    _as_lists(layer)
    for section in (layer, {"scorers": changed_scorers}):
        paths.resolve(Recipe, section, path.parent, shipped=PACKAGED)
    scorer_changes.lay_over(content, changed_scorers, removed_scorers)
    overrides.lay_over(content, layer)


def _packaged(folder: str = "") -> dict[str, Path]:
    """The YAML files in a folder of the package, by name."""
    paths = sorted((PACKAGED / folder).glob("*.yaml"))
    return {path.stem: path for path in paths if path.stem != "prompts"}  # prompts.yaml is a section of all recipes


def _path(name: str, packaged: Mapping[str, Path]) -> Path:
    if name in packaged:
        return packaged[name]
    if Path(name).suffix not in {".yaml", ".yml"} and not os.path.isfile(os.path.expanduser(name)):
        close = difflib.get_close_matches(name, packaged, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(packaged)}; or give a YAML file"
        raise RecipeError(f"there is no recipe {name}: {hint}")
    return _file(Path(name))


def _file(path: Path) -> Path:
    path = Path(os.path.expanduser(path))
    if not os.path.isfile(path):  # which also returns False for what cannot be a path
        raise RecipeError(f"recipe {path}: there is no such file")
    return path


def _as_lists(content: dict[str, Any]) -> None:
    """Bring short forms into the form of a list: a single source of seeds or translator, a word for a component."""
    seeds, translators = content.get("seeds"), content.get("translator")
    if isinstance(seeds, dict) and seeds.get("source") != "magpie":
        content["seeds"] = [seeds]
    if isinstance(translators, dict | str):
        translators = [translators]
    if isinstance(translators, list):
        content["translator"] = [_translator(item) if isinstance(item, str) else item for item in translators]
    if isinstance(content.get("scorers"), list):
        content["scorers"] = [{"kind": item} if isinstance(item, str) else item for item in content["scorers"]]


def _translator(word: str) -> dict[str, str]:
    """A translator as one word: "nllb" or "nllb:MODEL", or the user's: "module:Class" or "module:Class:MODEL"."""
    kind, colon, model = word.partition(":")
    if colon and kind not in TranslatorConfig.kinds():
        name, colon, model = model.partition(":")
        kind = f"{kind}:{name}"
    key, _ = TranslatorConfig.named(kind).argument or (None, None)
    if not colon:
        return {"kind": kind}
    if not (key and model):
        words = TranslatorConfig.declared_words()
        raise RecipeError(f"there is no translator {word!r}: there are {', '.join(words[:-1])} and {words[-1]}")
    return {"kind": kind, key: model}
