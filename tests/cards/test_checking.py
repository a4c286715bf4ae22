"""Checking a card: every figure that is not right is reported."""

import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pytest
from packaging.version import Version

from sdrrl_data.cards import checking, description
from sdrrl_data.errors import FileDamaged
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.run import Manifest, Run
from tests.cards.test_card import small_recipe
from tests.support import hub, small_models

TRAIN = "pt/transfer_set/train-00000-of-00001.parquet"
TEST = "pt/transfer_set/test-00000-of-00001.parquet"
ASK = """
import json, sys
from pathlib import Path
from sdrrl_data.cards import checking
for _ in range(3):
    print(json.dumps(checking.hub_problems((Path(sys.argv[1]) / "README.md").read_text())))
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has everything a manifest counts, with its card."""
    folder = tmp_path_factory.mktemp("checked")
    (folder / "items.txt").write_text("Why do you think that the old bridge is larger than mine?\n")
    changes = {
        "tgt": ["pt"],
        "translator": ["firefox", "nllb"],
        "translations.best_by": "round_trip",
        "scorers": ["length", {"kind": "contamination", "sets": [str(folder / "items.txt")]}],
        "thresholds": {"length": {"max": "80%"}, "src_finished": {"min": 1, "weight": 0.5}},
    }
    run = Run(folder / "run")
    description.write(run, generate(small_recipe(folder / "in", **changes), run.path, small_models.models()))
    return run


@pytest.fixture
def run(described: Run, tmp_path: Path) -> Run:
    """A copy, to be changed."""
    return Run(shutil.copytree(described.path, tmp_path / "run"))


def manifest_of(run: Run) -> Manifest:
    manifest = run.manifest()
    assert manifest is not None
    return manifest


def problems(run: Run, manifest: Manifest | None = None) -> list[str]:
    return checking.check(run, manifest or manifest_of(run))


def test_a_card_that_is_right(described: Run) -> None:
    target = manifest_of(described).counts.targets["pt"]
    assert target.contamination
    assert target.translators
    assert target.filters
    assert problems(described) == []


def rewritten(path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    change(pl.read_parquet(path)).write_parquet(path)


def test_rows_that_were_taken_out(run: Run) -> None:
    rewritten(run.path / TRAIN, lambda rows: rows.filter(pl.col("task") != "translate"))
    target = manifest_of(run).counts.targets["pt"]
    train, kinds = target.rows["train"], {kind.kind: kind.taken for kind in target.mix}
    held = {split: pl.read_parquet(run.path / path) for split, path in (("train", TRAIN), ("test", TEST))}
    left = held["test"].filter(task="translate").height
    assert problems(run) == [
        f"targets, pt, rows, train: the card says {train}, the tables say {held['train'].height}",
        f"pt: the card says {kinds['translate']} rows of the kind translate, its files hold {left}",
    ]


def test_rows_on_the_wrong_side(run: Run) -> None:
    moved = pl.read_parquet(run.path / TEST).head(1)
    rewritten(run.path / TRAIN, lambda rows: pl.concat([rows, moved]))
    reported = problems(run)
    assert "pt: 1 rows are in a file of the other split" in reported
    assert "config pt: 1 seeds have rows in both splits" in reported
    assert "config all: 1 seeds have rows in both splits" in reported


FIGURES = [
    ("steps", "seeds", "rows_in"),
    ("steps", "answers", "set_aside", "the prompt is longer than the 160 words that fit"),
    ("steps", "pt/translations-nllb", "rows_out"),
    ("answers", "cut"),
    ("targets", "pt", "kept"),
    ("targets", "pt", "kept_texts", "answer_tgt"),
    ("targets", "pt", "filters", 0, "alone", "tgt->tgt"),
    ("targets", "pt", "removed", "src->tgt"),
    ("targets", "pt", "contamination", 0, "texts"),
    ("targets", "pt", "translators", "firefox"),
    ("targets", "pt", "mix", 2, "asked"),
    ("targets", "pt", "mix", 4, "available"),
    ("targets", "pt", "rows", "test"),
]


def test_every_figure_is_counted_again(described: Run) -> None:
    """All at once, for a count takes its time."""
    manifest = manifest_of(described)
    content = manifest.model_dump()
    for *path, last in FIGURES:
        place = content["counts"]
        for key in path:
            place = place[key]
        place[last] += 1
    reported = problems(described, Manifest.model_validate(content))
    figures = [problem for problem in reported if ": the card says " in problem and ", " in problem.partition(":")[0]]
    assert len(figures) == len(FIGURES)
    for path, problem in zip(FIGURES, figures, strict=True):
        said = manifest.model_dump()["counts"]
        for key in path:
            said = said[key]
        assert problem.startswith(f"{path[0]}, {path[1]}")
        assert problem.endswith(f": the card says {said + 1}, the tables say {said}")


def test_tables_that_are_gone(run: Run) -> None:
    shutil.rmtree(run.path / "pt" / "verdicts")
    with pytest.raises(FileDamaged, match=r"verdicts/part-00000\.parquet is gone: restore it from a copy"):
        problems(run)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("split: test", "split: a-test"),
        ("pt/transfer_set/test-", "pt/transfer_set/tests-"),
        ("config_name: all", "name: all"),
        ("license: apache-2.0", "1: apache-2.0"),
    ],
)
def test_a_head_that_the_hubs_clients_cannot_read(run: Run, old: str, new: str) -> None:
    path = run.path / "README.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    [problem] = problems(run)
    assert problem.startswith("the head of README.md cannot be read by the Hub's clients (")


@pytest.mark.skipif(Version(version("huggingface_hub")) < Version("2.2"), reason="it asks only the Hub's own address")
def test_the_hub_is_asked_where_it_can_be_reached(described: Run, tmp_path: Path) -> None:
    with hub.serving() as served:
        served.fail("POST", "/api/validate-yaml", 400, skip=1)
        served.fail("POST", "/api/validate-yaml", 500, skip=1)
        accepted, refused, broken = served.run(ASK, tmp_path, None, str(described.path))
        assert len(served.asked("POST", "/api/validate-yaml")) == 3
    assert accepted == [[], ""]
    assert refused[0][0].startswith("the Hub refuses the head of README.md: ")
    assert broken[0] == []
    assert broken[1].startswith("the Hub has a fault (500")
    for found, why in hub.run(ASK, hub.environment(served.endpoint, tmp_path), str(described.path)):
        assert found == []
        assert why.startswith("the Hub cannot be reached (")
