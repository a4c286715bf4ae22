"""The files of a run as they lie in a repository of the Hub."""

import json
from pathlib import Path

from sdrrl_data.cards import portable
from sdrrl_data.controls import arms as matched
from sdrrl_data.errors import UserError
from sdrrl_data.publishing import packing
from sdrrl_data.publishing.published import INDEX, MANIFEST, RECIPE, SHARED, TABLES
from sdrrl_data.recipe import overrides, score_tables, translator_names
from sdrrl_data.run import Manifest, Run, recipe_of

Content = Path | bytes
FOLDER = ".push"  # in the run: tables on their way to the Hub


def check(run: Run, manifest: Manifest) -> None:
    """See that the transfer sets are what the run made.

    Raises:
        UserError: a file is missing, was changed, or is of something else.
    """
    for tag in manifest.counts.targets:
        folder = f"{tag}/transfer_set"
        made = {path: digest for path, digest in manifest.files.items() if path.startswith(f"{folder}/")}
        found = run.digests(folder)
        for path in sorted(made.keys() | found.keys()):
            if found.get(path) == made.get(path):
                continue
            problem = "was changed since the run made it" if path in made else "is not of this run"
            raise UserError(
                f"{run.path / path} {problem if path in found else 'is missing'} (manifest.json has the SHA-256 of its "
                f"files): remove {run.path / folder} and type the `sdrrl-data generate` command again, which makes it "
                "anew from the tables"
            )


def controls(run: Run, manifest: Manifest) -> dict[str, list[str]]:
    """The names of each target's controls that were made from its transfer set as it is now."""
    read = {tag: matched.read(run, manifest, tag) for tag in manifest.counts.targets}
    return {tag: list(own.arms) for tag, own in read.items() if own}


def files(run: Run, manifest: Manifest, controls: dict[str, list[str]]) -> dict[str, Content]:
    """What of a run goes to the Hub, but for the card: path in the repository -> a file, or what is to be in it.

    Args:
        run: a finished run.
        manifest: of it.
        controls: which of each target's go with it.
    """
    leaving = portable.manifest(manifest)
    recipe = overrides.written(leaving.recipe)
    staged: dict[str, Content] = {path: run.path / path for path in manifest.files}
    packed: dict[str, packing.Packed] = {}
    for tag in manifest.counts.targets:
        for name in controls.get(tag, []):
            place = matched.folder(tag, name)
            staged |= {f"{place}/{path.name}": path for path in run.dataset_files(place)}
        if tag in controls:
            staged[f"{tag}/{matched.FILE}"] = run.path / tag / matched.FILE
        index = {}
        for name in _tables(run, manifest, tag):
            table, own = (name, name) if name in SHARED else (f"{tag}/{name}", name)
            folder = run.path / FOLDER / table
            packed[table] = packed.get(table) or packing.pack(run.table(table), folder)
            index[own] = packed[table].model_dump()
            staged |= {f"{tag}/{TABLES}/{own}/{file}": folder / file for file in packed[table].files}
        staged[f"{tag}/{INDEX}"] = (json.dumps(index, indent=2) + "\n").encode()
        staged[f"{tag}/{MANIFEST}"] = (leaving.model_dump_json(indent=2) + "\n").encode()
        staged[f"{tag}/{RECIPE}"] = recipe.encode()
    return staged


def of_targets(path: str, manifest: Manifest, controls: dict[str, list[str]]) -> bool:
    """Whether a file of the repository is one that a push of this run writes, or takes away."""
    tag, _, rest = path.partition("/")
    folder = rest.partition("/")[0]
    return tag in manifest.counts.targets and (
        folder in {"transfer_set", "run"} or (tag in controls and folder.startswith("controls-"))
    )


def _tables(run: Run, manifest: Manifest, tag: str) -> list[str]:
    """The tables that a target was made from, those of all targets first."""
    recipe = recipe_of(run, manifest)
    translators = translator_names(recipe.translator)
    translated = [
        name
        for table in ("translations", "references")
        for name in (*(f"{table}-{translator}" for translator in translators), table)
    ]
    scored = ["usual", *score_tables(recipe.scorers), "verdicts", "counts"]
    names = ["parallel", *translated, "prompts", "aligner", "code_switched", *scored]
    return [name for name in SHARED if run.table(name).parts()] + [
        name for name in names if run.table(f"{tag}/{name}").parts()
    ]
