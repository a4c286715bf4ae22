"""What a recipe that may be somebody else's asks for, and when it may have it."""

import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from sdrrl_data.cli import app
from sdrrl_data.errors import UntrustedRecipe
from sdrrl_data.pipeline import continuing
from sdrrl_data.recipe import loading, trust
from sdrrl_data.recipe.config import key_of
from sdrrl_data.recipe.fields import walk
from sdrrl_data.recipe.markers import NamesCode, Place, StaysHere, TakenIn
from sdrrl_data.run import Manifest, Run, recipe_of, trust_run
from tests.recipe.test_fields import EARLIER, sections, up_to_date

QUICKSTART = yaml.safe_load(loading.text("quickstart"))
CODE = {"kind": "function", "name": "mine", "function": "evil:main"}


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A working directory with a module that must not be imported, and a folder beside it."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    for folder in (home, elsewhere):
        folder.mkdir()
    (home / "evil.py").write_text("from pathlib import Path\nPath('imported').touch()\n")
    (tmp_path / "secret.tsv").write_text("a\tb\n")
    monkeypatch.chdir(home)
    sys.modules.pop("evil", None)
    return home, elsewhere


def write(folder: Path, name: str = "recipe.yaml", **changes: object) -> Path:
    (folder / name).write_text(yaml.safe_dump(QUICKSTART | changes))
    return folder / name


ASKING = {
    "scorer": ({"scorers": [CODE]}, "Python code evil:main"),
    "kind": ({"scorers": [{"kind": "evil:Thing"}]}, "Python code evil:Thing"),
    "word": ({"scorers": ["evil:Thing"]}, "Python code evil:Thing"),
    "by-kind": ({"scorers": {"evil:Thing": {"level": 3}}}, "Python code evil:Thing"),
    "function-by-kind": ({"scorers": {"function": CODE}}, "Python code evil:main"),
    "translator": ({"translator": "evil:Thing"}, "Python code evil:Thing"),
    "translator-with-model": ({"translator": ["firefox", "evil:Thing:org/model"]}, "Python code evil:Thing"),
    "translator-of-a-target": ({"targets": {"vi": {"translator": "evil:Thing"}}}, "Python code evil:Thing"),
    "aligner-of-a-target": (
        {"targets": {"vi": {"code_switching": {"aligner": {"kind": "evil:Thing"}}}}},
        "Python code evil:Thing",
    ),
    "aligner": ({"code_switching": {"aligner": {"kind": "evil:Thing"}}}, "Python code evil:Thing"),
    "engine": ({"generator": {"model": "org/model", "engine": "evil:Thing"}}, "Python code evil:Thing"),
    "judge": (
        {"scorers": [{"kind": "judge", "generator": {"model": "m", "engine": "evil:Thing"}}]},
        "Python code evil:Thing",
    ),
    "server": (
        {"generator": {"model": "m", "server": {"url": "https://eve.example/v1"}}},
        "server https://eve.example/v1",
    ),
    "program": ({"scorers": [{"kind": "comet", "python": "/bin/sh"}]}, "program /bin/sh"),
    "upwards": ({"parallel": {"source": "../secret.tsv"}}, r"file \.\./secret.tsv"),
    "seeds": ({"seeds": {"source": "../secret.tsv"}}, r"file \.\./secret.tsv"),
    "compared": ({"scorers": [{"kind": "duplicates", "against": ["org/set", "../secret.tsv"]}]}, "file"),
}


@pytest.mark.parametrize(("changes", "asked"), ASKING.values(), ids=list(ASKING))
def test_a_recipe_from_elsewhere_gets_nothing_of_this_machine(places, changes, asked):
    home, elsewhere = places
    path = write(elsewhere, **changes)
    with pytest.raises(UntrustedRecipe, match=f"asks for the {asked}"):
        loading.load(path)
    part = elsewhere / "part.yaml"
    part.write_text(yaml.safe_dump(changes))
    with pytest.raises(UntrustedRecipe, match=f"asks for the {asked}"):
        loading.load("quickstart", overlays=[part])
    assert not (home / "imported").exists()


def test_what_lies_in_or_below_the_working_directory_is_the_users(places):
    home, elsewhere = places
    (home / "sub").mkdir()
    below = write(home / "sub", scorers=[CODE], thresholds={})
    loading.load(below)
    (home / "sub" / ".git").mkdir()
    with pytest.raises(UntrustedRecipe):
        loading.load(below)
    linked = home / "linked.yaml"
    linked.symlink_to(write(elsewhere, scorers=[CODE], thresholds={}))
    with pytest.raises(UntrustedRecipe):
        loading.load(linked)


def test_trust_is_remembered_for_what_was_asked_and_no_more(places):
    _, elsewhere = places
    path = write(elsewhere, scorers=[CODE], thresholds={})
    loading.load(path, trust=True)
    assert loading.load(path).scorers[0].function == "evil:main"
    write(elsewhere, scorers=[CODE | {"function": "other:main"}], thresholds={})
    with pytest.raises(UntrustedRecipe, match="other:main"):
        loading.load(path)


def test_what_lies_beside_a_recipe_may_be_read(places):
    _, elsewhere = places
    (elsewhere / "pairs.tsv").write_text("a\tb\n")
    recipe = loading.load(write(elsewhere, parallel={"source": "pairs.tsv"}))
    assert recipe.parallel.source == str(elsewhere / "pairs.tsv")
    (elsewhere / "pairs.tsv").unlink()
    (elsewhere / "pairs.tsv").symlink_to("../secret.tsv")
    with pytest.raises(UntrustedRecipe):
        loading.load(elsewhere / "recipe.yaml")


def handed_over(home: Path, **changes: object) -> Run:
    """A run that somebody else made, below the working directory."""
    recipe = loading.load("quickstart").model_dump(mode="json", by_alias=True) | changes
    run = Run(home / "runs" / "theirs")
    run.write_manifest(Manifest(state="finished", signatures={"pt": "s"}, recipe=recipe, versions={}, ingredients=[]))
    write(run.path, **changes)
    return run


def test_a_run_that_was_handed_over_is_not_the_users(places):
    home, _ = places
    run = handed_over(home, scorers=[{"kind": "evil:Thing"}], thresholds={})
    for read in (
        lambda: loading.load(run.path / "recipe.yaml"),
        lambda: continuing.read(run.path, None),
        lambda: continuing.read(run.path, "quickstart"),
        lambda: recipe_of(run, run.manifest()),
    ):
        with pytest.raises(UntrustedRecipe, match="evil:Thing"):
            read()
    assert not (home / "imported").exists()


def test_the_settings_of_a_run_from_another_machine_can_be_read_but_its_server_is_not_asked(places):
    home, _ = places
    server = {"model": "m", "server": {"url": "https://eve.example/v1"}}
    run = handed_over(home, generator=server)
    manifest = run.manifest()
    assert recipe_of(run, manifest).generator.server.url == "https://eve.example/v1"
    with pytest.raises(UntrustedRecipe, match="asks for the server"):
        recipe_of(run, manifest, to_open=True)
    with pytest.raises(UntrustedRecipe, match="asks for the server"):
        continuing.read(run.path, None)
    named = home / "mine.yaml"
    named.write_text(yaml.safe_dump(QUICKSTART | {"generator": server}))
    assert continuing.read(run.path, named)  # the user's own recipe names it, too
    trust_run(run, manifest)
    assert recipe_of(run, manifest, to_open=True)


VALUES = {NamesCode: "evil:Thing", StaysHere: "https://eve.example/v1", Place: "../secret.tsv"}


@pytest.mark.parametrize("section", dict.fromkeys(sections()), ids=lambda section: section.__name__)
def test_every_field_that_names_something_of_this_machine_is_asked_for(places, section):
    """A new field of this kind is safe by its marker; `test_fields` sees that it has one."""
    from sdrrl_data.training.settings import AdapterConfig, ReplayConfig, TrainingConfig

    if section in (TrainingConfig, ReplayConfig, AdapterConfig):
        return  # of the user's own command, not of a recipe
    for name, field in section.model_fields.items():
        for kind, value in VALUES.items():
            if any(isinstance(marker, kind) for marker in field.metadata):
                written = next(walk(section, {key_of(name, field): value}))
                assert trust.asked(written, value, places[1], places[1]), f"{section.__name__}.{name}"
        taken_in = next((marker for marker in field.metadata if isinstance(marker, TakenIn)), None)
        if taken_in:
            secret = places[0] / f"secret{taken_in.ending}"
            secret.touch()
            written = next(walk(section, {key_of(name, field): str(secret)}))
            assert trust.asked(written, str(secret), places[1], places[1])


def test_the_walk_of_a_recipe_reaches_every_section_that_is_asked_for():
    recipe = up_to_date(EARLIER[0])
    asked = trust.asks(recipe.model_dump(mode="json", by_alias=True), Path("/nowhere"))
    assert any("server" in what for what in asked)


@pytest.mark.parametrize("words", [["tune"], ["generate", "--out"], ["generate", "--dry-run", "--out"]], ids=" ".join)
def test_a_command_says_in_one_sentence_how_to_trust(places, words):
    home, _ = places
    run = handed_over(home, scorers=[{"kind": "evil:Thing"}], thresholds={})
    refused = CliRunner().invoke(app, [*words, str(run.path)])
    assert refused.exit_code == 2
    assert "trust it with --trust-recipe" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (home / "imported").exists()
    trusted = CliRunner().invoke(app, [*words, str(run.path), "--trust-recipe"])
    assert "has no class Thing" in trusted.stderr  # it was imported
    assert (home / "imported").exists()
