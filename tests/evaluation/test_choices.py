import json
from pathlib import Path

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.choices import by_letter, by_text, is_right, read_choices
from sdrrl_data.languages import find
from tests.evaluation.conftest import CHOICES

PT = find("pt")


def test_a_question_is_read_and_asked(choices):
    found = read_choices(Path(choices), PT, 2)
    assert [choice.right for choice in found] == [0, 1]
    letters = by_letter(found[0])
    assert [text for _, text in letters] == [" A", " B", " C", " D"]
    passage = CHOICES[0]["flores_passage"]
    shown = "A. a ship\nB. a road\nC. books\nD. rain"
    assert {before for before, _ in letters} == {f"{passage}\n\nWhat is it about?\n{shown}\n\nAnswer:"}
    texts = by_text(found[0])
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
