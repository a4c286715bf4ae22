import json
import re
from pathlib import Path

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.choices import by_letter, by_text, is_right, of_folder, read_choices
from sdrrl_data.languages import find
from tests.evaluation.conftest import CHOICES
from tests.support import hub

PT = find("pt")
# The dialects of Belebele's 122 files, by its README; each file is named after its dialect.
DIALECTS = re.findall(
    r"\w+",
    """
    acm_Arab afr_Latn als_Latn amh_Ethi apc_Arab arb_Arab arb_Latn ars_Arab ary_Arab arz_Arab asm_Beng azj_Latn bam_Latn
    ben_Beng ben_Latn bod_Tibt bul_Cyrl cat_Latn ceb_Latn ces_Latn ckb_Arab dan_Latn deu_Latn ell_Grek eng_Latn est_Latn
    eus_Latn fin_Latn fra_Latn fuv_Latn gaz_Latn grn_Latn guj_Gujr hat_Latn hau_Latn heb_Hebr hin_Deva hin_Latn hrv_Latn
    hun_Latn hye_Armn ibo_Latn ilo_Latn ind_Latn isl_Latn ita_Latn jav_Latn jpn_Jpan kac_Latn kan_Knda kat_Geor kaz_Cyrl
    kea_Latn khk_Cyrl khm_Khmr kin_Latn kir_Cyrl kor_Hang lao_Laoo lin_Latn lit_Latn lug_Latn luo_Latn lvs_Latn mal_Mlym
    mar_Deva mkd_Cyrl mlt_Latn mri_Latn mya_Mymr nld_Latn nob_Latn npi_Deva npi_Latn nso_Latn nya_Latn ory_Orya pan_Guru
    pbt_Arab pes_Arab plt_Latn pol_Latn por_Latn ron_Latn rus_Cyrl shn_Mymr sin_Latn sin_Sinh slk_Latn slv_Latn sna_Latn
    snd_Arab som_Latn sot_Latn spa_Latn srp_Cyrl ssw_Latn sun_Latn swe_Latn swh_Latn tam_Taml tel_Telu tgk_Cyrl tgl_Latn
    tha_Thai tir_Ethi tsn_Latn tso_Latn tur_Latn ukr_Cyrl urd_Arab urd_Latn uzn_Latn vie_Latn war_Latn wol_Latn xho_Latn
    yor_Latn zho_Hans zho_Hant zsm_Latn zul_Latn
    """,
)
LATIN = ["ben_Latn", "hin_Latn", "npi_Latn", "sin_Latn", "urd_Latn"]  # of languages that have another script, too


def test_a_question_is_read_and_asked(choices):
    language, questions = read_choices(Path(choices), PT, 2)
    assert language == PT
    assert [choice.right for choice in questions] == [0, 1]
    letters = by_letter(questions[0])
    assert [text for _, text in letters] == [" A", " B", " C", " D"]
    passage = CHOICES[0]["flores_passage"]
    shown = "A. a ship\nB. a road\nC. books\nD. rain"
    assert {before for before, _ in letters} == {f"{passage}\n\nWhat is it about?\n{shown}\n\nAnswer:"}
    texts = by_text(questions[0])
    assert [text for _, text in texts] == ["a ship", "a road", "books", "rain"]
    assert {before for before, _ in texts} == {f"{passage}\n\nWhat is it about?\n"}


@pytest.mark.parametrize(
    ("sums", "right"),
    [
        ([-1.0, -2.0, -2.0, -2.0], 1.0),
        ([-6.0, -3.0, -30.0, -30.0], 1.0),  # of three times the bytes, less surprising a byte
        ([-9.0, -2.0, -30.0, -30.0], 0.0),
        ([-1.0, None, -2.0, -2.0], None),
    ],
)
def test_the_likeliest_byte_by_byte(sums, right):
    assert is_right(["a café", "no", "a boat", "a road"], 0, sums) == right


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"correct_answer_num": None}, "row 2 has no correct_answer_num from 1 to 4"),
        ({"correct_answer_num": "5"}, "row 2 has no correct_answer_num from 1 to 4"),
        ({"mc_answer3": " "}, "row 2 has no mc_answer3"),
        ({"flores_passage": None}, "row 2 has no flores_passage"),
        ({"dialect": "eng_Latn"}, "row 2 is in eng_Latn, not in Portuguese"),
    ],
)
def test_a_row_that_is_no_question(tmp_path, change, says):
    path = tmp_path / "bad.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (CHOICES[0], CHOICES[1] | change)))
    with pytest.raises(UserError, match=says):
        read_choices(path, PT, None)


def test_a_row_that_is_no_json(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text("{")
    with pytest.raises(UserError, match="row 1 not JSON"):
        read_choices(path, PT, None)
    with pytest.raises(UserError, match="there is no such file"):
        read_choices(tmp_path / "none.jsonl", PT, None)


def belebele(folder, dialect):
    path = folder / f"{dialect}.jsonl"
    path.write_text("".join(json.dumps(row | {"dialect": dialect}) + "\n" for row in CHOICES))
    return path


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_file_of_belebele_is_read_for_its_language_by_any_name(tmp_path, dialect):
    wanted = find(dialect if dialect not in LATIN else dialect.partition("_")[0])
    path = belebele(tmp_path, dialect)
    for name in (wanted.tag, wanted.name, wanted.flores, wanted.flores.replace("_", "-").lower()):
        language, questions = read_choices(path, find(name), None)
        assert len(questions) == len(CHOICES)
        assert language.flores == dialect
    if dialect in LATIN:
        assert language.tag == f"{wanted.tag}-Latn"
    else:
        assert language == wanted


def test_there_are_as_many_as_belebele_says():
    assert len(set(DIALECTS)) == 122
    assert len({code.partition("_")[0] for code in DIALECTS}) == 115


@pytest.mark.parametrize("dialect", ["urd_Latn", "hin_Cyrl", "nonsense", "eng_Latn"])
def test_a_file_of_another_language_is_refused(tmp_path, dialect):
    with pytest.raises(UserError, match=f"row 1 is in {dialect}, not in Hindi: give a file of that language"):
        read_choices(belebele(tmp_path, dialect), find("hi"), None)


def test_a_file_in_two_scripts_is_refused(tmp_path):
    path = tmp_path / "both.jsonl"
    path.write_text(
        "".join(json.dumps(CHOICES[0] | {"dialect": dialect}) + "\n" for dialect in ("hin_Deva", "hin_Latn"))
    )
    with pytest.raises(UserError, match="its rows are in hin_Deva and in hin_Latn: give a file of each"):
        read_choices(path, find("hi"), None)


def test_files_are_found_in_a_folder_by_the_language(tmp_path):
    for dialect in ("eng_Latn", "por_Latn", "hin_Latn"):
        belebele(tmp_path, dialect)
    english, portuguese, hindi = of_folder(tmp_path, [find("en"), PT, find("hi")], 3)
    assert (english.language, len(english.questions)) == (find("en"), 3)
    assert portuguese.language == PT
    assert hindi is None  # in the Latin script it is asked for by its file


READ = """
import json
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.choices import of_belebele
from sdrrl_data.languages import find

for choices in of_belebele([find(name) for name in ("English", "Portugiesisch", "Galician")], 2):
    print(json.dumps(choices and [choices.language.flores, len(choices.questions), choices.questions[1].right]))
"""


def test_belebele_is_found_on_the_hub_by_the_language(tmp_path):
    rows = {
        dialect: {"test": [row | {"dialect": dialect} for row in CHOICES]}
        for dialect in ("eng_Latn", "por_Latn", "hin_Latn")
    }
    with hub.serving() as served:
        served.add("datasets/facebook/belebele", hub.dataset("cc-by-sa-4.0", rows), sha="d" * 40)
        online = served.run(READ, tmp_path / "home")
    assert online == [["eng_Latn", 2, 1], ["por_Latn", 2, 1], None]
    assert hub.run(READ, hub.offline(tmp_path / "home")) == online
