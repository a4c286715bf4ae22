"""The configs of a published dataset: what `load_dataset` loads under each name."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.run import Manifest, Run, TargetCount
from sdrrl_data.run.dataset import DISTILLATION, PREFERENCES, SPLITS, TRANSFER_SET, shards
from sdrrl_data.steps.transfer_set import CROSSINGS

ALL = "all"
# The most rows that one question gives: the crossings, and one code-switched row in each language.
OF_ONE_SEED = len(CROSSINGS) + 2


class DatasetConfig(NamedTuple):
    """What `load_dataset` loads under one name."""

    name: str
    rows: dict[str, int]  # split -> rows; without empty splits
    files: dict[str, list[str]]  # of each of these splits: patterns of paths
    columns: list[str] | None = None  # the only columns that are loaded; None: all
    target: str | None = None  # the target that the rows belong to; None: all targets
    dataset: str = TRANSFER_SET  # of the target; or the name of its control

    def schema(self, run: Run) -> pl.Schema | None:
        """The types of its columns, read from its files in this run; None if they are in another run."""
        patterns = [pattern for of_split in self.files.values() for pattern in of_split]
        path = next(iter(shards(run.path, patterns)), None)
        if path is None:
            return None
        in_file = pl.scan_parquet(path, glob=False).collect_schema()
        return pl.Schema({column: in_file[column] for column in self.columns or in_file})

    def in_head(self) -> dict[str, Any]:
        """Its entry in the head of the card."""
        # People write a single path without a list.
        files = [
            {"split": split, "path": paths[0] if len(paths) == 1 else paths} for split, paths in self.files.items()
        ]
        columns = {"columns": self.columns} if self.columns else {}
        return {"config_name": self.name, "data_files": files, **columns}


def configs(run: Run, manifests: Sequence[Manifest], controls: Mapping[str, Sequence[str]]) -> list[DatasetConfig]:
    """One config for each target that has rows, one for all targets together, and one for each dataset beside them.

    Args:
        run: the run whose files are at hand.
        manifests: of all runs, with their counts.
        controls: target -> names of its controls, all of them in `run`.
    """
    of_targets = [
        _config(tag, f"{tag}/transfer_set", target.rows, target=tag)
        for manifest in manifests
        for tag, target in manifest.counts.targets.items()
        if any(target.rows.values())
    ]
    others = [
        _config(f"{tag}-{name}", f"{tag}/{name}", rows, target=tag, dataset=name)
        for manifest in manifests
        for tag, target in manifest.counts.targets.items()
        for name, rows in _beside(target).items()
        if any(rows.values())
    ]
    for tag, names in controls.items():
        for name in names:
            folder = f"{tag}/controls-{name}"
            rows = pl.scan_parquet(run.dataset(folder).files(), glob=False).group_by("split").len().collect()
            others.append(_config(f"{tag}-{name}", folder, dict(rows.iter_rows()), target=tag, dataset=name))
    return [*of_targets, *([_all(run, of_targets, manifests)] if of_targets else []), *others]


def _beside(target: TargetCount) -> dict[str, dict[str, int]]:
    """The rows of the datasets beside a transfer set, by their names."""
    return {PREFERENCES: target.preferences.rows if target.preferences else {}, DISTILLATION: target.distillation}


def agreeing(manifests: Sequence[Manifest]) -> list[str]:
    """The tags of the targets whose test rows may be in the config `all`: no other target trains on their test seeds.

    The side of a seed depends on its id, on the recipe's seed and on the share of test rows that the recipe asks for.
    So targets with the same seed and share agree. But if no seed falls into the test split of a target, one of its
    train seeds is moved there: so a test split that may come from one seed is left out. If runs were split in different
    ways, no target has test rows in `all`.
    """
    targets = {tag: target for manifest in manifests for tag, target in manifest.counts.targets.items()}
    if len(targets) == 1:
        return list(targets)
    if len({(manifest.recipe["seed"], manifest.recipe["transfer_set"]["test_share"]) for manifest in manifests}) > 1:
        return []
    return [tag for tag, target in targets.items() if target.rows["test"] > OF_ONE_SEED]


def _config(name: str, folder: str, rows: Mapping[str, int], target: str, dataset: str = TRANSFER_SET) -> DatasetConfig:
    # `datasets` loads nothing at all if one of the splits is empty.
    filled = {split: rows[split] for split in SPLITS if rows.get(split)}
    files = {split: [f"{folder}/{split}-*.parquet"] for split in filled}
    return DatasetConfig(name, filled, files, target=target, dataset=dataset)


def _all(run: Run, of_targets: Sequence[DatasetConfig], manifests: Sequence[Manifest]) -> DatasetConfig:
    agreed = agreeing(manifests)
    sides = {"train": of_targets, "test": [config for config in of_targets if config.target in agreed]}
    files = {split: [path for config in side for path in config.files.get(split, [])] for split, side in sides.items()}
    every_column = DatasetConfig(
        ALL,
        {split: sum(config.rows.get(split, 0) for config in side) for split, side in sides.items() if files[split]},
        {split: paths for split, paths in files.items() if paths},
    )
    # Runs with different scorers have different fields in the column `scores`: it cannot be loaded from all of them.
    scorers = {
        tuple((scorer["kind"], scorer.get("name")) for scorer in manifest.recipe["scorers"]) for manifest in manifests
    }
    if len(scorers) == 1:
        return every_column
    return every_column._replace(columns=[name for name in every_column.schema(run) or () if name != "scores"])
