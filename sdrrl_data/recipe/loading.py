"""Recipes as YAML: those of the package, and the user's."""

import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from sdrrl_data import languages
from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import (
    Recipe,
    ScorerConfig,
    fields,
    forms,
    impossible,
    may_have_threshold,
    overrides,
    paths,
    score_columns,
    scorer_changes,
    shipped_scores,
)
from sdrrl_data.recipe import trust as trusting
from sdrrl_data.recipe.scorers import no_such_score
from sdrrl_data.suggestions import instead, listed, path_instead

PACKAGED = paths.PACKAGED


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
    return _path(name, _packaged() | _packaged("parts"), "recipe or part").read_text(encoding="utf-8")


def about(name: str) -> str:
    """The description of the package's recipe, or part of a recipe, with this name."""
    return str(overrides.read(text(name), name)["description"])


def load(
    name: str | PathLike[str],
    changes: Mapping[str, Any] | None = None,
    overlays: Sequence[str | PathLike[str]] = (),
    trust: bool = False,
) -> Recipe:
    """A packaged recipe by its name, or a YAML file by its path, with some values changed.

    Args:
        name: "quickstart", or the path of a YAML file. Paths in it are relative to it.
        changes: new values by dotted key, such as {"generator.temperature": 0.5}; a mapping replaces a section. A new
            `generator.model` also removes the recipe's revision of its model. {"scorers.comet": None} leaves a scorer
            out, with its thresholds; a mapping there changes or adds it. {"thresholds.overlap": None} leaves a
            threshold out, and so with prompts and other entries by name.
        overlays: parts of a recipe, laid over it one after another, before the changes: their values replace those of
            the recipe, key by key. Each is one of `parts()` or the path of a YAML file. If its scorers are a mapping
            by kind, instead of a list, they are changed, added, or left out (null) in the same way as by `changes`.
        trust: whether a file that may be somebody else's, because it lies outside the working directory or in a run
            that was pulled or handed over, may name Python code, programs, servers, and files outside its folder.

    Raises:
        RecipeError: there is no such recipe, or a key or a value in it is wrong.
        UntrustedRecipe: it may be somebody else's, and names what it may not.
    """
    return finished(written(name, trust), changes, overlays, f"recipe {fspath(name)}", trust)


def written(name: str | PathLike[str], trust: bool = False) -> dict[str, Any]:
    """What is written in a recipe, with its paths made whole; it may lack what has a default.

    Args:
        name: as for `load`.
        trust: as for `load`.

    Raises:
        RecipeError: there is no such recipe, it is not YAML, or it is not trusted.
    """
    content: dict[str, Any] = {}
    _lay_over(content, _path(fspath(name), _packaged()), trust)
    return content


def parsed(text: str, folder: Path, where: str) -> Recipe:
    """A recipe from YAML that the user is about to write into a file; nothing that it names needs to be trusted.

    Args:
        text: YAML.
        folder: of the file, to which paths are relative.
        where: what it is, for error messages.

    Raises:
        RecipeError: a key or a value in it is wrong.
    """
    content: dict[str, Any] = {}
    _lay(content, overrides.read(text, where), folder, where)
    return finished(content, where=where)


def is_packaged(name: str | PathLike[str]) -> bool:
    """Whether a recipe is one of the package's."""
    return fspath(name) in _packaged()


def finished(
    content: dict[str, Any],
    changes: Mapping[str, Any] | None = None,
    overlays: Sequence[str | PathLike[str]] = (),
    where: str = "recipe",
    trust: bool = False,
) -> Recipe:
    """A recipe from its content, with some values changed.

    Args:
        content: as `written` returns it, or as a manifest holds it; it is changed.
        changes: as for `load`.
        overlays: as for `load`.
        where: what the content is, for error messages.
        trust: as for `load`, of the overlays.

    Raises:
        RecipeError: a key or a value in it is wrong, or an overlay is not trusted.
    """
    changes = changes or {}
    content.setdefault("prompts", _read(PACKAGED / "prompts.yaml", "prompts.yaml"))
    for overlay in overlays:
        _lay_over(content, _path(fspath(overlay), _packaged("parts"), "part"), trust)
    forms.bring_into_form(content)
    keys = dict(forms.normal_change(key, value) for key, value in changes.items())
    for key, value in keys.items():
        if key == "generator.model" and "generator.revision" not in changes:
            overrides.change(content, "generator.revision", None)
        part, _, kind = key.partition(".")
        if part == "scorers" and kind in ScorerConfig.kinds():
            by_kind = {"scorers": {kind: deepcopy(value)}}
            scorer_changes.lay_over(content, *scorer_changes.taken_from(by_kind, key))
        else:
            overrides.change(content, key, deepcopy(value))
        forms.bring_into_form(content)
    forms.complete(content)
    left_out = fields.leave_out_entries(Recipe, content)
    recipe = overrides.validated(Recipe, content, where, "a recipe", keys)
    scores = {*shipped_scores(), *score_columns(recipe.scorers)}
    for section, name in left_out:
        if section == "thresholds" and not may_have_threshold(name, scores):
            raise RecipeError(f"{where}: {no_such_score(name, scores)}")
    impossible.refuse(recipe)
    src = languages.find(recipe.src).tag
    if not recipe.tgt:
        raise RecipeError(f"{where}: tgt names no target language: give one with --tgt")
    if src in recipe.tgt:
        raise RecipeError(f"{where}: {src} is both src and tgt: choose another target language")
    forms.refuse_without_effect(content, keys)
    return recipe.model_copy(update={"src": src})


def _lay_over(content: dict[str, Any], path: Path, trust: bool) -> None:
    """Put what is written in a file over a recipe. Nothing that it names is imported or read before it is trusted."""
    layer = _read(path, f"recipe {path}")
    if not path.is_relative_to(PACKAGED):
        trusting.check(layer, path, f"recipe {path}", trust)
    _lay(content, layer, path.parent, f"recipe {path}")


def _read(path: Path, where: str) -> dict[str, Any]:
    """What is written in a file. Reading YAML is what takes time, so a file of the package is read once."""
    return deepcopy(_read_once(path, where)) if path.is_relative_to(PACKAGED) else overrides.read_file(path, where)


_read_once = cache(overrides.read_file)


def _lay(content: dict[str, Any], layer: dict[str, Any], folder: Path, where: str) -> None:
    """Put a layer over a recipe; its paths are relative to a folder."""
    changed_scorers, removed_scorers = scorer_changes.taken_from(layer, where)
    forms.bring_into_form(layer)
    for section in (layer, {"scorers": changed_scorers}):
        paths.resolve(Recipe, section, folder, shipped=PACKAGED)
    scorer_changes.lay_over(content, changed_scorers, removed_scorers)
    overrides.lay_over(content, layer)


def _packaged(folder: str = "") -> dict[str, Path]:
    """The YAML files in a folder of the package, by name."""
    paths = sorted((PACKAGED / folder).glob("*.yaml"))
    return {path.stem: path for path in paths if path.stem != "prompts"}  # prompts.yaml is a section of all recipes


def _path(name: str, packaged: Mapping[str, Path], what: str = "recipe") -> Path:
    if name in packaged:
        return packaged[name]
    if Path(name).suffix not in {".yaml", ".yml"} and not os.path.isfile(os.path.expanduser(name)):
        otherwise = f"choose from {listed(packaged)}, or give a YAML file"
        raise RecipeError(f"there is no {what} {name}: {instead(name, packaged, otherwise=otherwise)}")
    return _file(Path(name))


def _file(path: Path) -> Path:
    path = Path(os.path.expanduser(path))  # `os.path` raises for no text that cannot be a path
    if not os.path.isfile(path):
        raise RecipeError(f"recipe {path}: there is no such file{path_instead(path)}")
    return path
