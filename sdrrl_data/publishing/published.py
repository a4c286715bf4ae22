"""Where a run lies in a repository of the Hub, and which runs a repository holds."""

import json
import re
from collections.abc import Collection, Mapping

from pydantic import ValidationError

from sdrrl_data.errors import UserError, VersionMismatch
from sdrrl_data.publishing.hub import There
from sdrrl_data.run import Manifest
from sdrrl_data.run.disk import SCHEMA_VERSION

# Within the folder of a target.
MANIFEST = "run/manifest.json"
RECIPE = "run/recipe.yaml"
INDEX = "run/tables.json"  # table -> its parts and its files, as `packing.Packed`
TABLES = "run/tables"
TAG = re.compile(r"\w+(-\w+)*")  # of a language
SHARED = ("seeds", "answers")  # tables that all targets of a run have in common


def manifests(there: There, but: Collection[str] = ()) -> dict[str, Manifest]:
    """The manifest of each target that a repository holds, apart from some: tag -> manifest, as it was pushed.

    Raises:
        UserError: one cannot be read, or is of another schema version.
    """
    found = {}
    for path in there.files:
        tag, _, rest = path.partition("/")
        if rest == MANIFEST and tag not in but and TAG.fullmatch(tag):
            found[tag] = _read(there, path, tag)
    return found


def runs(found: Mapping[str, Manifest]) -> list[Manifest]:
    """One manifest for each run, restricted to the targets that are there.

    Args:
        found: as `manifests` gives them; those of one run are the same.
    """
    tags: list[tuple[Manifest, list[str]]] = []
    for tag, manifest in found.items():
        own = next((own for known, own in tags if known == manifest), None)
        if own is None:
            tags.append((manifest, [tag]))
        else:
            own.append(tag)
    return [manifest.only(own) for manifest, own in tags]


def _read(there: There, path: str, tag: str) -> Manifest:
    where = f"{there.repo}: {path}"
    try:
        content = json.loads(there.read(path))
        if content["schema_version"] != SCHEMA_VERSION:
            raise VersionMismatch(
                f"{where} has schema version {content['schema_version']}, this sdrrl-data reads version "
                f"{SCHEMA_VERSION}: use the sdrrl-data that made it, or another repository"
            )
        manifest = Manifest.model_validate(content)
        known = tag in manifest.counts.targets and tag in manifest.recipe["tgt"]
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise UserError(f"{where} cannot be read as a manifest: use another repository") from error
    strange = [own for own in manifest.files if not re.fullmatch(r"[\w-]+/transfer_set/[\w-]+\.parquet", own)]
    if strange or not known:
        problem = f"names {strange[0]!r} among its files" if strange else f"knows no target {tag}"
        raise UserError(f"{where} {problem}, so nothing is taken from it: use another repository")
    return manifest
