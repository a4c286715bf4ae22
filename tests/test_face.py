"""What `from sdrrl_data import ...` gives."""

import dataclasses
import doctest
import json
import subprocess
import sys

import polars as pl
import pytest

import sdrrl_data
from sdrrl_data import Run, UserError, generate, load_recipe
from sdrrl_data.steps.model_pool import Models
from tests.support import small_models

HEAVY = {"polars", "pydantic", "torch", "transformers", "datasets", "yaml", "numpy", "huggingface_hub"}
CHANGES = small_models.CHANGES | {"limit": 6}


def loaded_modules(script: str) -> set[str]:
    """What is loaded in a process of its own after the script."""
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_it_loads_nothing_heavy():
    loaded = loaded_modules("import sdrrl_data; assert dir(sdrrl_data); from sdrrl_data import UserError")
    assert "sdrrl_data.errors" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("name", sdrrl_data.__all__)
def test_a_name_loads_no_model_library(name):
    loaded = loaded_modules(f"from sdrrl_data import {name}")
    assert not loaded & {"torch", "transformers", "datasets", "vllm"}


def test_every_name_is_there_and_listed():
    assert set(sdrrl_data.__all__) <= set(dir(sdrrl_data))
    for name in sdrrl_data.__all__:
        value = getattr(sdrrl_data, name)
        assert name == "__version__" or value.__doc__


def test_another_name_is_refused():
    with pytest.raises(AttributeError, match="has no attribute 'genrate'"):
        sdrrl_data.genrate  # noqa: B018
    with pytest.raises(ImportError, match="genrate"):
        exec("from sdrrl_data import genrate")


def test_the_example_in_the_docstring_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answering = dataclasses.replace(
        Models(), identify_generator=small_models.models().identify_generator, build_generator=small_models.Answering
    )
    monkeypatch.setattr("sdrrl_data.pipeline.generate.Models", lambda: answering)  # test_quickstart has the real one
    examples = doctest.DocTestFinder(recurse=False).find(sdrrl_data, "sdrrl_data")
    assert len(examples[0].examples) == 5
    assert doctest.DocTestRunner().run(examples[0]) == (0, 5)


def test_a_recipe_may_be_a_path_and_a_run_may_stand_for_its_folder(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        json.dumps(load_recipe("quickstart", CHANGES).model_dump(mode="json", by_alias=True)), encoding="utf-8"
    )
    manifest = generate(str(tmp_path / "mine.yaml"), str(tmp_path / "run"), small_models.models())
    run = Run(str(tmp_path / "run"))
    assert generate(tmp_path / "mine.yaml", run, small_models.models()) == run.manifest() == manifest


def test_the_rows_of_a_run_by_any_name_of_the_language(tmp_path):
    manifest = generate(load_recipe("quickstart", CHANGES), tmp_path / "run", small_models.models())
    run = Run(tmp_path / "run")
    assert run.targets == ["pt"]
    rows = run.transfer_set("Portuguese")
    assert isinstance(rows, pl.DataFrame)
    assert dict(rows.group_by("split").len().iter_rows()) == {
        split: count for split, count in manifest.counts.targets["pt"].rows.items() if count
    }
    with pytest.raises(UserError, match="has no target vi: choose from pt"):
        run.transfer_set("vi")
    with pytest.raises(UserError, match="did you mean Portuguese"):
        run.transfer_set("Portuguesse")


def test_a_folder_without_a_run_has_no_targets(tmp_path):
    assert Run(tmp_path / "nothing").targets == []
    with pytest.raises(UserError, match="has no target pt: there are none"):
        Run(tmp_path / "nothing").transfer_set("pt")


def test_another_model_does_not_take_over_the_revision_of_the_recipe(tmp_path):
    recipe = load_recipe("quickstart", {"generator.model": "org/one", "generator.revision": "abc"})
    (tmp_path / "mine.yaml").write_text(json.dumps(recipe.model_dump(mode="json", by_alias=True)), encoding="utf-8")
    pinned = {"generator.model": "org/two", "generator.revision": "def"}
    assert load_recipe(tmp_path / "mine.yaml").generator.revision == "abc"
    assert load_recipe(tmp_path / "mine.yaml", {"generator.model": "org/two"}).generator.revision is None
    assert load_recipe(tmp_path / "mine.yaml", pinned).generator.revision == "def"
