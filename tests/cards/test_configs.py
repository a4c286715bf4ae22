"""What each config loads: the rows of a target, of all of them together, of a control."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sdrrl_data.cards import card, configs
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import draws
from sdrrl_data.run import Counts, Manifest, Run, TargetCount
from sdrrl_data.run.dataset import SPLITS
from tests.cards.test_card import head, section, small_recipe
from tests.support import datasets, small_models, splits

SEED, SHARE = 42, 0.1
LATE = [id for id in map(str, range(200)) if draws.share(SEED, "split", id) >= SHARE]  # what trains
EARLY = [id for id in map(str, range(200)) if draws.share(SEED, "split", id) < SHARE]


def manifest_with(tag: str, rows: Mapping[str, int], seed: int = SEED, share: float = SHARE) -> Manifest:
    """The manifest of a run, with everything that configs depend on."""
    nothing: dict[str, Any] = {"pairs": 0, "kept": 0, "kept_texts": {}, "filters": [], "removed": {}, "mix": []}
    return Manifest(
        state="finished",
        signatures={tag: ""},
        recipe={"seed": seed, "scorers": [], "transfer_set": {"test_share": share}},
        versions={},
        ingredients=[],
        counts=Counts(targets={tag: TargetCount(**nothing, rows=dict(rows))}),
    )


def split(seeds: Mapping[str, int]) -> pl.DataFrame:
    """So many rows of each seed, split as those of a transfer set are."""
    ids = [id for id, rows in seeds.items() for _ in range(rows)]
    rows = pl.DataFrame({"id": [f"{number}" for number in range(len(ids))], "seed_id": ids})
    return splits.split(rows, SHARE, SEED)


def together(targets: Mapping[str, Mapping[str, int]]) -> tuple[list[str], set[str]]:
    """The targets whose test rows stand in the config of all, and the seeds that are on both of its sides."""
    rows = {tag: split(seeds) for tag, seeds in targets.items()}
    counts = {tag: {side: of_target.filter(split=side).height for side in SPLITS} for tag, of_target in rows.items()}
    agreed = configs.agreeing([manifest_with(tag, of_splits) for tag, of_splits in counts.items()])
    train = {id for of_target in rows.values() for id in of_target.filter(split="train")["seed_id"]}
    test = {id for tag in agreed for id in rows[tag].filter(split="test")["seed_id"]}
    return agreed, train & test


A_SEEDS_ROWS = st.integers(1, configs.OF_ONE_SEED)
SEEDS = st.dictionaries(st.sampled_from([*LATE[:12], *EARLY[:4]]), A_SEEDS_ROWS, min_size=2)


@given(st.dictionaries(st.sampled_from(["pt", "vi", "th"]), SEEDS, min_size=2))
@example({"pt": dict.fromkeys(LATE[:9], 6), "vi": dict.fromkeys([*LATE[:9], *EARLY[:2]], 6)})
def test_no_seed_is_on_both_sides_of_all(targets: dict[str, dict[str, int]]) -> None:
    _, both = together(targets)
    assert both == set()


def test_a_split_that_was_made_of_one_seed_is_left_out() -> None:
    forced, usual = dict.fromkeys(LATE[:9], 6), dict.fromkeys([*LATE[:9], *EARLY[:2]], 6)
    assert split(forced).filter(split="test").height == 6
    assert together({"pt": forced, "vi": usual}) == (["vi"], set())
    assert together({"pt": forced}) == (["pt"], set())  # alone it agrees with itself


@pytest.mark.parametrize(("seed", "share"), [(7, SHARE), (SEED, 0.2)])
def test_runs_that_split_in_different_ways_are_not_tested_together(seed: int, share: float) -> None:
    rows = {"train": 80, "test": 20}
    assert configs.agreeing([manifest_with("pt", rows), manifest_with("vi", rows)]) == ["pt", "vi"]
    assert configs.agreeing([manifest_with("pt", rows), manifest_with("vi", rows, seed, share)]) == []


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Manifest, Manifest]:
    """A folder with a target of one run and a target of another that scores in another way, and their manifests."""
    folder = tmp_path_factory.mktemp("two")
    portuguese = generate(small_recipe(folder / "one", tgt=["pt"]), folder / "out", small_models.models())
    changes = {"scorers": ["length"], "thresholds": {"length": {"min": 0.4}}}
    recipe = small_recipe(folder / "two", tgt=["vi"], **changes)
    vietnamese = generate(recipe, folder / "other", small_models.models())
    shutil.copytree(folder / "other" / "vi", folder / "out" / "vi")
    return Run(folder / "out"), portuguese, vietnamese


def test_targets_of_two_runs_load_together(repository: tuple[Run, Manifest, Manifest], tmp_path: Path) -> None:
    from datasets import load_dataset

    run, portuguese, vietnamese = repository
    (run.path / "README.md").write_text(card.write(portuguese, run, [vietnamese]), encoding="utf-8")
    loaded = load_dataset(str(run.path), "all", cache_dir=str(tmp_path))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {
        split: portuguese.counts.targets["pt"].rows[split] + vietnamese.counts.targets["vi"].rows[split]
        for split in SPLITS
    }
    columns = [name for name in run.dataset("pt/transfer_set").read().columns if name != "scores"]
    assert loaded["train"].column_names == columns
    assert not set(loaded["train"]["seed_id"]) & set(loaded["test"]["seed_id"])
    streamed = list(load_dataset(str(run.path), "all", split="test", streaming=True))
    assert [row["id"] for row in streamed] == list(loaded["test"]["id"])
    assert load_dataset(str(run.path), "vi", split="test", cache_dir=str(tmp_path))["scores"]


def test_the_card_says_what_all_leaves_out(repository: tuple[Run, Manifest, Manifest]) -> None:
    run, portuguese, vietnamese = repository
    loading = section(card.write(portuguese, run, [vietnamese]), "Loading")
    assert "`all` has no column `scores`" in loading
    assert "are not in `all`" not in loading
    otherwise_split = vietnamese.model_copy(update={"recipe": vietnamese.recipe | {"seed": 7}})
    text = card.write(portuguese, run, [otherwise_split])
    assert "The test rows of `pt`, `vi` are not in `all`" in section(text, "Loading")
    [files] = [config["data_files"] for config in head(text)["configs"] if config["config_name"] == "all"]
    assert [file["split"] for file in files] == ["train"]


def test_a_control_is_a_config_when_asked_for(repository: tuple[Run, Manifest, Manifest], tmp_path: Path) -> None:
    from datasets import get_dataset_config_names, load_dataset

    run = Run(shutil.copytree(repository[0].path, tmp_path / "run"))
    rows = run.dataset("pt/transfer_set").read().filter(code_switched=False)
    few = pl.concat([rows.filter(split=split).head(3) for split in SPLITS])
    datasets.write(run, "pt/controls-no-code-switch", few)
    text = card.write(repository[1], run, controls={"pt": ["no-code-switch"]})
    (run.path / "README.md").write_text(text, encoding="utf-8")
    assert get_dataset_config_names(str(run.path)) == [
        *("pt", "all", "pt-preferences", "pt-distillation", "pt-no-code-switch")
    ]
    loaded = load_dataset(str(run.path), "pt-no-code-switch", cache_dir=str(tmp_path / "cache"))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"train": 3, "test": 3}
    assert "| `pt-no-code-switch` | a control of `pt`: the transfer set without code-switched rows | 3 | 3 |" in text


def test_a_folder_whose_name_looks_like_a_pattern(repository: tuple[Run, Manifest, Manifest], tmp_path: Path) -> None:
    run, manifest, _ = repository
    odd = Run(shutil.copytree(run.path, tmp_path / "run[1]*"))
    shutil.copytree(odd.path / "pt/transfer_set", odd.path / "pt/controls-sft")
    as_usual = configs.configs(run, [manifest], {})
    assert configs.configs(odd, [manifest], {"pt": ["sft"]})[:-1] == as_usual
    assert [config.schema(odd) for config in as_usual] == [config.schema(run) for config in as_usual]
