import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.protocols import TextPair
from sdrrl_data.scoring.contamination import ContaminationConfig, ContaminationScorer, found

EN, PT = find("en"), find("pt")


def settings(*sets):
    return ContaminationConfig(sets=sets)


@pytest.fixture(scope="module")
def scorer(real_texts):
    files = [str(real_texts / "flores-dev" / f"{language}.txt") for language in ("en", "pt")]
    return ContaminationScorer(settings(*files), EN, PT)


def test_each_side_is_judged_by_itself(scorer, score, real_texts):
    lines = {
        language: (real_texts / "flores-dev" / f"{language}.txt").read_text(encoding="utf-8").splitlines()
        for language in ("en", "pt")
    }
    english, portuguese = lines["en"][7], lines["pt"][8]
    pairs = [TextPair(f"Translate this: {english}", "Não sei.", []), TextPair("No idea.", f"{portuguese} Certo?", [])]
    assert score(scorer, pairs) == {
        "src_contamination": [1.0, None],
        "src_contamination_in": ["en.txt:8", None],
        "contamination": [None, 1.0],
        "contamination_in": [None, "pt.txt:9"],
    }


def test_translations_that_are_no_item_are_clean(scorer, flores, score):
    pairs = [TextPair(vi, sl, []) for vi, sl in flores("vi", "sl", sample=600)]
    columns = score(scorer, pairs)
    for name in ("src_contamination", "contamination"):
        assert sum(bool(value) for value in columns[name]) <= 1  # a list of names may stay as it was


def test_no_pairs(scorer, score):
    assert set(map(len, score(scorer, []).values())) == {0}


def test_sets_that_are_there(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("question\nWhy?\n", encoding="utf-8")
    (ingredient,) = settings(str(path)).identify()
    assert (ingredient.role, ingredient.name, ingredient.licence) == ("test set", "mine.csv", None)
    with pytest.raises(UserError, match=r"none\.csv: there is no such file"):
        settings(str(path), str(tmp_path / "none.csv")).identify()


def test_what_was_found_of_each_set():
    scores = pl.DataFrame(
        {
            "question_src_contamination": [1.0, 0.5, 0.4, None],
            "question_src_contamination_in": ["mgsm:3", "flores:dev:1", "mgsm:4", None],
            "answer_contamination": [0.0, 0.9, None, 0.7],
            "answer_contamination_in": [None, "mgsm:3", None, "mgsm:5"],
            "answer_length": [1.0, 1.0, 1.0, 1.0],
        }
    )
    assert found(scores).rows() == [("flores", 1, 1), ("mgsm", 2, 3)]
    assert found(scores.select("answer_length")).rows() == []
