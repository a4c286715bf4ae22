"""The recipe of a command: in the folder of a run, that of the run holds, and the command changes what it names."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.recipe import Recipe, loading
from sdrrl_data.recipe import trust as trusting
from sdrrl_data.run import Manifest, Run

DEFAULT = "sdrrl"


class Wish(NamedTuple):
    """What a run should become."""

    recipe: Recipe
    named: dict[str, Any] | None  # what is written in the recipe that a command named last; None if it is not known


def read(
    out: Path,
    name: str | PathLike[str] | None,
    changes: Mapping[str, Any] | None = None,
    overlays: Sequence[str | PathLike[str]] = (),
    trust: bool = False,
) -> Wish:
    """The recipe for a folder.

    If the folder has a run, everything that the command leaves out stays as it is in the run. The values of a named
    file count where they have changed since the run was made; a recipe of the package counts if it is another one.

    Args:
        out: the folder of the run, which need not exist.
        name: a recipe as for `load_recipe`; None if the command names none.
        changes: as for `load_recipe`.
        overlays: as for `load_recipe`.
        trust: as for `load_recipe`, also of the run that the folder has.

    Raises:
        UserError: the folder holds something else, there is no such recipe, or a value in it is wrong.
    """
    manifest = Run(out).manifest()
    if manifest is None:
        name = name or DEFAULT
    written = loading.written(name, trust) if name else None
    if manifest:
        # What the named recipe asks for, too, is trusted.
        trusting.check(manifest.recipe, out, f"the run {out}", trust, allowed=trusting.asks(written or {}, out))
    where = f"recipe {name}" if name else f"the recipe of {out}"
    recipe = loading.finished(_content(manifest, name, written), changes, overlays, where, trust)
    return Wish(recipe, written or (manifest.named if manifest else None))


def _content(
    manifest: Manifest | None, name: str | PathLike[str] | None, written: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The recipe before the changes of the command: that of the run, or of the named file, or both together."""
    if manifest is None or (written and manifest.named is None and not _is_of_run(name, written, manifest)):
        return deepcopy(dict(written or {}))
    if written is None or manifest.named is None or _is_of_run(name, written, manifest):
        return deepcopy(manifest.recipe)
    return merged(deepcopy(manifest.recipe), manifest.named, deepcopy(written))


def merged(content: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe with what has changed in a file since then; a list replaces a list.

    Args:
        content: the recipe.
        before: what was written in the file.
        now: what is written in it now.
    """
    result = dict(content)
    for key in dict.fromkeys([*before, *now]):
        if key in before and key in now and before[key] == now[key]:
            continue
        if key not in now:
            result.pop(key, None)
        elif all(isinstance(section.get(key), Mapping) for section in (content, before, now)):
            result[key] = merged(content[key], before[key], now[key])
        else:
            result[key] = now[key]
    return result


def _is_of_run(name: str | PathLike[str] | None, written: Mapping[str, Any], manifest: Manifest) -> bool:
    """Whether the run was made from this recipe of the package, which a newer version may have changed."""
    earlier = manifest.recipe if manifest.named is None else manifest.named
    return name is not None and loading.is_packaged(name) and written.get("name") == earlier.get("name")
