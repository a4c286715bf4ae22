import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.recipe import loading, starting

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20) | st.sampled_from(
    ["null", "1e5", "yes", "a: b", "# x", "no", "2026-01-01", "- a", "[b]", "C:\\x", "\\1", "{tgt}"]
)


def loaded(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return loading.load(path)


def test_what_was_said_is_in_it_and_all_else_is_that_of_the_base(tmp_path):
    text = starting.recipe("mine", "en", ["th", "zh-Hant"], "org/questions", "org/model", "firefox")
    mine = loaded(tmp_path, text)
    base = loading.load(starting.BASE)
    assert (mine.name, mine.src, mine.tgt) == ("mine", "en", ("th", "zh-Hant"))
    assert [(seeds.source, seeds.licence) for seeds in mine.seeds] == [("org/questions", None)]
    assert mine.generator == base.generator.model_copy(update={"model": "org/model"})
    assert [translator.kind for translator in mine.translator] == ["firefox"]
    same = ("scorers", "thresholds", "transfer_set", "parallel", "code_switching")
    assert all(getattr(mine, section) == getattr(base, section) for section in same)
    assert "# an answer that was cut is not a good answer" in text


def test_without_a_gpu_comet_is_a_comment_and_without_english_there_is_no_corpus(tmp_path):
    text = starting.recipe("mine", "fr", ["vi"], comet=False)
    mine = loaded(tmp_path, text)
    assert "comet" not in [scorer.kind for scorer in mine.scorers]
    assert "comet" not in mine.thresholds
    assert "# - { kind: comet, model: Unbabel/wmt20-comet-qe-da }" in text
    assert mine.parallel is None


@pytest.mark.parametrize("base", loading.names())
def test_every_recipe_of_the_package_can_be_the_base(tmp_path, base):
    text = starting.recipe("mine", "en", ["th"], "a.csv", "org/model", "self", base=base, question="the text")
    mine = loaded(tmp_path, text)
    assert (mine.seeds[0].fields.question, mine.generator.model) == ("the text", "org/model")
    assert mine.thresholds == loading.load(base, {"generator.model": "org/model"}).thresholds


@given(TEXT, TEXT, TEXT)
def test_every_text_comes_back_as_it_was(name, seeds, model):
    content = yaml.safe_load(starting.recipe(name, "en", ["vi"], seeds, model))
    assert (content["name"], content["seeds"]["source"], content["generator"]["model"]) == (name, seeds, model)


@pytest.mark.parametrize("key", ["nothing", "sourc"])
def test_a_key_that_is_gone_is_no_silent_loss(key):
    with pytest.raises(KeyError):
        starting._section("name: a\n", key, "x")
    with pytest.raises(KeyError):
        starting._value("seeds:\n  source: a\n", "seeds", key, "x")
