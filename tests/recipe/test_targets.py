"""What a recipe says of single targets: what it means, in which forms it may be written, and what is refused."""

import json
import re

import pytest
import yaml

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import Recipe, ThresholdConfig, loading
from sdrrl_data.recipe.overrides import parse_change

NLLB = {"targets.th.translator": "nllb:some/model"}


def load(changes=None, overlays=()):
    return loading.load("quickstart", changes, overlays)


def test_a_target_has_what_is_written_for_it_and_else_what_all_have():
    plain = load()
    changes = {"targets.th.code_switching.ratio": 0.6, "targets.th.thresholds.length.max": 2.5, "tgt": ["pt", "th"]}
    recipe = load(NLLB | changes)
    thai = recipe.for_target("th")
    assert [(translator.kind, translator.model) for translator in thai.translator] == [("nllb", "some/model")]
    assert thai.code_switching == plain.code_switching.model_copy(update={"ratio": 0.6})
    assert thai.thresholds == plain.thresholds | {"length": ThresholdConfig(min=0.65, max=2.5)}
    assert thai.targets == {}
    assert recipe.for_target("pt").shaping() == plain.shaping()
    assert thai.shaping() != plain.shaping()


def test_what_is_written_is_dumped_and_read_again_as_it_is():
    recipe = load({**NLLB, "targets.th.thresholds.length.min": 0.5, "tgt": ["pt", "th"]})
    dumped = recipe.model_dump(mode="json", by_alias=True)
    assert dumped["targets"]["th"]["thresholds"] == {"length": {"min": 0.5}}
    assert {*dumped["targets"]["th"]} == {"translator", "thresholds"}
    assert Recipe.model_validate_json(json.dumps(dumped)) == recipe


@pytest.mark.parametrize("name", ["th", "tha_Thai", "Thai", "ไทย"])
def test_a_language_may_be_written_by_any_of_its_names(tmp_path, name):
    part = tmp_path / "part.yaml"
    part.write_text(yaml.safe_dump({"targets": {name: {"translator": "nllb"}}}, allow_unicode=True), encoding="utf-8")
    changes = dict([parse_change(f"targets.{name}.translator.model=some/model"), ("tgt", ["th"])])
    (translator,) = load(changes, [part]).for_target("th").translator
    assert (translator.kind, translator.model) == ("nllb", "some/model")


def test_targets_that_share_an_alias_of_yaml_are_changed_one_by_one(tmp_path):
    part = tmp_path / "part.yaml"
    part.write_text("targets: {th: &same {translator: nllb}, vi: *same}", encoding="utf-8")
    recipe = load({"tgt": ["th", "vi"], "targets.vi.translator.beams": 1}, [part])
    assert [recipe.for_target(tag).translator[0].beams for tag in ("th", "vi")] == [4, 1]


def test_a_translator_without_a_kind_is_that_for_all_with_other_settings():
    general = {"translator": [{"kind": "nllb", "model": "a/b", "revision": "v1", "beams": 2}], "tgt": ["th", "vi"]}
    recipe = load(general | {"targets.th.translator.model": "c/d", "targets.vi.translator.beams": 1})
    (thai,), (vietnamese,) = (recipe.for_target(tag).translator for tag in ("th", "vi"))
    assert (thai.kind, thai.model, thai.revision, thai.beams) == ("nllb", "c/d", None, 2)
    assert (vietnamese.model, vietnamese.revision, vietnamese.beams) == ("a/b", "v1", 1)


def test_null_takes_back_what_was_written():
    recipe = load({**NLLB, "targets.th.thresholds.length.min": 0.5, "tgt": ["th"], "targets.th": None})
    assert recipe.for_target("th") == load({"tgt": ["th"]})
    recipe = load({**NLLB, "tgt": ["th"], "targets.th.translator": None})
    assert recipe.for_target("th") == load({"tgt": ["th"]})


def test_without_tgt_the_languages_of_targets_are_the_targets(tmp_path):
    content = loading.written("quickstart")
    del content["tgt"], content["translator"]
    content["targets"] = {"Thai": {"translator": "nllb"}, "pt": {"translator": "firefox"}}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    recipe = loading.load(path)
    assert recipe.tgt == ("th", "pt")
    assert [recipe.for_target(tag).translator[0].kind for tag in recipe.tgt] == ["nllb", "firefox"]
    selected = loading.load(path, {"tgt": ["pt"]})
    assert selected.tgt == ("pt",)
    assert selected.targets.keys() == {"th", "pt"}  # one of them waits
    added = loading.load(path, {"tgt": ["pt", "es"], "translator": "self"})
    assert [added.for_target(tag).translator[0].kind for tag in added.tgt] == ["firefox", "self"]


def test_a_scorer_that_is_left_out_takes_the_thresholds_of_single_targets_along():
    recipe = load({"targets.pt.thresholds.confidence.min": 0.9, "scorers.confidence": None})
    assert recipe.targets["pt"].thresholds == {}


def test_bounds_by_language_of_earlier_versions_become_those_of_targets(tmp_path):
    part = tmp_path / "tuned.yaml"
    bounds = {"confidence": {"min": 0.7, "weight": 0.5, "languages": {"Thai": {"max": 0.99}, "vi": {"min": 0.6}}}}
    part.write_text(yaml.safe_dump({"thresholds": bounds}), encoding="utf-8")
    recipe = load({"tgt": ["pt", "th"]}, [part])
    assert recipe.for_target("pt").thresholds["confidence"] == ThresholdConfig(min=0.7, weight=0.5)
    assert recipe.for_target("th").thresholds["confidence"] == ThresholdConfig(max=0.99, weight=0.5)
    assert recipe.targets.keys() == {"th", "vi"}
    part.write_text(yaml.safe_dump({"thresholds": bounds, "targets": {"vi": {"thresholds": {"confidence": {}}}}}))
    with pytest.raises(
        UserError, match=r"confidence\.languages\.vi and targets\.vi\.thresholds\.confidence say the same"
    ):
        load({}, [part])
    of_source = load({"thresholds": {"src_language": {"min": 0.1, "languages": {"en": {"min": 0.4}, "fr": {}}}}})
    assert of_source.thresholds["src_language"] == ThresholdConfig(min=0.4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (NLLB, "targets.th.translator: th is not a target: name it with --tgt pt,th"),
        (
            {"targets.pt.scorers": ["length"]},
            "targets.pt.scorers is no key that can differ between targets: choose from translator, translations",
        ),
        ({"targets": {"Thai": {}, "th": {}}}, "targets: Thai and th are the same language"),
        ({"targets": {False: {}}}, "targets: False is not the name of a language: put the name in quotation marks"),
        ({"targets": {"Klingonese": {}}}, "Klingonese"),
        ({"prompts": {"en": {}, "English": {}}}, "prompts: en and English are the same language"),
        ({"targets.pt.thresholds.simlarity.min": 0.1}, "thresholds.simlarity: there is no such score"),
        (
            {"targets.pt.thresholds.length.min": 3.0},
            "thresholds.length: no score is at least 3 and at most 1.7: lower min or raise max (for the target pt)",
        ),
        ({"targets.pt.prompts.th.answer_in": ["{language}"]}, "translate is missing: give a list that is not empty"),
        ({"targets.pt.code_switching.aligner.kind": "attention"}, "needs the translator nllb (for the target pt)"),
        ({"targets.pt.translator.modle": "x"}, "targets.pt.translator.firefox.modle is not a key of a recipe"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(changes, message):
    with pytest.raises(UserError, match=re.escape(message)):
        load(changes)


def test_a_change_that_no_target_would_notice_is_refused(tmp_path):
    part = tmp_path / "part.yaml"
    part.write_text("targets: {pt: {translator: nllb, thresholds: {length: {min: 0.5}}}}", encoding="utf-8")
    with pytest.raises(UserError, match=r"translator: every target has its own: change targets\.pt\.translator"):
        load({"translator": "self"}, [part])
    with pytest.raises(UserError, match=r"change targets\.pt\.thresholds\.length\.min"):
        load({"thresholds.length.min": 0.4}, [part])
    assert load({"thresholds.length.max": 3.0}, [part]).for_target("pt").thresholds["length"] == ThresholdConfig(
        min=0.5, max=3.0
    )
    assert load({"translator": "self", "tgt": ["pt", "es"]}, [part]).for_target("es").translator[0].kind == "self"
