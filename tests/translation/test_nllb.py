"""NLLB through either engine, on a small trained model and on untrained ones, whose translations never end."""

import gc
import pickle
import shutil
import weakref
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data import languages
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import SetAside
from sdrrl_data.translation.nllb import UNKNOWN, NllbConfig, NllbTranslator
from sdrrl_data.translation.seq2seq_engine import MOST_PADDING, Batch, Search, batched, max_translation_tokens
from sdrrl_data.translation.texts import translate_texts
from tests.translation import nllb_model

ENGINES = ("ctranslate2", "transformers")
EN, PT, VI = find("en"), find("pt"), find("vi")
NEW = nllb_model.sentences()[: nllb_model.HELD_OUT]
LOOPS = [sentence for sentence in NEW if " and " in sentence]
ENGLISH = [sentence for sentence in NEW if sentence not in LOOPS]


@pytest.fixture(scope="module")
def model(request):
    return nllb_model.trained(request.config)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("untrained")
    nllb_model.untrained(folder, ENGLISH)
    return folder


@pytest.fixture(scope="module")
def portuguese():
    return nllb_model.in_portuguese(ENGLISH)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Models are converted into a separate cache for the tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


def load(folder, engine, src=EN, tgt=PT, **settings):
    return NllbTranslator(NllbConfig(model=str(folder), engine=engine, **settings), src, tgt)


def translated(translator, sentences, again=False):
    """The translations in the order of their sentences; none is missing, and none comes twice."""
    results = list(translator.translate(sentences, again))
    assert sorted(number for number, _ in results) == list(range(len(sentences)))
    return [translation for _, translation in sorted(results)]


def equal(texts, other_texts):
    return sum(text == other for text, other in zip(texts, other_texts, strict=True)) / len(texts)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_characters_of_the_vocabulary_are_known(untrained, engine):
    translator = load(untrained, engine)
    assert set("".join(ENGLISH)) <= translator.characters
    assert translator.characters.isdisjoint("£×✅→<_")
    (pair,) = translate_texts(["£20"], EN, PT, translator)
    assert pair.target == "£20"
    translator.close()


def repeated(words):
    """How many 3-grams occurred before."""
    runs = list(zip(words, words[1:], words[2:], strict=False))
    return len(runs) - len(set(runs))


@pytest.mark.parametrize("engine", ENGINES)
def test_translates_both_ways_and_the_target_code_says_into_what(model, portuguese, engine):
    into_portuguese = translated(load(model, engine), ENGLISH)
    assert equal(into_portuguese, portuguese) > 0.8
    assert equal(translated(load(model, engine, PT, EN), portuguese), ENGLISH) > 0.8
    assert equal(translated(load(model, engine, EN, EN), ENGLISH), ENGLISH) > 0.8


@pytest.mark.parametrize("again", [False, True])
def test_converted_weights_translate_as_the_others_do(model, again):
    first, second = (translated(load(model, engine), ENGLISH, again) for engine in ENGINES)
    assert equal(first, second) > 0.95


@pytest.mark.parametrize("engine", ENGINES)
def test_a_translation_is_the_same_in_whatever_batch(model, engine):
    sentences = [" ".join(ENGLISH[start : start + number]) for start, number in enumerate([1, 3, 1, 2, 1, 1])]
    together = translated(load(model, engine), sentences)
    alone = load(model, engine, batch_tokens=1)
    assert together == translated(alone, sentences)
    assert together[::-1] == translated(alone, sentences[::-1])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loop_is_not_found_again(model, engine):
    translator = load(model, engine, EN, EN)
    assert equal(translated(translator, LOOPS), LOOPS) > 0.8
    for translation in translated(translator, LOOPS, again=True):
        assert len(translation.split()) >= 3
        assert repeated(translation.split()) == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_no_run_of_tokens_comes_twice_where_that_is_forbidden(untrained, engine):
    translator = load(untrained, engine)
    tokens = translator._tokenizer(["Maria likes the door."])["input_ids"]

    def written(search):
        ((_, (translation,)),) = translator._engine.decode([Batch([0], tokens, limit=40)], search)
        assert len(translation) == 40
        return translation

    assert repeated(written(Search(beams=2))) > 0
    assert repeated(written(Search(beams=2, no_repeat_ngram=3))) == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_what_does_not_end_is_set_aside(untrained, engine):
    translator = load(untrained, engine, beams=1)
    sentences = ["Maria likes the door.", "Maria likes the door. Our neighbour wants two chairs in Lisbon."]
    limits = [max_translation_tokens(len(tokens)) for tokens in translator._tokenizer(sentences)["input_ids"]]
    expected = [SetAside(f"its translation does not end within {limit} tokens") for limit in limits]
    assert translated(translator, sentences) == expected
    assert limits[0] < limits[1]


def test_room_that_a_longer_neighbour_gives_changes_nothing(untrained):
    translator = load(untrained, "transformers")
    written = translator._tokenizer("Maria likes the door.")["input_ids"][1:]
    assert translator._text(written, len(written)) == "Maria likes the door."
    assert isinstance(translator._text(written, len(written) - 1), SetAside)


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_to_translate(untrained, engine):
    assert list(load(untrained, engine).translate([])) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_closing_gives_the_model_back(untrained, engine):
    translator = load(untrained, engine)
    loaded = translator._engine._translator if engine == "ctranslate2" else weakref.ref(translator._engine._model)
    translator.close()
    gc.collect()
    assert not (loaded.model_is_loaded if engine == "ctranslate2" else loaded())


def test_codes_in_a_text_are_words(untrained):
    tokenizer = load(untrained, "ctranslate2", VI)._tokenizer
    assert tokenizer.convert_ids_to_tokens(tokenizer("Maria")["input_ids"])[0] == "vie_Latn"
    tokens = tokenizer("Maria </s> eng_Latn <pad> <mask>")["input_ids"]
    special = [token for token in tokens if token in tokenizer.all_special_ids and token != tokenizer.unk_token_id]
    assert tokenizer.convert_ids_to_tokens(special) == ["vie_Latn", "</s>"]
    assert tokens.index(tokenizer.eos_token_id) == len(tokens) - 1


@pytest.mark.parametrize("unknown", [(EN, "Klingon"), ("Klingon", EN)])
def test_an_unknown_code_is_refused(untrained, unknown):
    klingon = Language(tag="tlh", flores="tlh_Latn", fasttext=None, name="Klingon")
    pair = [klingon if language == "Klingon" else language for language in unknown]
    with pytest.raises(UserError, match=r"does not know Klingon \(tlh_Latn\)"):
        load(untrained, "ctranslate2", *pair)


def test_every_other_language_of_flores_is_known():
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    assert {language.flores for language in languages.search("")} - set(FAIRSEQ_LANGUAGE_CODES) == UNKNOWN


@pytest.mark.parametrize("pair", [(EN, "min_Arab"), ("min_Arab", EN)])
def test_a_language_that_nllb_lacks_is_refused_before_anything_is_looked_for(pair, tmp_path):
    pair = [find(language) if isinstance(language, str) else language for language in pair]
    with pytest.raises(UserError, match=r"does not know .*\(min_Arab\)"):
        NllbConfig(model=str(tmp_path / "none")).identify(*pair)


@pytest.mark.parametrize(("engine_setting", "engine"), [("auto", "ctranslate2"), *zip(ENGINES, ENGINES, strict=True)])
def test_a_directory_is_identified_by_its_files(untrained, engine_setting, engine):
    ingredient = NllbConfig(model=str(untrained), engine=engine_setting).identify(EN, VI)
    assert (ingredient.role, ingredient.name, ingredient.licence) == ("translator", untrained.name, None)
    assert ingredient.engine.startswith(f"{engine} ")


def test_a_directory_without_a_model_is_named(tmp_path):
    with pytest.raises(UserError, match=r"has no config\.json"):
        NllbConfig(model=str(tmp_path)).identify(EN, VI)


class Harmful:
    """Creates a file when its pickle is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self):
        return Path.touch, (self._path,)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("named", ["model.safetensors", "others.safetensors"])
def test_no_pickle_is_read(untrained, tmp_path, engine, named):
    folder, trace = tmp_path / "pickled", tmp_path / "trace"
    shutil.copytree(untrained, folder)
    (folder / "model.safetensors").rename(folder / named)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Harmful(trace)))
    if named == "model.safetensors":
        assert len(translated(load(folder, engine), ["Maria."])) == 1
    else:
        with pytest.raises(UserError, match=r"translator pickled could not be loaded: .*model\.safetensors"):
            load(folder, engine)
    assert not trace.exists()


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(0, 200))
def test_batches_hold_their_budget_and_every_number_once(lengths, most):
    sentences = [[7] * length for length in lengths]
    batches = list(batched(sentences, most))
    assert sorted(number for batch in batches for number in batch.numbers) == list(range(len(sentences)))
    for batch in batches:
        assert [len(tokens) for tokens in batch.tokens] == [lengths[number] for number in batch.numbers]
        longest = max(map(len, batch.tokens))
        padded = longest * len(batch.tokens)
        assert len(batch.tokens) == 1 or padded <= most
        assert padded - sum(map(len, batch.tokens)) <= MOST_PADDING * len(batch.tokens[0])
        assert batch.limit == max_translation_tokens(longest)
    widths = [len(tokens) for batch in batches for tokens in batch.tokens]
    assert widths == sorted(widths, reverse=True)
