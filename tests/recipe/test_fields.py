"""The markers of recipes' fields, and the code that reads them."""

import json
import pickle
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import get_args

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import AlignerConfig, Component, Config, Recipe, ScorerConfig, TranslatorConfig, forms, loading
from sdrrl_data.recipe.fields import changed, walk
from sdrrl_data.recipe.markers import Model, Place, Shapeless, ShapelessByDefault, StaysHere, TakenIn, marker, markers
from sdrrl_data.training.settings import TrainingConfig

EARLIER = [
    json.loads(line)
    for line in (Path(__file__).parent / "recipes_of_0.1.0.jsonl").read_text(encoding="utf-8").splitlines()
]
PROMPTS = loading.load("quickstart").model_dump(mode="json")["prompts"]
for sentences in PROMPTS.values():
    del sentences["pivot"], sentences["write_question"]  # which came later


def sections(config: type[Config] = Config) -> Iterator[type[Config]]:
    """All classes of settings in the package."""
    for sort in (ScorerConfig, TranslatorConfig, AlignerConfig):
        assert sort.kinds()
    for narrower in config.__subclasses__():
        if narrower.__module__.startswith("sdrrl_data."):
            yield narrower
        yield from sections(narrower)


FIELDS = [
    pytest.param(field, name, id=f"{section.__name__}.{name}")
    for section in dict.fromkeys(sections())
    for name, field in section.model_fields.items()
]
# Names of fields for a place, a model, a server or a revision; and patterns of their defaults.
LIKE_A_PLACE = re.compile(
    r".*(path|file|folder|dir|url|address|python|server)s?|(source|model|models|sets|against|dataset|revision|template)"
)
LIKE_ONE = re.compile(r"package:.*|https?://.*|[\w.-]+/[\w.-]+|.*\.(bin|jsonl?|txt|yaml)")


@pytest.mark.parametrize(("field", "name"), FIELDS)
def test_a_field_that_looks_like_a_place_says_what_it_is(field, name):
    if str in get_args(field.annotation) or field.annotation is str or "tuple[str" in str(field.annotation):
        looks = LIKE_A_PLACE.fullmatch(name) or (isinstance(field.default, str) and LIKE_ONE.fullmatch(field.default))
        assert markers(field) or not looks


@pytest.mark.parametrize("section", dict.fromkeys(sections()), ids=lambda section: section.__name__)
def test_a_model_has_a_revision_that_shapes_nothing(section):
    for field in section.model_fields.values():
        if model := marker(field, Model):
            assert marker(section.model_fields[model.revision], Shapeless)
            assert section.role or section is not Recipe


@pytest.mark.parametrize("section", dict.fromkeys(sections()), ids=lambda section: section.__name__)
def test_what_stays_here_can_be_left_out(section):
    """All fields except the address of a server, which belongs to the server."""
    for name, field in section.model_fields.items():
        if marker(field, StaysHere) and name != "url":
            assert field.default is None


def of_before(written):
    """A recipe without the settings that came later; they have their defaults."""
    for field in list(walk(Recipe, written)):
        if field.marker(ShapelessByDefault) or field.name == "silent_minutes":
            value, default = field.section.pop(field.name), field.default
            as_json = default.model_dump(mode="json") if isinstance(default, Config) else default
            assert value == (list(as_json) if isinstance(as_json, tuple) else as_json)
    return written


def up_to_date(earlier):
    content = deepcopy(earlier["recipe"]) | {"prompts": PROMPTS}
    forms.bring_up_to_date(content)
    return Recipe.model_validate_json(json.dumps(content))


@pytest.mark.parametrize("earlier", EARLIER)
def test_recipes_of_0_1_0_are_written_and_shape_rows_as_they_did(earlier):
    recipe, earlier = up_to_date(earlier), deepcopy(earlier)
    written = of_before(recipe.model_dump(mode="json", by_alias=True))
    bounds = {name: threshold.pop("languages") for name, threshold in earlier["recipe"]["thresholds"].items()}
    assert written.pop("keep") is None
    assert written.pop("targets") == {"th": {"thresholds": {"similarity": bounds["similarity"]["th"]}}}
    assert written == earlier["recipe"] | {"prompts": PROMPTS}
    for_no_language = {
        name: threshold | {"languages": {}} for name, threshold in earlier["shaping"]["thresholds"].items()
    }
    assert recipe.for_target("vi").shaping() == earlier["shaping"] | {"prompts": PROMPTS, "thresholds": for_no_language}
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert Recipe.model_validate(recipe.model_dump(by_alias=True)) == recipe


SINCE_0_2 = {
    "confidence",
    "llm",
    "reward",
    "madlad",
    "symbols",
    "language_bound",
    "language_bound_judge",
    "negation",
    "word_similarity",
    "alignment",
    "unknown_words",
}


def test_the_earlier_recipes_have_every_kind():
    for sort, sections in (
        (ScorerConfig, [section for earlier in EARLIER for section in earlier["recipe"]["scorers"]]),
        (TranslatorConfig, [section for earlier in EARLIER for section in earlier["recipe"]["translator"]]),
        (AlignerConfig, [earlier["recipe"]["code_switching"]["aligner"] for earlier in EARLIER]),
    ):
        assert {section["kind"] for section in sections} == sort.kinds().keys() - SINCE_0_2


def test_the_walk_goes_into_every_section():
    fields = {field.key: field for field in walk(Recipe, EARLIER[0]["recipe"])}
    assert fields["seeds.0.source"].marker(Model)
    assert fields["seeds.0.source"].role == "seeds"
    assert fields["generator.server.url"].marker(StaysHere)
    assert fields["scorers.1.model"].role == "scorer"
    assert fields["scorers.12.generator.model"].role == "scorer"  # the generator of a judge
    assert fields["scorers.10.against"].marker(Place)
    assert fields["scorers.10.against"].value == ["runs/old", "org/set"]
    assert fields["translator.3.few_shot"].marker(TakenIn)
    assert fields["translator.2.model"].role == "translator"
    assert fields["thresholds.similarity.max"].value is None
    assert fields["transfer_set.mix.src->src"].value == 0.2
    assert all(field.known for field in fields.values())
    assert not [field for field in walk(Recipe, EARLIER[3]["recipe"]) if field.key == "seeds.source" and field.markers]


@pytest.mark.parametrize("earlier", EARLIER)
def test_every_field_shapes_rows_or_says_that_it_shapes_none(earlier):
    recipe = up_to_date(earlier)
    fields = list(walk(Recipe, of_before(recipe.model_dump(mode="json", by_alias=True))))
    shapeless = tuple(field.key for field in fields if field.marker(Shapeless))
    within = tuple(f"{key}." for key in shapeless)
    left = {field.key for field in fields if field.key not in shapeless and not field.key.startswith(within)}
    before = {f"thresholds.{name}.languages" for name in recipe.thresholds}  # see `ThresholdConfig.shaping`
    assert {field.key for field in walk(Recipe, recipe.shaping())} == left | before


def test_a_setting_that_came_later_shapes_rows_unless_it_is_as_usual():
    recipe = up_to_date(EARLIER[0])
    generator = recipe.generator.model_copy(update={"date": "2026-11-29"})
    assert "date" not in recipe.shaping()["generator"]
    assert recipe.model_copy(update={"generator": generator}).shaping()["generator"]["date"] == "2026-11-29"


def test_sections_are_changed_wherever_they_stand():
    recipe = up_to_date(EARLIER[0])
    assert changed(recipe, lambda section, role: {}) is recipe

    def pin(section, role):
        return {"revision": f"of the {role}"} if "revision" in type(section).model_fields else {}

    pinned = changed(recipe, pin)
    assert pinned.seeds[0].revision == "of the seeds"
    assert pinned.parallel.revision == "of the parallel corpus"
    assert pinned.scorers[12].generator.revision == "of the scorer"
    assert pinned.translator[2].revision == "of the translator"
    assert pinned.shaping() == recipe.shaping()


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A folder with a recipe and all files that it names. It is not the working directory."""
    folder = tmp_path / "sub"
    for name in ("model", "pairs", "python"):
        (folder / name).mkdir(parents=True)
    for name in ("seeds.jsonl", "words.txt", "items.txt", "mozilla", "flores"):
        (folder / name).write_text("word\n")
    monkeypatch.chdir(tmp_path)
    return folder


RECIPE = """
generator: {model: model}
translator: [{kind: firefox, models: pairs}, nllb:model, {kind: firefox, models: mozilla}]
scorers:
  - {kind: similarity, model: model}
  - {kind: comet, python: python}
  - {kind: duplicates, against: [model, org/set]}
  - {kind: contamination, sets: [flores, items.txt]}
  - {kind: judge, generator: {model: model}}
  - {kind: "tests.support.own_components:Rudeness", words: words.txt}
seeds: {source: seeds.jsonl}
code_switching: {aligner: {kind: dictionary, source: words.txt}}
parallel: {source: words.txt}
thresholds: {}
"""


@pytest.mark.parametrize("overlaid", [False, True], ids=["recipe", "overlay"])
def test_all_paths_in_a_recipe_are_relative_to_it(beside, overlaid):
    if overlaid:
        (beside / "part.yaml").write_text(RECIPE)
        recipe = loading.load("quickstart", {"thresholds": {}}, overlays=["sub/part.yaml"])
    else:
        (beside / "mine.yaml").write_text(RECIPE + "name: mine\ndescription: mine\nsrc: en\ntgt: [pt]\n")
        recipe = loading.load("sub/mine.yaml")
    assert recipe.generator.model == "sub/model"
    assert [translator.models for translator in recipe.translator if translator.kind == "firefox"] == [
        "sub/pairs",
        "mozilla",
    ]
    assert recipe.translator[1].model == "sub/model"
    similarity, comet, duplicates, contamination, judge, rudeness = recipe.scorers
    assert (similarity.model, comet.model, comet.python) == ("sub/model", "Unbabel/wmt22-cometkiwi-da", "sub/python")
    assert duplicates.against == ("sub/model", "org/set")
    assert contamination.sets == ("flores", "sub/items.txt")
    assert judge.generator.model == "sub/model"
    assert rudeness.words == "sub/words.txt"
    assert [source.source for source in recipe.seeds] == ["sub/seeds.jsonl"]
    assert recipe.code_switching.aligner.source == "sub/words.txt"
    assert recipe.parallel.source == "sub/words.txt"


def test_an_aligners_place_is_relative_also_where_its_kind_stands_in_another_layer(beside):
    (beside / "part.yaml").write_text("code_switching: {aligner: {source: words.txt}}\n")
    (beside / "mine.yaml").write_text(loading.text("quickstart") + "\n")  # a copy still uses the package's files
    aligner = {"code_switching.aligner.kind": "dictionary"}
    recipe = loading.load("sub/mine.yaml", aligner, overlays=["sub/part.yaml"])
    assert recipe.code_switching.aligner.source == "sub/words.txt"
    assert Path(recipe.parallel.source).is_file()


def test_what_an_option_names_is_relative_to_the_working_directory(beside):
    recipe = loading.load("quickstart", {"generator.model": "model", "translator": "firefox:pairs"})
    assert (recipe.generator.model, recipe.translator[0].models) == ("model", "pairs")


def test_a_long_template_is_no_path(tmp_path):
    text = loading.text("quickstart").replace("generator:\n", f"generator:\n  template: '{'x/' * 3000}'\n")
    (tmp_path / "mine.yaml").write_text(text)
    assert loading.load(str(tmp_path / "mine.yaml")).generator.template == "x/" * 3000


def test_a_training_has_places_too(tmp_path):
    from sdrrl_data.training import settings_files

    (tmp_path / "rows.jsonl").touch()
    (tmp_path / "mine.yaml").write_text("replay: {share: 0.5, dataset: rows.jsonl}\ntemplate: none.jinja\n")
    with pytest.raises(UserError, match=r"template: none\.jinja cannot be read"):
        settings_files.load(tmp_path / "mine.yaml")
    settings = settings_files.load(tmp_path / "mine.yaml", {"template": None})
    assert settings.replay.dataset == str(tmp_path / "rows.jsonl")
    assert issubclass(TrainingConfig, Config)
    assert not issubclass(TrainingConfig, Component)
