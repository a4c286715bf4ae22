"""What describes a dataset: what people wrote by hand stays, and so do the targets of other runs."""

import json
import re
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from sdrrl_data.cards import card, description, portable
from sdrrl_data.errors import UserError
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.run import Manifest, Run
from tests.cards.test_card import head, section, small_recipe
from tests.support import small_models

BY_HAND = "## What we used it for\n\nNothing yet.\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, Manifest]]:
    """Two runs, each of one target."""
    folder = tmp_path_factory.mktemp("described")
    by_tag = {}
    for tag in ("vi", "pt"):
        recipe = small_recipe(folder / "in" / tag, tgt=[tag], scorers=["length"], thresholds={"length": {"max": 2}})
        by_tag[tag] = Run(folder / tag), generate(recipe, folder / tag, small_models.models())
    return by_tag


def pushed(
    runs: dict[str, tuple[Run, Manifest]], tag: str, *others: str, existing: str | None = None
) -> dict[str, bytes]:
    """What describes a repository into which the target is pushed beside others; these are known by what lies there."""
    return description.files(*runs[tag], [portable.manifest(runs[other][1]) for other in others], existing)


def test_card_croissant_and_pictures(runs: dict[str, tuple[Run, Manifest]]) -> None:
    from matplotlib.image import imread

    files = pushed(runs, "pt")
    assert list(files) == ["README.md", "croissant.json", "pt/scores.png"]
    text = files["README.md"].decode()
    assert text == card.write(runs["pt"][1], runs["pt"][0])
    assert re.findall(r"!\[.+\]\((.+)\)", text) == ["pt/scores.png"]
    assert imread(BytesIO(files["pt/scores.png"]), format="png").shape[1] == 900
    described = json.loads(files["croissant.json"])
    assert described["name"] == head(text)["pretty_name"]
    assert {record_set["name"] for record_set in described["recordSet"]} >= {"pt", "all"}
    assert pushed(runs, "pt") == files
    assert not any(str(runs["pt"][0].path.parent).encode() in content for content in files.values())


def test_pushing_one_target_keeps_what_is_said_of_another(runs: dict[str, tuple[Run, Manifest]]) -> None:
    first = pushed(runs, "vi")["README.md"].decode()
    both = pushed(runs, "pt", "vi", existing=f"{first}\n{BY_HAND}")["README.md"].decode()
    for target in ("English and Portuguese (`pt`)", "English and Vietnamese (`vi`)"):
        assert "| `src->src` |" in section(both, target)
        assert "```text\nuser: " in section(both, target)
    assert section(both, "English and Vietnamese (`vi`)") == section(first, "English and Vietnamese (`vi`)")
    assert both.count(BY_HAND) == 1
    assert head(both)["pretty_name"] == "SDRRL transfer set: English to Portuguese and Vietnamese"
    configs = [config["config_name"] for config in head(both)["configs"]]
    assert configs[:3] == ["pt", "vi", "all"]
    assert {*configs[3:]} == {f"{tag}-{name}" for tag in ("pt", "vi") for name in ("preferences", "distillation")}
    assert head(both)["language"] == ["en", "pt", "vi"]
    for run, manifest in runs.values():
        assert all(signature in both for signature in manifest.signatures.values())
        assert "sdrrl-data generate --recipe recipe.yaml" in section(both, "Making it again")
        assert str(run.path.parent) not in both
    # Whichever is pushed again, nothing has changed.
    assert pushed(runs, "vi", "pt", existing=both)["README.md"].decode() == both
    assert pushed(runs, "pt", "vi", existing=both)["README.md"].decode() == both


def test_a_run_is_described_in_its_own_folder(runs: dict[str, tuple[Run, Manifest]], tmp_path: Path) -> None:
    run = Run(shutil.copytree(runs["pt"][0].path, tmp_path / "run"))
    manifest = runs["pt"][1]
    (run.path / "README.md").write_text(BY_HAND, encoding="utf-8")
    description.write(run, manifest, licence="cc0-1.0")
    expected = description.files(run, manifest, existing=BY_HAND, licence="cc0-1.0")
    assert {name: (run.path / name).read_bytes() for name in expected} == expected
    assert BY_HAND.strip() in expected["README.md"].decode()
    assert head(expected["README.md"].decode())["license"] == "cc0-1.0"


def test_a_licence_that_was_chosen_stays_and_is_said_in_the_text_until_it_is_removed(
    runs: dict[str, tuple[Run, Manifest]],
) -> None:
    run, manifest = runs["pt"]
    parts = [
        replace(part, licence=None, name="mine") if part.role == "seeds" else part for part in manifest.ingredients
    ]
    manifest = manifest.model_copy(update={"ingredients": parts})

    def written(existing: str | None, licence: str | None = None) -> str:
        return description.files(run, manifest, existing=existing, licence=licence)["README.md"].decode()

    unknown = written(None)
    assert "the licence of this dataset is unknown" in section(unknown, "Licence")
    chosen = written(unknown, "mit2")
    assert "gives it the licence mit2" in section(chosen, "Licence")
    assert written(chosen) == chosen
    assert written(chosen, "unknown") == unknown
    as_list = chosen.replace("license: other\nlicense_name: mit2\n", "license:\n- mit\n- cc0-1.0\n")
    assert head(written(as_list))["license"] == ["mit", "cc0-1.0"]
    assert "gives it the licence mit, cc0-1.0" in section(written(as_list), "Licence")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"---\n[\n---\n# mine\n", "the YAML head of the existing card"), (b"\xff\xfe", "cannot be read")],
)
def test_a_card_that_cannot_be_read_is_not_overwritten(
    runs: dict[str, tuple[Run, Manifest]], tmp_path: Path, content: bytes, problem: str
) -> None:
    run = Run(shutil.copytree(runs["pt"][0].path, tmp_path / "run"))
    path = run.path / "README.md"
    path.write_bytes(content)
    with pytest.raises(UserError, match=problem):
        description.write(run, runs["pt"][1])
    assert path.read_bytes() == content
