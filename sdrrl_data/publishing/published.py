"""Where a run lies in a repository of the Hub, and which runs a repository holds."""

import re
from collections.abc import Collection, Mapping

from sdrrl_data.errors import UserError
from sdrrl_data.models.hub import Repository
from sdrrl_data.run import Manifest
from sdrrl_data.run.dataset import OF_TARGET
from sdrrl_data.run.manifest import parsed
from sdrrl_data.steps.native_texts import NATIVE_TEXTS, TEXT_TRANSLATIONS

# In the folder of a target.
MANIFEST = "run/manifest.json"
RECIPE = "run/recipe.yaml"
INDEX = "run/tables.json"  # table -> its parts and its files, as in `packing.Packed`
TABLES = "run/tables"
TAG = re.compile(r"\w+(-\w+)*")  # of a language
FILE = re.compile(rf"[\w-]+/({'|'.join(OF_TARGET)})/[\w-]+\.parquet")  # of a manifest
# The tables that all targets of a run share; of several models that answer, each has its own table of samples.
SHARED = re.compile(rf"{NATIVE_TEXTS}|{TEXT_TRANSLATIONS}|seeds|samples(-[\w-]+)?|sample_scores|answers|shared_counts")


def manifests(dataset: Repository, without: Collection[str] = ()) -> dict[str, Manifest]:
    """The manifest of each target in a repository, without some targets: tag -> manifest, as it was pushed.

    Raises:
        UserError: a manifest cannot be read, or has another schema version.
    """
    by_tag = {}
    for path in dataset.files:
        tag, _, rest = path.partition("/")
        if rest == MANIFEST and tag not in without and TAG.fullmatch(tag):
            by_tag[tag] = _read(dataset, path, tag)
    return by_tag


def runs(by_tag: Mapping[str, Manifest]) -> list[Manifest]:
    """One manifest for each run, restricted to its targets that are in the repository.

    Args:
        by_tag: as `manifests` returns them; targets of the same run have equal manifests.
    """
    tags_of_runs: list[tuple[Manifest, list[str]]] = []
    for tag, manifest in by_tag.items():
        tags = next((tags for known, tags in tags_of_runs if known == manifest), None)
        if tags is None:
            tags_of_runs.append((manifest, [tag]))
        else:
            tags.append(tag)
    return [manifest.only(tags) for manifest, tags in tags_of_runs]


def _read(dataset: Repository, path: str, tag: str) -> Manifest:
    where = f"{dataset.name}: {path}"
    manifest = parsed(dataset.read(path), where, "use another repository")
    known = tag in manifest.counts.targets and tag in manifest.recipe.get("tgt", ())
    strange = [file for file in manifest.files if not FILE.fullmatch(file)]
    if strange or not known:
        problem = f"names {strange[0]!r} among its files" if strange else f"has no target {tag}"
        raise UserError(f"{where} {problem}, so nothing is taken from it: use another repository")
    return manifest
