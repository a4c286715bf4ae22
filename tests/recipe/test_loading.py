import re

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import ThresholdConfig, loading, overrides, translator_names


def load(changes=None, recipe="quickstart"):
    return loading.load(recipe, changes)


@pytest.mark.parametrize("name", loading.names())
def test_every_packaged_recipe_is_valid(name):
    recipe = load(recipe=name)
    assert recipe.name == name
    assert recipe.description


def test_the_packaged_recipes():
    assert loading.names() == ["quickstart", "sdrrl"]
    parts = [
        "cometkiwi",
        "contrast",
        "from-french",
        "language-bound-judge",
        "no-code-switch",
        "no-comet",
        "no-complete",
        "no-crossing",
        "no-parallel",
        "no-tgt-src",
        "pivot",
    ]
    assert loading.parts() == parts


@pytest.mark.parametrize("base", loading.names())
@pytest.mark.parametrize(
    ("overlay", "nothing_of"),
    [
        ("no-code-switch", {"code_switched"}),
        ("no-crossing", {"src->tgt", "tgt->src"}),
        ("no-parallel", {"translate", "complete"}),
        ("no-tgt-src", {"tgt->src"}),
        ("no-complete", {"complete"}),
    ],
)
def test_an_ablation_leaves_one_ingredient_out(base, overlay, nothing_of):
    complete, ablated = load(recipe=base), loading.load(base, overlays=[overlay])
    shares = complete.transfer_set.mix.model_dump(by_alias=True)
    assert ablated.transfer_set.mix.model_dump(by_alias=True) == shares | dict.fromkeys(nothing_of, 0)
    assert (ablated.parallel is None) == (overlay == "no-parallel")
    assert (ablated.name, ablated.description) == (overlay, loading.about(overlay))
    same = {"transfer_set", "parallel", "name", "description"}
    assert ablated.model_dump(exclude=same) == complete.model_dump(exclude=same)


@pytest.mark.parametrize("base", loading.names())
@pytest.mark.parametrize("kind", ["pivot", "contrast"])
def test_a_kind_of_rows_is_added(base, kind):
    complete, more = load(recipe=base), loading.load(base, overlays=[kind])
    shares = complete.transfer_set.mix.model_dump(by_alias=True)
    assert more.transfer_set.mix.model_dump(by_alias=True) == shares | {kind: shares["tgt->src"]}
    assert more.shaping() != complete.shaping()


def test_a_contrast_repeats_no_more_questions_than_there_are():
    with pytest.raises(UserError, match=r"mix\.contrast 0\.2 is more than mix\.tgt->src 0, whose questions it repeats"):
        loading.load("quickstart", overlays=["contrast", "no-tgt-src"])


def test_what_a_mix_does_not_have_shapes_nothing():
    bare = load({"prompts.pt.pivot": None, "prompts.en.pivot": None})
    assert bare.prompts["pt"].pivot is None
    assert {**bare.shaping()["prompts"]}.keys() == {**load().shaping()["prompts"]}.keys()
    assert bare.shaping() == load().shaping()


def kinds(recipe):
    return [scorer.kind for scorer in recipe.scorers]


def comet_of(recipe):
    return next(scorer for scorer in recipe.scorers if scorer.kind == "comet")


def test_the_default_recipe_filters_by_language_and_by_comet():
    recipe = load({"tgt": ["vi"]}, "sdrrl")
    assert {"language", "comet"} <= {*kinds(recipe)}
    assert comet_of(recipe).model == "Unbabel/wmt20-comet-qe-da"
    assert recipe.thresholds["language"].min > 0
    assert recipe.thresholds["comet"].min.endswith("%")  # its scores have no fixed scale
    assert recipe.thresholds["comet"].max is None


@pytest.mark.parametrize("base", loading.names())
def test_comet_can_be_left_out(base):
    complete, without = load(recipe=base), loading.load(base, overlays=["no-comet"])
    assert kinds(without) == [kind for kind in kinds(complete) if kind != "comet"]
    assert without.thresholds == {name: value for name, value in complete.thresholds.items() if name != "comet"}
    same = {"scorers", "thresholds", "name", "description"}
    assert without.model_dump(exclude=same) == complete.model_dump(exclude=same)
    assert load({"scorers.comet": None}, base).scorers == without.scorers


@pytest.mark.parametrize("base", loading.names())
def test_cometkiwi_takes_the_place_of_the_open_model(base):
    complete, better = load(recipe=base), loading.load(base, overlays=["cometkiwi"])
    assert kinds(better) == kinds(complete) + ["comet"] * ("comet" not in kinds(complete))
    assert comet_of(better).model == "Unbabel/wmt22-cometkiwi-da"
    assert better.thresholds == complete.thresholds | {"comet": load(recipe="sdrrl").thresholds["comet"]}


def test_the_quickstart_needs_no_model_that_must_be_downloaded():
    assert "comet" not in kinds(load())


def test_a_part_changes_adds_and_leaves_out_scorers_by_their_kinds(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(
        "scorers: { comet: { model: checkpoint, revision: main, batch_size: 4 }, confidence: null }\n"
        "thresholds: { answer_comet_min: { min: 1% } }\n"
    )
    second.write_text("scorers: { comet: { model: org/other }, round_trip: null }")
    recipe = loading.load("quickstart", overlays=[first])
    assert kinds(recipe) == [kind for kind in kinds(load()) if kind != "confidence"] + ["comet"]
    assert comet_of(recipe).model == str(tmp_path / "checkpoint")
    assert {*load().thresholds} - {*recipe.thresholds} == {"confidence"}
    recipe = loading.load("quickstart", overlays=[first, second])
    assert "round_trip" not in {*kinds(recipe), *recipe.thresholds}
    assert (comet_of(recipe).model, comet_of(recipe).revision, comet_of(recipe).batch_size) == ("org/other", None, 4)
    assert "answer_comet_min" not in loading.load("quickstart", overlays=[first, "no-comet"]).thresholds


@pytest.mark.parametrize(
    ("scorers", "says"),
    [
        ("{ commet: null }", "there is no scorer 'commet': did you mean comet?"),
        ("{ comet: true }", "scorers.comet is true: give its settings, such as {}, or null to leave it out"),
        ("{ comet: { batch: 4 } }", "scorers.comet.batch is not a key of a recipe"),
    ],
)
def test_a_mistake_in_scorers_by_their_kinds_is_named(tmp_path, scorers, says):
    (tmp_path / "part.yaml").write_text(f"scorers: {scorers}")
    with pytest.raises(UserError, match=re.escape(says)):
        loading.load("quickstart", overlays=[tmp_path / "part.yaml"])


@pytest.mark.parametrize(
    ("key", "entries"),
    [
        ("thresholds.overlap", lambda recipe: recipe.thresholds),
        ("targets.vi.thresholds.length", lambda recipe: recipe.targets["vi"].thresholds if recipe.targets else {}),
        ("prompts.pt", lambda recipe: recipe.prompts),
        ("prompts.pt.names.en", lambda recipe: recipe.prompts["pt"].names),
    ],
)
def test_an_entry_by_name_is_left_out_with_null(tmp_path, key, entries):
    of_target = {"tgt": ["pt", "vi"], "targets.vi.thresholds": {"length": {"max": 2}, "overlap": {"max": 0.5}}}
    name = key.rpartition(".")[2]
    complete = load(of_target)
    others = {other: entry for other, entry in entries(complete).items() if other != name}
    assert name in entries(complete)
    assert entries(load(of_target | {key: None})) == others
    content: dict[str, object] = {}
    overrides.change(content, key, None)
    (tmp_path / "part.yaml").write_text(overrides.written(content))
    assert {*entries(loading.load("quickstart", overlays=[tmp_path / "part.yaml"]))} <= {*others}
    assert loading.load("quickstart", overlays=[tmp_path / "part.yaml"]).prompts["en"] == complete.prompts["en"]


def test_an_entry_that_is_not_there_can_be_left_out_but_no_score_that_nothing_gives():
    assert load({"thresholds.comet": None, "prompts.th": None}) == load({"prompts.th": None})
    with pytest.raises(
        UserError, match=r"thresholds\.overlpa: there is no such score: did you mean thresholds\.overlap\?"
    ):
        load({"thresholds.overlpa": None})
    with pytest.raises(UserError, match=r"thresholds\.zzz: there is no such score: choose from alignment"):
        load({"thresholds.zzz": None})


def test_null_stays_a_value_of_the_chat_template():
    assert load({"generator.template_options.system": None}).generator.template_options == {"system": None}


def test_questions_in_french():
    recipe = loading.load("sdrrl", {"tgt": ["vi"]}, ["from-french"])
    assert (recipe.src, recipe.seeds[0].split, recipe.parallel) == ("fr", "fr", None)


def test_a_recipe_goes_without_parallel_text():
    assert load(recipe="sdrrl").parallel.config == "en-{tgt}"
    assert load({"parallel": None}, "sdrrl").parallel is None


def test_languages_go_by_any_name():
    recipe = load({"src": "English", "tgt": ["vie_Latn", "Thai", "vi"]})
    assert recipe.src == "en"
    assert recipe.tgt == ("vi", "th")


def test_changes_reach_any_depth():
    recipe = load({"transfer_set.mix.src->tgt": 0.5, "thresholds.confidence.min": 0.9, "generator.temperature": 1})
    assert recipe.transfer_set.mix.src_tgt == 0.5
    assert recipe.thresholds["confidence"].min == 0.9
    assert recipe.thresholds["language"].min == load().thresholds["language"].min
    assert recipe.generator.temperature == 1


def test_a_mapping_replaces_a_section():
    assert load({"translator": {"kind": "nllb", "model": "here"}}).translator[0].model == "here"


def test_the_changes_themselves_stay_as_they_are():
    changes = {"thresholds": {"confidence": {"min": 0.5}}, "thresholds.confidence.min": 0.9}
    assert load(changes).thresholds["confidence"].min == 0.9
    assert changes["thresholds"] == {"confidence": {"min": 0.5}}


def test_paths_are_relative_to_the_recipe(tmp_path):
    (tmp_path / "mine.yaml").write_text(loading.text("quickstart").replace("quickstart/seeds.jsonl", "own.jsonl"))
    (tmp_path / "own.jsonl").touch()
    assert load(recipe=str(tmp_path / "mine.yaml")).seeds[0].source == str(tmp_path / "own.jsonl")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"generator.temprature": 1}, "did you mean generator.temperature?"),
        ({"transfer_set.mix.src-tgt": 1}, "did you mean transfer_set.mix.src->tgt?"),
        ({"generator.temperature": "hot"}, "give a number from 0, such as --set generator.temperature=0.7"),
        ({"generator.max_tokens": 0}, "generator.max_tokens is 0: give a whole number from 1, such as"),
        ({"generator.max_tokens": 1.5}, "generator.max_tokens is 1.5: give a whole number from 1"),
        ({"generator.max_tokens": 2048}, "max_tokens 2048 leaves no room for a prompt within max_m"),
        ({"generator.server": {"url": "127.0.0.1:8000"}}, "give an address that begins with http://"),
        ({"generator.few_shot": "shots.txt"}, "generator.few_shot is 'shots.txt': give a list"),
        ({"generator.few_shot": "none.jsonl"}, "few_shot: none.jsonl cannot be read (No such file"),
        ({"generator.date": "today"}, "generator.date: 'today' is not a date such as 2026-01-01"),
        ({"seeds": []}, "seeds is an empty list: give files or datasets with questions"),
        ({"seeds": [{"source": "a"}, {"sorce": "b"}]}, "seeds.1.sorce is not a key of a recipe: did you mean"),
        ({"seeds": {"source": "magpie", "split": "test"}}, "seeds.split is not a key of a recipe"),
        ({"translator.beams": 2}, "translator.firefox.beams is not a key"),
        ({"translator": {"kind": "google"}}, "there is no translator 'google': choose from firefox, firefox:DIR, llm"),
        ({"translator": ["nllb", "google"]}, "there is no translator 'google': choose from firefox, firefox:DIR, llm"),
        ({"translator": "self:model"}, "there is no translator 'self:model'"),
        ({"translator": "nllb:"}, "there is no translator 'nllb:'"),
        ({"translator": []}, "translator is missing"),
        ({"translator": {"kind": "self", "few_shot": "none.jsonl"}}, "few_shot: none.jsonl cannot be read (No such"),
        ({"generator": {"engine": "vllm"}}, "generator.model is missing"),
        ({"thresholds.simlarity.min": 0.5}, "no such score: did you mean thresholds.similarity?"),
        ({"thresholds.length": 0.5}, "thresholds.length is 0.5: give a section with min, max or weight, such as"),
        ({"prompts.pt.translate": ["Traduza."]}, "give a sentence with {language} in it"),
        ({"tgt": []}, "tgt names no target language"),
        ({"tgt": ["en"]}, "en is both src and tgt"),
        ({"tgt": ["portuguesse"]}, "did you mean Portuguese"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(changes, says):
    with pytest.raises(UserError) as error:
        load(changes)
    assert says in str(error.value)


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="no recipe quikstart: did you mean quickstart"):
        load(recipe="quikstart")
    with pytest.raises(UserError, match="there is no such file"):
        load(recipe=str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("src: [en", "is not YAML in line 1"),
        ("- src", "expected a mapping"),
        ("!!python/object/apply:os.system [echo]", "is not YAML in line 1"),
        ("name: 2024-01-01", "recipe"),
    ],
)
def test_a_file_that_is_no_recipe(tmp_path, text, says):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(UserError, match=says):
        load(recipe=str(tmp_path / "bad.yaml"))


def test_seeds_are_one_source_or_several():
    assert [source.source for source in load({"seeds": [{"source": "a.csv"}, {"source": "b.csv"}]}).seeds] == [
        "a.csv",
        "b.csv",
    ]
    changes = {"seeds": [{"source": "a.csv"}, {"source": "b.csv"}], "seeds.1.fields.question": "ask"}
    assert [source.fields.question for source in load(changes).seeds] == [None, "ask"]
    assert load({"seeds": {"source": "a.csv"}, "seeds.licence": "mit"}).seeds[0].licence == "mit"
    magpie = load({"seeds": {"source": "magpie"}, "seeds.system_prompt": "Cooking."}).seeds
    assert (magpie.temperature, magpie.system_prompt) == (1.0, "Cooking.")


def test_templates_and_examples_may_stand_in_files_beside_the_recipe(tmp_path):
    (tmp_path / "base.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}", encoding="utf-8")
    (tmp_path / "shots.jsonl").write_text('{"question": "1+1?", "answer": "2"}\n\n', encoding="utf-8")
    recipe_text = loading.text("quickstart").replace(
        "generator:\n", "generator:\n  template: base.jinja\n  few_shot: shots.jsonl\n"
    )
    (tmp_path / "mine.yaml").write_text(recipe_text, encoding="utf-8")
    generator = load(recipe=str(tmp_path / "mine.yaml")).generator
    assert generator.template == "{% for m in messages %}{{ m.content }}{% endfor %}"
    assert [tuple(example.model_dump().values()) for example in generator.few_shot] == [("1+1?", "2")]
    (tmp_path / "shots.jsonl").write_text("1+1? 2", encoding="utf-8")
    with pytest.raises(UserError, match=r"few_shot: .*shots.jsonl has the wrong content \(line 1: Extra data"):
        load(recipe=str(tmp_path / "mine.yaml"))


def test_translators_are_one_or_several():
    assert [translator.kind for translator in load({"translator": "self"}).translator] == ["self"]
    several = load(
        {"translator": ["nllb:here", "self"], "translator.0.beams": 2, "translator.1.unit": "text"}
    ).translator
    assert (several[0].model, several[0].beams, several[1].unit) == ("here", 2, "text")
    assert load({"translator": "firefox:there"}).translator[0].models == "there"
    three = load({"translator": ["nllb", "firefox", "nllb:here"]}).translator
    assert translator_names(three) == ["nllb", "firefox", "nllb-2"]


def test_changes_are_parsed_as_yaml():
    assert overrides.parse_change("limit=null") == ("limit", None)
    assert overrides.parse_change("tgt=[vi, th]") == ("tgt", ["vi", "th"])
    assert overrides.parse_change("generator.system_prompt=a=b") == ("generator.system_prompt", "a=b")
    for wrong in ("limit", "=3", "a=[1"):
        with pytest.raises(UserError, match="--set"):
            overrides.parse_change(wrong)


@pytest.mark.parametrize("written", ["2026-11-29", "'2026-11-29'", "'20261129'"])
def test_a_date_is_a_text(written):
    assert load(dict([overrides.parse_change(f"generator.date={written}")])).generator.date == "2026-11-29"


def test_scorers_are_words_or_sections():
    recipe = load({"scorers": ["length", {"kind": "comet", "batch_size": 4}], "thresholds": {}})
    assert [scorer.called() for scorer in recipe.scorers] == ["length", "comet"]
    assert recipe.scorers[1].batch_size == 4


def test_a_scorer_is_changed_by_its_kind():
    recipe = load({"scorers.language.model": "glotlid.bin"})
    assert [scorer.model for scorer in recipe.scorers if scorer.kind == "language"] == ["glotlid.bin"]


FUNCTION = {"kind": "function", "name": "politeness", "function": "my_scores:politeness"}


@pytest.mark.parametrize(
    ("scorers", "thresholds", "message"),
    [
        (["length", "length"], {}, "scorers: length occurs twice"),
        ([FUNCTION, FUNCTION], {}, "scorers: politeness occurs twice"),
        (["length", FUNCTION | {"name": "similarity_min"}], {}, "or is the name of another"),
        ([{"kind": "contamination"}], {}, "scorers.contamination.sets is missing"),
        (
            ["length"],
            {"similarity": {"min": 0.5}},
            "thresholds.similarity: no scorer of the recipe gives this score: add it with --set scorers.similarity={}",
        ),
        (
            ["length"],
            {"answer_round_trip_length": {"min": 0.5}},
            "thresholds.answer_round_trip_length: no scorer of the recipe gives this score: add it with "
            "--set scorers.round_trip={}",
        ),
        (
            ["length"],
            {"nothing_like_it": {"min": 0.5}},
            "thresholds.nothing_like_it: there is no such score: choose from length",
        ),
        ([FUNCTION | {"name": "answer_tone"}], {}, "answer_tone means the score of only one text"),
        (
            ["length"],
            {"question_answer_length": {"min": 0.5}},
            "thresholds.question_answer_length: there is no such score",
        ),
        (["length"], {"question_src_finished": {"min": 1}}, "thresholds.question_src_finished: there is no such score"),
        (["length"], {"length": {"min": 2, "max": 1}}, "no score is at least 2 and at most 1"),
        (["length"], {"length": {"min": "101%"}}, "thresholds.length.min"),
        (["length"], {"length": {"min": "100.5%"}}, "thresholds.length.min"),
        (["length"], {"length": {"min": 0.5, "weight": 2}}, "thresholds.length.weight"),
        (["length"], {"length": {"languages": {"Klingonese": {}}}}, "Klingonese"),
        (
            [{"kind": "length", "texts": "question"}],
            {"length": {"min": 0.5}, "answer_length": {"min": 0.6}},
            "thresholds.answer_length: scorers.length judges questions alone: set scorers.length.texts to both",
        ),
        (
            [{"kind": "length", "texts": "answer"}],
            {"question_length": {"min": 0.5}},
            "thresholds.question_length: scorers.length judges answers alone: set scorers.length.texts to both",
        ),
        (
            [{"kind": "reward", "model": "nobody/reward", "texts": "question"}],
            {},
            "scorers.reward.texts is question, and this scorer judges answers alone",
        ),
    ],
)
def test_a_mistake_in_scorers_or_thresholds_is_named(scorers, thresholds, message):
    with pytest.raises(UserError, match=re.escape(message)):
        load({"scorers": scorers, "thresholds": thresholds})


def test_thresholds_are_for_both_texts_or_one_by_language_or_percentile():
    bounds = {"min": "5%", "weight": 0.5}
    thresholds = {"length": bounds, "answer_length": {"max": 2}, "politeness": {"min": 0.5}}
    recipe = load({"scorers": ["length", FUNCTION], "thresholds": thresholds})
    assert recipe.thresholds["length"].min == "5%"


def test_an_overlay_goes_before_the_recipe_key_by_key(tmp_path):
    overlay = tmp_path / "tuned.yaml"
    overlay.write_text("thresholds: {confidence: {min: 0.9}}\ntranslator: nllb\n")
    recipe, plain = loading.load("quickstart", overlays=[overlay]), load()
    assert recipe.thresholds == plain.thresholds | {"confidence": ThresholdConfig(min=0.9)}
    assert translator_names(recipe.translator) == ["nllb"]
    changed = loading.load("quickstart", {"thresholds.confidence.min": 0.7}, [overlay])
    assert changed.thresholds["confidence"].min == 0.7


def test_a_scorers_files_are_relative_to_the_recipe(tmp_path):
    (tmp_path / "items.txt").touch()
    overlay = tmp_path / "more.yaml"
    overlay.write_text("scorers: [{kind: contamination, sets: [items.txt, flores]}]\nthresholds: null\n")
    recipe = loading.load("quickstart", {"thresholds": {}}, [overlay])
    assert recipe.scorers[0].sets == (str(tmp_path / "items.txt"), "flores")


def test_an_overlay_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"tuned\.yaml: there is no such file"):
        loading.load("quickstart", overlays=[tmp_path / "tuned.yaml"])
    with pytest.raises(UserError, match="no part no-paralel: did you mean no-parallel"):
        loading.load("quickstart", overlays=["no-paralel"])


@pytest.mark.parametrize(
    ("changes", "tokens"),
    [
        ({"translator": "self"}, 1024),  # of the quickstart's 2048
        ({"translator": "self", "generator.max_model_len": 4096}, 2048),
        ({"translator": "self", "generator.max_model_len": 32768}, 2048),
        ({"translator": {"kind": "self", "max_tokens": 2000}}, 2000),
        ({"translator": {"kind": "llm", "model": "m"}}, 2048),
        ({"translator": {"kind": "llm", "model": "m", "max_model_len": 1000}}, 500),
    ],
)
def test_a_translation_by_a_language_model_leaves_half_of_its_context_to_the_prompt(changes, tokens):
    assert load(changes).translator[0].max_tokens == tokens
    of_target = load({f"targets.pt.{key}" if key == "translator" else key: value for key, value in changes.items()})
    assert of_target.for_target("pt").translator[0].max_tokens == tokens


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"translator": {"kind": "self", "max_tokens": 2048}}, "translator.max_tokens"),
        ({"translator": ["firefox", {"kind": "self", "max_tokens": 3000}]}, "translator.1.max_tokens"),
        (
            {"tgt": "pt,vi", "targets.vi.translator": {"kind": "self", "max_tokens": 2048}},
            "targets.vi.translator.max_tokens",
        ),
        ({"seeds": {"source": "magpie", "max_tokens": 2048}}, "seeds.max_tokens"),
    ],
)
def test_a_length_that_leaves_no_room_for_a_prompt_is_refused(changes, key):
    with pytest.raises(UserError, match=rf"^{key} \d+ leaves no room for a prompt .* --set {key}=1024$"):
        load(changes)
    load(changes | {key: 1024})


@pytest.mark.parametrize(
    ("changes", "key", "instead"),
    [
        ({"thresholds.confidence.min": 82}, "thresholds.confidence.min", "0.82"),
        ({"thresholds.question_numbers.min": 1.5}, "thresholds.question_numbers.min", "1"),
        ({"thresholds.src_finished": 90}, "thresholds.src_finished.min", "0.9"),
        ({"thresholds.round_trip.min": 3500.0}, "thresholds.round_trip.min", "35"),
        ({"targets.pt.thresholds.script.min": 500}, "targets.pt.thresholds.script.min", "1"),
    ],
)
def test_a_bound_that_no_text_can_reach_is_refused(changes, key, instead):
    with pytest.raises(UserError, match=rf"^{key} is .*, and no text has more than .* --set {key}={instead}$"):
        load(changes)


def test_a_bound_at_the_end_of_a_scale_or_of_a_score_without_one_is_taken():
    load({"thresholds.confidence.min": 1, "thresholds.round_trip.min": 100, "thresholds.length": {"min": 5, "max": 99}})


def test_native_texts_have_short_forms(tmp_path):
    (tmp_path / "texts.jsonl").write_text("")
    (tmp_path / "mine.yaml").write_text("seeds: { source: 'native:texts.jsonl' }")
    native = loading.load("quickstart", overlays=[tmp_path / "mine.yaml"], trust=True).native
    assert [texts.source for texts in native.texts] == [str(tmp_path / "texts.jsonl")]
    for seeds in ({"source": "native", "texts": "a.txt"}, {"source": "native", "texts": {"source": "a.txt"}}):
        assert loading.load("quickstart", {"seeds": seeds, "seeds.longest": 9}).native.longest == 9
    two = loading.load(
        "quickstart", {"seeds": [{"source": "native:a.txt"}, {"source": "native:org/set", "split": "dev"}]}
    )
    assert [(texts.source, texts.split) for texts in two.native.texts] == [("a.txt", "train"), ("org/set", "dev")]
    assert (two.mix.src_src, two.mix.tgt_src, two.mix.tgt_tgt) == (0, 0, 0.2)
    with pytest.raises(UserError, match="questions and native texts cannot be in one run"):
        loading.load("quickstart", {"seeds": [{"source": "native:a.txt"}, {"source": "b.jsonl"}]})
