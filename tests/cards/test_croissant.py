"""Croissant metadata: does mlcroissant take it, and read from it what the files hold?"""

import json
from typing import Any

import mlcroissant
import polars as pl
import pytest

from sdrrl_data.cards import croissant
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.dataset import OF_TARGET
from sdrrl_data.run.disk import digest_of
from tests.support import small_models

THINGS = [(thing, how) for thing in ("inn", "hut") for how in ("older", "odder")]
QUESTIONS = [f"Why do you think that the {thing} is {how} than mine?" for thing, how in THINGS]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two targets, one of them with its script in the tag, in several files."""
    folder = tmp_path_factory.mktemp("croissant")
    (folder / "seeds.jsonl").write_text("\n".join(json.dumps({"instruction": question}) for question in QUESTIONS))
    (folder / "pairs.tsv").write_text("\n".join(f"{text}\t{text.upper()}" for text in QUESTIONS))
    changes = {
        "tgt": ["pt", "ar-Latn"],
        "seeds.source": str(folder / "seeds.jsonl"),
        "parallel.source": str(folder / "pairs.tsv"),
        "generator.model": str(folder / "model"),
        "transfer_set.shard_rows": 8,
    }
    recipe = loading.load("quickstart", small_models.CHANGES | changes)
    generate(recipe, folder / "out", small_models.models())
    return Run(folder / "out")


@pytest.fixture(scope="module")
def manifest(run: Run) -> Manifest:
    manifest = run.manifest()
    assert manifest is not None
    return manifest


def config(name: str, *tags: str, **more: Any) -> dict[str, Any]:
    paths = {split: [f"{tag}/transfer_set/{split}-*.parquet" for tag in tags or [name]] for split in ("train", "test")}
    files = [{"split": split, "path": path[0] if len(path) == 1 else path} for split, path in paths.items()]
    return {"config_name": name, "data_files": files, **more}


def schema(run: Run, tag: str) -> pl.Schema:
    return pl.read_parquet_schema(run.path / tag / "transfer_set" / "test-00000-of-00001.parquet")


HEAD = {
    "pretty_name": "SDRRL: English to Portuguese",
    "license": "cc-by-nc-sa-4.0",
    "language": ["en", "pt", "ar"],
    "language_bcp47": ["en", "pt", "ar-Latn"],
    "tags": ["sdrrl", "synthetic"],
    "configs": [
        config("pt"),
        config("ar-Latn"),
        config("all", "pt", "ar-Latn", columns=["id", "prompt", "scores"]),
        {"config_name": "mine", "data_files": "mine.csv"},
        {"config_name": "elsewhere", "data_dir": "data"},
    ],
}


@pytest.fixture(scope="module")
def described(run: Run, manifest: Manifest) -> dict[str, Any]:
    columns = {tag: schema(run, tag) for tag in ("pt", "ar-Latn")}
    return croissant.describe(HEAD, "What it is.", [manifest], columns)


@pytest.fixture(scope="module")
def dataset(run: Run, described: dict[str, Any]) -> mlcroissant.Dataset:
    """Raises where the metadata is not valid."""
    path = run.path / "croissant.json"
    path.write_text(json.dumps(described), encoding="utf-8")
    return mlcroissant.Dataset(path)


def plain(value: Any) -> Any:
    """A record as polars has it: without the ids of its fields, and texts as texts."""
    match value:
        case bytes():
            return value.decode()
        case list():
            return [plain(item) for item in value]
        case dict():
            return {name.rpartition("/")[2]: plain(item) for name, item in value.items()}
    return value


def test_only_what_no_run_has_is_missing(dataset: mlcroissant.Dataset) -> None:
    assert not dataset.metadata.ctx.issues.errors
    missing = sorted(str(warning).split('"')[1] for warning in dataset.metadata.ctx.issues.warnings)
    assert missing == ["https://schema.org/datePublished", "https://schema.org/version"]


@pytest.mark.parametrize("tag", ["pt", "ar-Latn"])
def test_the_records_are_the_rows(run: Run, dataset: mlcroissant.Dataset, tag: str) -> None:
    rows = run.dataset(f"{tag}/transfer_set").read().to_dicts()
    assert len(list((run.path / tag / "transfer_set").glob("train-*"))) > 1
    read = [plain(record) for record in dataset.records(tag)]
    for record, row in zip(read, rows, strict=True):
        # Croissant has no null for a struct: each of its fields is null then.
        row["scores"] = row["scores"] or dict.fromkeys(record["scores"])
        switched = [word | {"confidence": pytest.approx(word["confidence"])} for word in row["switched"]]
        assert record == row | {"switched": switched}
    assert any(row["switched"] for row in rows)


def test_all_has_the_columns_that_its_config_has(
    run: Run, manifest: Manifest, described: dict[str, Any], dataset: mlcroissant.Dataset
) -> None:
    """Nothing is known of the scores where no file of the config is at hand, nor of files made by hand."""
    assert [record_set["@id"] for record_set in described["recordSet"]] == ["pt", "ar-Latn", "all"]
    assert [field["name"] for field in described["recordSet"][-1]["field"]] == ["id", "prompt"]
    rows = sum(sum(target.rows.values()) for target in manifest.counts.targets.values())
    assert len(list(dataset.records("all"))) == rows
    unseen = croissant.describe(HEAD, "What it is.", [manifest], {})
    fields = [field["name"] for field in unseen["recordSet"][0]["field"]]
    assert sorted(fields) == sorted(set(schema(run, "pt")) - {"scores"})


def test_every_file_is_listed_with_its_hash(run: Run, manifest: Manifest, described: dict[str, Any]) -> None:
    listed = {
        node["contentUrl"]: node["sha256"] for node in described["distribution"] if node["@type"] == "cr:FileObject"
    }
    paths = [path for name in OF_TARGET for path in run.path.glob(f"*/{name}/*.parquet")]
    in_run = {str(path.relative_to(run.path)): digest_of(path) for path in paths}
    assert listed == in_run


def test_how_the_rows_came_about(dataset: mlcroissant.Dataset, manifest: Manifest) -> None:
    metadata = dataset.metadata
    assert metadata.data_collection == (
        "The questions are from seeds.jsonl. Answering answered them. Cipher en-pt and Cipher en-ar-Latn translated "
        "the questions and the answers. The sentence pairs are from pairs.tsv."
    )
    for sentences in (
        metadata.data_limitations,
        metadata.data_biases,
        metadata.data_use_cases,
        metadata.data_preprocessing_protocol,
    ):
        assert len(sentences) > 1
    assert metadata.personal_sensitive_information == ["Nobody has looked for personal data."]
    assert metadata.data_release_maintenance_plan
    looked = manifest.model_copy(update={"recipe": manifest.recipe | {"scorers": [{"kind": "personal"}]}})
    again = croissant.describe(HEAD, "What it is.", [looked], {})
    assert again["rai:personalSensitiveInformation"].startswith("The texts were searched for e-mail addresses and keys")


def test_the_same_run_gives_the_same_bytes_and_names_no_folder(
    run: Run, manifest: Manifest, described: dict[str, Any]
) -> None:
    columns = {tag: schema(run, tag) for tag in ("pt", "ar-Latn")}
    again = json.dumps(croissant.describe(HEAD, "What it is.", [manifest], columns))
    assert again == json.dumps(described)
    assert run.path.parent.name not in again


@pytest.mark.parametrize(
    ("head", "address"),
    [
        ({"license": "cc-by-nc-sa-4.0"}, "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ({"license": "cc-by-3.0"}, "https://creativecommons.org/licenses/by/3.0/"),
        ({"license": "apache-2.0"}, "https://www.apache.org/licenses/LICENSE-2.0"),
        ({"license": "other", "license_name": "qwen-research"}, "qwen-research"),
        ({"license": "llama3.1"}, "llama3.1"),
        ({}, "unknown"),
    ],
)
def test_the_licence(manifest: Manifest, head: dict[str, str], address: str) -> None:
    assert croissant.describe({"pretty_name": "A"} | head, "What it is.", [manifest], {})["license"] == address
