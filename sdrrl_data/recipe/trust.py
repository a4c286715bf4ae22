"""What a recipe asks of this machine, and whether whoever wrote it is trusted with that.

A recipe is the user's if it is one of the package's, or lies in or below the working directory; but not if it lies
there in a run, or in a git repository of its own. Of another recipe, the user has to say that it is trusted before the
Python code that it names is imported, a program or a server that it names is used, or a file outside its folder is
read. As with direnv and mise, that is remembered outside the folder, for the folder and what was asked: whoever hands
over a run can write into it, too. What a command of the user names needs no trust, and is remembered for its run.
"""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UntrustedRecipe
from sdrrl_data.recipe import Recipe, TranslatorConfig, paths, user_code
from sdrrl_data.recipe.fields import Written, walk
from sdrrl_data.recipe.markers import NamesCode, Place, StaysHere, TakenIn
from sdrrl_data.recipe.seeds import WORDS
from sdrrl_data.shown import ADDRESSES
from sdrrl_data.stores import address_of

MANIFEST = "manifest.json"  # in the folder of a run
CODE = "the Python code "  # how an entry of `asks` for code begins

_remembered: set[str] = set()  # in this process, also where nothing can be written


def asks(content: Mapping[str, Any], folder: Path, beside: Path | None = None) -> list[str]:
    """What a recipe asks of this machine: code, programs, servers, and files outside a folder. Nothing is imported.

    Args:
        content: the recipe, or a layer over one, as it is written.
        folder: of the recipe, or of its run.
        beside: the folder that its paths are relative to; by default the same.
    """
    return list(dict.fromkeys(_asks(content, folder, beside or folder)))


def check(
    content: Mapping[str, Any], place: Path, where: str, trusted: bool = False, allowed: Collection[str] = ()
) -> None:
    """Refuse a recipe that is not the user's, if it asks for more than was allowed.

    Args:
        content: as for `asks`.
        place: its file, or the folder of its run.
        where: what it is, for the error message ("recipe mine.yaml").
        trusted: whether the user says now that it is trusted.
        allowed: entries of `asks` that need no trust.

    Raises:
        UntrustedRecipe: it does.
    """
    folder = _folder_of(place)
    beside = place if place.is_dir() else place.parent
    wanted = [what for what in asks(content, folder, beside) if what not in allowed]
    if trusted:
        remember(folder, wanted)
    new = [what for what in wanted if _key(folder, what) not in _remembered and not os.path.isfile(_note(folder, what))]
    if new and not _is_users(place):
        also = f" and {len(new) - 1} more" if len(new) > 1 else ""
        raise UntrustedRecipe(
            f"{where} may be somebody else's (it is in a run from elsewhere, or outside the working directory), and "
            f"asks for {new[0]}{also}: look at it, and trust it with --trust-recipe (in Python, trust=True)"
        )


def remember(folder: Path, wanted: Iterable[str]) -> None:
    """Remember that these entries of `asks` are allowed to the recipes in a folder.

    Where nothing can be written, they are for this process.
    """
    for what in wanted:
        _remembered.add(_key(folder, what))
        note = _note(folder, what)
        with suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()


def asked(field: Written, value: str, folder: Path, beside: Path) -> str | None:
    """What one value of a field asks for, as in `asks`; None: nothing."""
    if (field.marker(NamesCode) or not field.known) and user_code.NAME.fullmatch(value):
        return f"{CODE}{value}"
    place = field.marker(Place)
    if field.marker(StaysHere) and value != field.default:
        return f"the {'program' if place else 'server'} {value}"
    taken_in = field.marker(TakenIn)
    is_file = (place and value not in place.words) or (taken_in and value.endswith(taken_in.ending))
    if (is_file or not field.known) and (address_of(value) or _is_outside(value, folder, beside)):
        return f"the file {value}"
    return None


def _is_users(place: Path) -> bool:
    """Whether a recipe lies in or below the working directory, and not in a run or in a git repository there."""
    folder, home = place.resolve(), Path.cwd().resolve()
    if place.is_dir() or not folder.is_relative_to(home):
        return False  # a folder is that of a run
    between = [parent for parent in folder.parents if parent.is_relative_to(home)]
    return not any(
        (parent / MANIFEST).exists() or (parent != home and (parent / ".git").exists()) for parent in between
    )


def _folder_of(place: Path) -> Path:
    """The folder for which trust is remembered: of the run that a recipe lies in, else of the recipe."""
    if place.is_dir():
        return place
    return next((parent for parent in place.resolve().parents if (parent / MANIFEST).exists()), place.parent)


def _asks(content: Mapping[str, Any], folder: Path, beside: Path) -> Iterator[str]:
    for field in walk(Recipe, _long_form(content)):
        for value in field.value if isinstance(field.value, list) else [field.value]:
            if isinstance(value, str) and (what := asked(field, value, folder, beside)):
                yield what


def _is_outside(value: str, folder: Path, beside: Path) -> bool:
    """Whether a text is the path of something that exists outside a folder."""
    try:
        existing = [path.resolve() for path in (Path(value).expanduser(), beside / value) if os.path.exists(path)]
        safe = (folder.resolve(), paths.PACKAGED.resolve())
        return not all(any(path.is_relative_to(place) for place in safe) for path in existing)
    except (OSError, ValueError, RuntimeError):  # it cannot be a path
        return False


def _long_form(content: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe with the short forms of components written out: `nllb`, `helper:Class:MODEL`, scorers by their kinds.

    Unlike `forms`, it imports nothing, and takes what is wrong for what it may be.
    """
    long = _with_translators(content)
    scorers, targets = content.get("scorers"), content.get("targets")
    if isinstance(scorers, dict):
        scorers = [{**(item if isinstance(item, dict) else {}), "kind": str(kind)} for kind, item in scorers.items()]
    if isinstance(scorers, list):
        long["scorers"] = [{"kind": item} if isinstance(item, str) else item for item in scorers]
    if isinstance(targets, dict):
        long["targets"] = {
            tag: _with_translators(target) if isinstance(target, dict) else target for tag, target in targets.items()
        }
    if isinstance(seeds := content.get("seeds"), dict) and seeds.get("source") not in WORDS:
        long["seeds"] = [seeds]
    return long


def _with_translators(section: Mapping[str, Any]) -> dict[str, Any]:
    """A section with its translators as a list of sections."""
    translators = section.get("translator")
    if translators is None:
        return dict(section)
    items = translators if isinstance(translators, list) else [translators]
    return {**section, "translator": [{"kind": _kind(item)} if isinstance(item, str) else item for item in items]}


def _kind(word: str) -> str:
    """The kind in a translator's short form, where the user's class may be followed by a model."""
    first, *others = word.split(":")
    return first if first in TranslatorConfig.kinds() else ":".join([first, *others[:1]])


def _key(folder: Path, what: str) -> str:
    return f"{ADDRESSES.get(str(folder), folder.resolve())}\0{what}"


def _note(folder: Path, what: str) -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"))
    return state / "sdrrl-data" / "trusted" / hashlib.sha256(_key(folder, what).encode("utf-8", "replace")).hexdigest()
