"""The configs of a published set: what each loads."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps.transfer_set import CROSSINGS

ALL = "all"
SPLITS = ("train", "test")
# The most rows that one question gives: the crossings, and one code-switched row in each language.
OF_ONE_SEED = len(CROSSINGS) + 2


class Config(NamedTuple):
    """What `load_dataset` gives under one name."""

    name: str
    rows: dict[str, int]  # of each split that has any
    files: dict[str, list[str]]  # of each of these splits: patterns of paths
    columns: list[str] | None = None  # the only ones that are loaded
    target: str | None = None  # whose rows these are; None: of all
    control: str | None = None  # which of the target's controls

    def schema(self, run: Run) -> pl.Schema | None:
        """The types of its columns, by the files that are in this run; None where they are another run's."""
        patterns = [pattern for own in self.files.values() for pattern in own]
        path = next((path for pattern in patterns for path in sorted(run.path.glob(pattern))), None)
        if path is None:
            return None
        whole = pl.read_parquet_schema(path)
        return pl.Schema({column: whole[column] for column in self.columns or whole})

    def in_head(self) -> dict[str, Any]:
        """As the head of the card has it."""
        # One path stands alone, as people write it.
        files = [
            {"split": split, "path": paths[0] if len(paths) == 1 else paths} for split, paths in self.files.items()
        ]
        columns = {"columns": self.columns} if self.columns else {}
        return {"config_name": self.name, "data_files": files, **columns}


def configs(run: Run, manifests: Sequence[Manifest], controls: Mapping[str, Sequence[str]]) -> list[Config]:
    """One config for each target that has rows, one for all of them, one for each control.

    Args:
        run: the one whose files are here.
        manifests: of all runs, with their counts.
        controls: which of the targets' controls there are, all of them of the run that is here.
    """
    targets = [
        _config(tag, f"{tag}/transfer_set", target.rows, target=tag)
        for manifest in manifests
        for tag, target in manifest.counts.targets.items()
        if any(target.rows.values())
    ]
    own = []
    for tag, names in controls.items():
        for name in names:
            folder = f"{tag}/controls-{name}"
            rows = pl.scan_parquet(run.path / folder / "*.parquet").group_by("split").len().collect()
            own.append(_config(f"{tag}-{name}", folder, dict(rows.iter_rows()), target=tag, control=name))
    return [*targets, *([_all(run, targets, manifests)] if targets else []), *own]


def agreeing(manifests: Sequence[Manifest]) -> list[str]:
    """The tags of the targets whose test rows can stand in the config of all: no seed of theirs trains another.

    A seed's side hangs on its id, on the recipe's seed and on the share that is asked for, so targets for which these
    are the same agree. But where no seed falls to the test split, one that trains elsewhere is made to: so small a
    split is left out. Where runs split in different ways, all are.
    """
    targets = {tag: target for manifest in manifests for tag, target in manifest.counts.targets.items()}
    if len(targets) == 1:
        return list(targets)
    if len({(own.recipe["seed"], own.recipe["transfer_set"]["test_share"]) for own in manifests}) > 1:
        return []
    return [tag for tag, target in targets.items() if target.rows["test"] > OF_ONE_SEED]


def _config(name: str, folder: str, rows: Mapping[str, int], target: str, control: str | None = None) -> Config:
    # `datasets` loads nothing at all where one of the splits is empty.
    filled = {split: rows[split] for split in SPLITS if rows.get(split)}
    files = {split: [f"{folder}/{split}-*.parquet"] for split in filled}
    return Config(name, filled, files, target=target, control=control)


def _all(run: Run, targets: Sequence[Config], manifests: Sequence[Manifest]) -> Config:
    agreed = agreeing(manifests)
    sides = {"train": targets, "test": [own for own in targets if own.target in agreed]}
    files = {split: [path for own in side for path in own.files.get(split, [])] for split, side in sides.items()}
    whole = Config(
        ALL,
        {split: sum(own.rows.get(split, 0) for own in side) for split, side in sides.items() if files[split]},
        {split: paths for split, paths in files.items() if paths},
    )
    # Runs that score in different ways have other fields in this column, which cannot be loaded together.
    scorers = {tuple((own["kind"], own.get("name")) for own in manifest.recipe["scorers"]) for manifest in manifests}
    return (
        whole
        if len(scorers) == 1
        else whole._replace(columns=[own for own in whole.schema(run) or () if own != "scores"])
    )
