"""What settings can hold, and how they are written in YAML."""

import datetime
import json
import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.errors import RecipeError, UserError
from sdrrl_data.recipe import FewShotExample, GeneratorConfig, Recipe, loading, overrides, plain, plain_yaml
from sdrrl_data.training import settings_files


def load(changes):
    return loading.load("quickstart", changes)


SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text() | st.sampled_from(
    ["no", "1e3", "0o17", "017", "1:30", "2026-01-01", "~", "<<", "=", "1_000", ".5", "y"]
)
CONTENT = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, CONTENT, max_size=4))
def test_what_is_written_is_read_as_it_was(content):
    assert overrides.read(overrides.written(content), "it") == content


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_other_readers_of_yaml_read_the_same_texts(content):
    assert yaml.safe_load(overrides.written(content)) == content


@given(st.text(st.sampled_from("a&*[]{}:,-<>!#|'\"0123456789.eExo_ \n~"), max_size=60))
def test_any_text_is_data_that_json_can_hold_or_is_refused(text):
    try:
        content = overrides.read(text, "it")
    except RecipeError:
        return
    assert json.loads(json.dumps(content, allow_nan=False)) == content


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("y", "y"), ("true", True), ("False", False),
        ("1e3", 1000.0), ("1E-3", 0.001), (".5", 0.5), ("5.", 5.0), ("+1.5", 1.5), ("1_000", 1000), ("-7", -7),
        ("0o17", 15), ("017", "017"), ("08", "08"), ("0x1F", 31), ("0b11", "0b11"),
        ("1:30", "1:30"), ("190:20:30.15", "190:20:30.15"), ("2026-11-29", "2026-11-29"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"), ("~", None), ("", None), ("null", None),
        ("=", "="), ("1_", "1_"), ("1e", "1e"), ("'no'", "no"), ('"1e3"', "1e3"),
    ],
)  # fmt: skip
def test_words_and_numbers_are_those_of_yaml_1_2(written, value):
    read = overrides.read(f"key: {written}", "it")["key"]
    assert (read, type(read)) == (value, type(value))


def test_norwegian_is_a_language():
    assert loading.load("quickstart", dict([overrides.parse_change("tgt=[no]")])).tgt == ("nb",)


@pytest.mark.parametrize(
    "text",
    [
        "seed: 1\nseed: 2",
        "generator: {temperature: 0.1, top_p: 0.5, temperature: 0.9}",
        "'seed': 1\n\"seed\": 2",
    ],
)
def test_a_key_that_stands_twice_is_refused(text):
    with pytest.raises(RecipeError, match=r"not YAML in line \d: the key (seed|temperature) stands there twice"):
        overrides.read(text, "it")


def test_what_is_merged_counts_where_there_is_no_such_key():
    text = "base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\nboth: {b: 4, <<: [*base, {a: 9, c: 5}]}"
    content = overrides.read(text, "it")
    assert content["other"] == {"a": 1, "b": 3}
    assert content["both"] == {"a": 1, "b": 4, "c": 5}


LAUGHS = "\n".join(["a0: &a0 [lol, lol]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))])
MERGED_LAUGHS = "\n".join(
    ["a0: &a0 {k: v}", *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12))]
)
LONG_LAUGHS = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LAUGHS, "more than 200,000 values"),
        (LONG_LAUGHS, "20,000,000 characters"),
        ("a: &a [*a]", "nested more than 50 levels deep"),
        ("a: &a {b: *a}", "nested more than 50 levels deep"),
        ("a: " + "[" * 200_000, "nested too deeply"),
        ("a: " + "[" * 100 + "]" * 100, "a is nested more than 50 levels deep"),
        ("{" * 100_000, "nested too deeply"),
        ("a: " + "- " * 100_000, "not YAML"),
        ("a: 1" + "0" * 5000, "not YAML that can be read"),
        ("a: " + "x" * 6_000_000, "settings have at most 5,000,000"),
        ("a: .inf", "a is inf: expected a finite number"),
        ("a: [1, {b: .nan}]", r"a.1.b is nan: expected a finite number"),
        ("a: 1e999", "a is inf"),
        ("a: 18446744073709551616", "a is a number of more than 64 bits"),
        ('a: "\\uD800"', "not valid Unicode|not YAML"),
        ("a: !!binary aGVsbG8=", "not YAML in line 1"),
        ("a: !!set {b, c}", "not YAML in line 1"),
        ("a: !!timestamp 2026-01-01", "not YAML in line 1"),
        ("a: !!python/name:os.system", "not YAML in line 1"),
        ("1: a", "the key 1 is not a text"),
        ("? [a, b]\n: c", "is not a text"),
        ("true: a", "the key True is not a text"),
        ("<<: 1", "<< can only stand before a mapping"),
        ("a: *b", "not YAML in line 1"),
        ("a\0b: 1", "not YAML"),
    ],
)  # fmt: skip
def test_what_json_cannot_hold_is_refused_in_one_sentence(text, says):
    with pytest.raises(RecipeError, match=says) as error:
        overrides.read(text, "recipe x.yaml")
    assert "\n" not in str(error.value)


def test_merging_again_and_again_takes_no_more_room():
    assert overrides.read(MERGED_LAUGHS, "it")["a11"] == {"k": "v"}


@pytest.mark.parametrize("content", [b"name: caf\xe9", b"\xff\xfen\0a\0m\0e\0", b"\x80"])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"mine.yaml is not UTF-8 \(byte \d+\)"):
        loading.load(path)
    with pytest.raises(RecipeError, match=r"mine.yaml is not UTF-8 \(byte \d+\)"):
        settings_files.load(path)


def test_a_byte_order_mark_is_no_part_of_the_recipe(tmp_path):
    (tmp_path / "mine.yaml").write_text(loading.text("quickstart"), encoding="utf-8-sig")
    assert loading.load(tmp_path / "mine.yaml").name == "quickstart"


@pytest.mark.parametrize(
    "name", ["~nouser/mine.yaml", "~nouser", "a" * 300, "a" * 300 + ".yaml", "a\0.yaml", "\udcff.yaml"]
)
def test_what_cannot_be_a_path_is_no_recipe(name):
    with pytest.raises(RecipeError, match="there is no"):
        loading.load(name)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"generator.temperature": math.inf}, "generator.temperature is inf: expected a finite number"),
        ({"generator.template_options": {"x": [math.nan]}}, "generator.template_options.x.0 is nan"),
        ({"generator.template_options": {"x": b"\xff"}}, "template_options.x is of the type bytes"),
        ({"generator.template_options": {"x": datetime.date(2026, 1, 1)}}, "x is of the type date"),
        ({"generator.template_options": {1: 2}}, "the key 1 in generator.template_options is not a text"),
        ({"generator.stop": {"a", "b"}}, "generator.stop is of the type set"),
        ({"generator.system_prompt": "\ud800"}, "generator.system_prompt is not valid Unicode"),
        ({"generator.model": Path("here")}, "generator.model is of the type PosixPath"),
        ({"generator.model": "a\0b"}, "generator.model: 'a\\x00b' is neither a path nor a name"),
        ({"seed": 2**63}, "seed is a number of more than 64 bits"),
        ({"transfer_set.shard_rows": 10**30}, "transfer_set.shard_rows is a number of more than 64 bits"),
        ({"thresholds.similarity.min": -math.inf}, "thresholds.similarity.min is -inf"),
        ({"generator.model": 7}, "generator.model is 7: give a text, such as --set 'generator.model=\"7\"'"),
        ({"thresholds.similarity.languages": {"pt": {}, "Portuguese": {}}}, "pt and Portuguese are the same language"),
        ({"prompts.pt.names": {"en": "inglês", "English": "inglês"}}, "prompts.pt.names: en and English are the same"),
    ],
)  # fmt: skip
def test_a_value_that_a_run_could_not_keep_is_refused(changes, says):
    with pytest.raises(UserError) as error:
        load(changes)
    assert says in str(error.value)


def test_a_value_that_contains_itself_is_refused():
    options: dict[str, object] = {}
    options["self"] = options
    with pytest.raises(RecipeError, match="nested more than 50 levels deep"):
        load({"generator.template_options": options})


def test_a_number_that_is_not_finite_is_refused_in_python_too():
    with pytest.raises(ValueError, match="finite"):
        GeneratorConfig(model="m", temperature=math.inf)


@given(st.floats() | st.integers() | st.text(st.characters()) | st.binary() | st.dates() | st.sets(st.integers()))
def test_every_value_that_is_let_through_comes_back_from_json(value):
    try:
        plain.refuse_others({"a": [value]}, "it")
    except RecipeError:
        return
    assert json.loads(json.dumps({"a": [value]}, allow_nan=False).encode()) == {"a": [value]}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scorers.nosuch.model": "x"}, "scorers.nosuch: scorers has no such item: choose from alignment, comet,"),
        ({"scorers.nosuch": {"kind": "comet"}}, "scorers.nosuch: scorers has no such item"),
        ({"scorers.99": {"kind": "comet"}}, "scorers.99: scorers has no such item"),
        ({"scorers.99.model": "x"}, "scorers.99: scorers has no such item"),
        ({"scorers.-1.model": "x"}, "scorers.-1: scorers has no such item"),
        ({"seeds": [{"source": "a"}, {"source": "b"}], "seeds.split": "x"}, "seeds.split: seeds has no such item"),
        ({"seeds": [{"source": "a"}, {"source": "b"}], "seeds.fields.id": "x"}, "seeds.fields: seeds has no such item"),
        ({"tgt.3": "vi"}, "tgt.3: tgt has no such item: choose from 0"),
        ({"generator.stop.end": "x"}, "generator.stop"),
        ({"generator.temperature.low": 1}, "generator.temperature is a section: give a number"),
    ],
)  # fmt: skip
def test_a_change_of_a_list_reaches_an_item_or_is_refused(changes, says):
    with pytest.raises(UserError) as error:
        load(changes)
    assert says in str(error.value)


def test_an_item_of_a_list_is_changed_by_its_number():
    recipe = load({"scorers.0": {"kind": "language", "model": "x.bin"}, "tgt.0": "vi", "seeds.0.split": "x"})
    assert (recipe.scorers[0].model_dump()["model"], recipe.tgt, recipe.seeds[0].split) == ("x.bin", ("vi",), "x")
    several = {"seeds": [{"source": "a"}, {"source": "b"}], "seeds.1.fields.question": "q"}
    assert [source.fields.question for source in load(several).seeds] == [None, "q"]
    translators = {"translator": ["firefox", "nllb:m"], "translator.nllb.model": "other"}
    assert load(translators).translator[1].model == "other"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[" * 200_000, "line 2 is nested too deeply"),
        ('{"question": "a", "question": "b", "answer": "c"}', "line 2: the key question stands there twice"),
        ('{"question": NaN, "answer": "c"}', "few_shot.1.question is nan"),
        ('{"question": "\\ud800", "answer": "c"}', "few_shot.1.question is not valid Unicode"),
        ("{", "line 2: "),
    ],
)
def test_a_bad_line_of_examples_is_named(tmp_path, line, says):
    path = tmp_path / "shots.jsonl"
    path.write_text('{"question": "a", "answer": "b"}\n' + line)
    with pytest.raises(RecipeError) as error:
        load({"generator.few_shot": str(path)})
    assert says in str(error.value)


def test_a_separator_within_an_example_ends_no_line(tmp_path):
    path = tmp_path / "shots.jsonl"
    path.write_text('{"question": "a\u2028b", "answer": "c"}\n', encoding="utf-8")
    assert load({"generator.few_shot": str(path)}).generator.few_shot == (
        FewShotExample(question="a\u2028b", answer="c"),
    )


def test_the_packaged_recipes_come_back_from_what_is_written_of_them():
    for name in loading.names():
        recipe = loading.load(name)
        written = overrides.read(overrides.written(recipe.model_dump(mode="json", by_alias=True)), name)
        assert Recipe.model_validate_json(json.dumps(written)) == recipe


LAUGHS = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60))


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        LAUGHS.replace("<<: ", "y: "),
        "a: &a [*a]",
        "a: &a {<<: *a}",
        "[" * 100_000,
        *("a: 2024-13-45", "a: " + "9" * 5000, "a: !!int ''", "a: !!timestamp x", "a: !!bool x", "a: !!set 3"),
        *("a: !!python/name:os.system x", "<<: 3", "? [a]\n: b", "\x07"),
    ],
)
def test_what_somebody_else_wrote_is_refused_as_yaml_and_soon(text):
    with pytest.raises(yaml.YAMLError):
        plain_yaml.of_others(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.dates() | st.text(), lambda more: st.lists(more)))
def test_what_somebody_else_wrote_is_read_as_pyyaml_reads_it(value):
    text = yaml.safe_dump({"a": value, "b": [value, value]})
    assert plain_yaml.of_others(text) == yaml.safe_load(text)
