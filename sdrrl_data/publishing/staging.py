"""The files of a run, as they are in a repository of the Hub."""

import json
from collections.abc import Iterable
from pathlib import Path

from sdrrl_data.cards import portable
from sdrrl_data.controls import arms
from sdrrl_data.errors import UserError
from sdrrl_data.publishing import packing
from sdrrl_data.publishing.published import INDEX, MANIFEST, RECIPE, SHARED, TABLES
from sdrrl_data.recipe import overrides, score_tables, translator_names
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.run.dataset import OF_TARGET
from sdrrl_data.steps import samples
from sdrrl_data.steps.native_texts import NATIVE_TEXTS, TEXT_TRANSLATIONS

Content = Path | bytes
FOLDER = ".push"  # in the run: tables that are packed for the Hub


def check(run: Run, manifest: Manifest) -> None:
    """Check that the transfer sets, and the datasets beside them, are those that the run made.

    Raises:
        UserError: a file is missing, was changed, or does not belong to the run.
    """
    for folder in (f"{tag}/{name}" for tag in manifest.counts.targets for name in OF_TARGET):
        expected = {path: digest for path, digest in manifest.files.items() if path.startswith(f"{folder}/")}
        digests = run.dataset(folder).digests()
        for path in sorted(expected.keys() | digests.keys()):
            if digests.get(path) == expected.get(path):
                continue
            problem = "was changed since the run made it" if path in expected else "does not belong to this run"
            raise UserError(
                f"{run.path / path} {problem if path in digests else 'is missing'} (manifest.json has the SHA-256 of "
                f"its files): remove {run.path / folder} and type `{run.command}`, which makes the folder again "
                "from the tables"
            )


def controls(run: Run, manifest: Manifest) -> dict[str, list[str]]:
    """The names of each target's controls that were made from its transfer set as it is now."""
    by_tag = {tag: arms.read(run, manifest, tag) for tag in manifest.counts.targets}
    return {tag: list(target_controls.arms) for tag, target_controls in by_tag.items() if target_controls}


def files(run: Run, manifest: Manifest, controls: dict[str, list[str]]) -> dict[str, Content]:
    """The files of a run that go to the Hub, without the card: path in the repository -> a file, or its content.

    Args:
        run: a finished run.
        manifest: of the run.
        controls: target -> names of its controls that go to the Hub, too.
    """
    portable_manifest = portable.manifest(manifest)
    recipe = overrides.written(portable_manifest.recipe)
    staged: dict[str, Content] = {path: run.path / path for path in manifest.files}
    packed: dict[str, packing.Packed] = {}
    for tag in manifest.counts.targets:
        for name in controls.get(tag, []):
            place = arms.folder(tag, name)
            staged |= {f"{place}/{path.name}": path for path in run.dataset(place).files()}
        if tag in controls:
            staged[f"{tag}/{arms.FILE}"] = run.path / tag / arms.FILE
        index = {}
        for name in _tables(run, manifest, tag):
            table = name if SHARED.fullmatch(name) else f"{tag}/{name}"
            folder = run.path / FOLDER / table
            packed[table] = packed.get(table) or packing.pack(run.table(table), folder)
            index[name] = packed[table].model_dump()
            staged |= {f"{tag}/{TABLES}/{name}/{file}": folder / file for file in packed[table].files}
        staged[f"{tag}/{INDEX}"] = (json.dumps(index, indent=2) + "\n").encode()
        staged[f"{tag}/{MANIFEST}"] = (portable_manifest.model_dump_json(indent=2) + "\n").encode()
        staged[f"{tag}/{RECIPE}"] = recipe.encode()
    return staged


def of_targets(path: str, manifest: Manifest, controls: dict[str, list[str]]) -> bool:
    """Whether a push of this run may write or remove a file of the repository."""
    tag, _, rest = path.partition("/")
    folder = rest.partition("/")[0]
    return tag in manifest.counts.targets and (
        folder in {*OF_TARGET, "run"} or (tag in controls and folder.startswith("controls-"))
    )


def sample_tables(run: Run, names: Iterable[str]) -> list[str]:
    """Those of the tables of samples that are published: parts of an earlier version have none, and all must be there.

    Args:
        run: has the tables.
        names: of tables of samples, and of their scores.
    """
    return [name for name in names if run.table(name).parts() == run.table("seeds").parts()]


def _tables(run: Run, manifest: Manifest, tag: str) -> list[str]:
    """The tables that a target was made from; first those that all targets share."""
    recipe = recipe_of(run, manifest).for_target(tag)
    translators = translator_names(recipe.translator)
    translated = [
        name
        for table in ("translations", "references")
        for name in (*(f"{table}-{translator}" for translator in translators), table)
    ]
    scored = ["usual", *score_tables(recipe.scorers), "verdicts", "counts"]
    names = ["parallel", *translated, "prompts", "aligner", "code_switched", *scored]
    of_samples = sample_tables(run, [*samples.tables(recipe).values(), samples.OF_SCORES])
    shared = [NATIVE_TEXTS, TEXT_TRANSLATIONS, "seeds", *of_samples, "answers", "shared_counts"]
    return [name for name in shared if run.table(name).parts()] + [
        name for name in names if run.table(f"{tag}/{name}").parts()
    ]
