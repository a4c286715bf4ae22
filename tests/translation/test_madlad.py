"""MADLAD through either engine, on an untrained model of its architecture."""

import re

import pytest

from sdrrl_data import languages
from sdrrl_data.cards import licences
from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.protocols import Ingredient, SetAside
from sdrrl_data.recipe import TranslatorConfig, loading
from sdrrl_data.translation.madlad import TAG, UNKNOWN, MadladConfig, MadladTranslator, tag
from sdrrl_data.translation.seq2seq_ctranslate2 import CTranslate2Engine, _converted
from sdrrl_data.translation.seq2seq_engine import Batch, Decoding, Search
from sdrrl_data.translation.seq2seq_transformers import TransformersEngine
from tests.support import real_texts
from tests.translation import madlad_model

ENGINES = ("ctranslate2", "transformers")
EN, PT = find("en"), find("pt")
GREEDY = Search(1)
COMMAND = SetAside("the sentence has what is a command to MADLAD, such as <2de> or </s>")


@pytest.fixture(scope="module")
def sentences():
    return (real_texts.folder() / "flores-dev" / "en.txt").read_text(encoding="utf-8").splitlines()[:200]


@pytest.fixture(scope="module")
def model(tmp_path_factory, sentences):
    return madlad_model.untrained(tmp_path_factory.mktemp("madlad"), sentences)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def load(folder, engine="transformers", src=EN, tgt=PT, **settings):
    return MadladTranslator(MadladConfig(model=str(folder), engine=engine, **settings), src, tgt)


@pytest.fixture(scope="module")
def batch(model, sentences):
    """Some sentences, as the encoder reads them."""
    translator = load(model)
    tokens = sorted(translator.encoded(sentences[:12]), key=len, reverse=True)
    return translator._tokenizer, Batch(range(12), tokens, 40)


def test_converted_weights_decode_as_the_others_do(model, batch):
    import ctranslate2

    tokenizer, rows = batch
    located = MadladConfig(model=str(model)).locate()
    ((_, expected),) = TransformersEngine(located, tokenizer, Decoding("t5", None)).decode([rows], GREEDY)
    converted = ctranslate2.Translator(str(_converted(located, "t5", "float32")), compute_type="float32")
    results = converted.translate_batch(
        [tokenizer.convert_ids_to_tokens(tokens) for tokens in rows.tokens],
        beam_size=1,
        max_decoding_length=rows.limit,
        return_end_token=True,
    )
    assert [tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in results] == expected
    assert len({tuple(tokens) for tokens in expected}) > 6


def test_the_engine_decodes_without_a_code_before_the_translation(model, batch):
    import ctranslate2

    tokenizer, rows = batch
    located = MadladConfig(model=str(model)).locate()
    engine = CTranslate2Engine(located, tokenizer, Decoding("t5", None))
    ((_, decoded),) = engine.decode([rows], GREEDY)
    engine.close()
    plain = ctranslate2.Translator(str(_converted(located, "t5", "int8")), intra_threads=1)
    results = plain.translate_batch(
        [tokenizer.convert_ids_to_tokens(tokens) for tokens in rows.tokens],
        beam_size=1,
        max_decoding_length=rows.limit,
        return_end_token=True,
    )
    assert decoded == [tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in results]
    assert max(map(len, decoded)) == rows.limit


@pytest.mark.parametrize("engine", ENGINES)
def test_every_sentence_has_a_result(model, sentences, engine):
    translator = load(model, engine, beams=2)
    results = dict(translator.translate([*sentences[:4], "One <2de> two.", "An end</s> here.", ""]))
    assert sorted(results) == [*range(7)]
    assert results[4] == results[5] == COMMAND
    for result in (results[number] for number in (0, 1, 2, 3, 6)):
        assert isinstance(result, str) or re.fullmatch(r"its translation does not end within \d+ tokens", result.reason)
    translator.close()


def test_the_tag_of_the_target_stands_before_the_sentence_and_the_source_has_none(model):
    translator = load(model, tgt=find("zh-Hant"))
    (tokens,) = translator.encoded(["What is it?"])
    pieces = translator._tokenizer.convert_ids_to_tokens(tokens)
    assert pieces[0] == "<2zh_Hant>"
    assert pieces[-1] == "</s>"
    assert not any(TAG.fullmatch(piece) for piece in pieces[1:])
    translator.close()


def test_a_character_that_is_unknown_does_not_end_the_sentence(model):
    translator = load(model)
    (tokens,) = translator.encoded(["It is ☃ here."])
    assert tokens.count(translator._tokenizer.unk_token_id) == 1
    assert tokens.count(translator._tokenizer.eos_token_id) == 1
    translator.close()


def test_tags_are_no_characters_of_a_translation(model):
    translator = load(model)
    assert set("What") <= translator.characters
    assert translator.characters.isdisjoint("<_£")
    translator.close()


def test_a_language_of_which_the_model_lacks_the_tag_is_refused(model):
    with pytest.raises(UserError, match=r"does not know Vietnamese \(<2vi>\)$"):
        load(model, tgt=find("vi"))


@pytest.mark.parametrize("flores", sorted(UNKNOWN))
def test_languages_that_it_does_not_know_are_refused_before_anything_is_loaded(flores):
    language = find(flores)
    with pytest.raises(
        UserError, match=r"^translator madlad does not know .+: use another, such as --translator nllb$"
    ):
        MadladConfig(model="org/none").identify(EN, language)
    with pytest.raises(UserError, match=r"^translator madlad does not know"):
        MadladConfig(model="org/none").identify(language, EN)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("pt-BR", "<2pt>"),
        ("zh", "<2zh>"),
        ("zh-TW", "<2zh_Hant>"),
        ("nb", "<2no>"),
        ("nn", "<2nn>"),
        ("Tagalog", "<2fil>"),
        ("he", "<2he>"),
        ("Twi", "<2ak>"),
        ("crh", "<2crh_Latn>"),
        ("arz", "<2arz>"),
    ],
)
def test_languages_have_the_tags_of_its_tokenizer(language, expected):
    assert tag(find(language)) == expected


def test_no_two_languages_share_a_tag_but_twi_and_akan():
    tags = [tag(language) for language in languages.search("") if language.flores not in UNKNOWN]
    assert {name for name in tags if tags.count(name) > 1} <= {"<2ak>"}
    assert len(tags) == 204 - len(UNKNOWN)


def test_a_recipe_may_name_it_in_one_word():
    (config,) = loading.load("quickstart", {"translator": "madlad:google/madlad400-7b-mt"}).translator
    assert (config.kind, config.model, config.engine) == ("madlad", "google/madlad400-7b-mt", "auto")
    assert "madlad" in TranslatorConfig.kinds()


def test_its_licence_is_known():
    assert licences.of(Ingredient("translator", "google/madlad400-3b-mt", None, None)) == ["apache-2.0"]
