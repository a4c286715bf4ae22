"""Opens existing runs."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from sdrrl_data import languages
from sdrrl_data.errors import NotARun, RunUnfinished, UserError, VersionMismatch
from sdrrl_data.recipe import Recipe, trust
from sdrrl_data.run.disk import damaged
from sdrrl_data.run.folder import MANIFEST, MANIFEST_COPY, Run
from sdrrl_data.run.manifest import Manifest
from sdrrl_data.suggestions import instead, path_instead


def opened(path: Path) -> tuple[Run, Manifest]:
    """The run in a folder, with its manifest.

    Raises:
        UserError: there is no run, or this version cannot read it.
    """
    run = Run(path)
    path = run.path
    files = (path / MANIFEST, path / MANIFEST_COPY)
    manifest = run.manifest() if any(map(os.path.isfile, files)) else None  # `Path.is_file` may raise
    if manifest is None:
        problem = "it has no manifest.json" if os.path.exists(path) else "there is no such folder"
        instead_of_it = (
            path_instead(path, [Path("runs")], MANIFEST) or ": name a folder that `sdrrl-data generate` made"
        )
        raise NotARun(f"{path} is not a run ({problem}){instead_of_it}")
    if manifest.state == "finished":
        _refuse_lost(run, manifest)
    return run, manifest


def _refuse_lost(run: Run, manifest: Manifest) -> None:
    """Refuse a finished run that has lost files.

    Raises:
        FileDamaged: a file is gone that the manifest names, or a part of a table that it has counted.
    """
    for path in manifest.files:
        if not (run.path / path).exists():
            raise damaged(run.path / path, "is gone")
    parts = sum(map(len, manifest.growths))
    for name in manifest.counts.steps:
        table = run.table(name)
        numbers = table.numbers()
        if numbers != [0] or name.rpartition("/")[2] != "parallel":
            for part in set(range(parts)).difference(numbers):
                raise damaged(table.files(part)[0], "is gone")


def refuse_unfinished(run: Run, manifest: Manifest) -> None:
    """Refuse a run that is not finished.

    Raises:
        RunUnfinished: the run is not finished.
    """
    if manifest.state != "finished":
        raise RunUnfinished(f"{run.path} is not finished: {run.goes_on}")


def select_targets(run: Run, manifest: Manifest, names: Iterable[str]) -> list[str]:
    """The tags of a run's targets; all of them if none is named.

    Args:
        run: the run.
        manifest: the run's manifest.
        names: languages, by any of their names.

    Raises:
        UserError: the run has no such target, or there is no such language.
    """
    targets = list(manifest.signatures)
    selected = list(dict.fromkeys(languages.find(name).tag for name in names))
    for tag in selected:
        if tag not in targets:
            raise UserError(f"{run.path} has no target {tag}: {instead(tag, targets)}")
    return selected or targets


def trust_run(run: Run, manifest: Manifest) -> None:
    """Remember that a run may use the code, the programs, the servers and the files that its recipe names."""
    trust.remember(run.path, trust.asks(manifest.recipe, run.path))


def recipe_of(run: Run, manifest: Manifest, to_open: bool = False) -> Recipe:
    """The recipe of a run. The user's code that it names is imported.

    Args:
        run: the run.
        manifest: the run's manifest.
        to_open: whether what it names will be opened, and not only its settings read.

    Raises:
        UntrustedRecipe: the run may be somebody else's, and its recipe names code; or, if it will be opened, a program,
            a server or a file of this machine.
        VersionMismatch: this version of sdrrl-data cannot read it.
    """
    wanted = trust.asks(manifest.recipe, run.path)
    no_code = [] if to_open else [what for what in wanted if not what.startswith(trust.CODE)]
    trust.check(manifest.recipe, run.path, f"the run {run.path}", allowed=no_code)
    try:
        return Recipe.model_validate_json(json.dumps(manifest.recipe))
    except ValidationError as error:
        raise VersionMismatch(
            f"{run.path}: the recipe in its manifest.json is of another version of sdrrl-data ({error.error_count()} "
            "mistakes): use the version that made the run"
        ) from None
