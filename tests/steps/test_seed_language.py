import warnings

import pytest

from sdrrl_data.languages import find
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.recipe import SeedsConfig, loading
from sdrrl_data.scoring.language import LanguageConfig
from sdrrl_data.steps import seeds
from sdrrl_data.steps.seed_language import FIRST, ForeignSeeds, doubt
from tests.support import small_models

FRENCH = [f"Pourquoi le ciel est-il si bleu ce matin au-dessus du village numéro {number} ?" for number in range(8)]
ENGLISH = [f"Why is the sky so very blue this morning above village number {number}?" for number in range(8)]


def write(path, questions):
    path.write_text("\n".join(questions), encoding="utf-8")
    return path


def read(path):
    return seeds.read([SeedsConfig(source=str(path))], 3 * FIRST).rows


@pytest.mark.parametrize(
    ("questions", "src", "likeliest"),
    [
        (FRENCH, "fr", None),
        (FRENCH, "en", "French"),
        (ENGLISH, "vi", "English"),
        (FRENCH[:5] + ENGLISH[:3], "fr", None),
        (FRENCH[:3] + ENGLISH[:5], "fr", "English"),
        (ENGLISH[:4], "fr", None),  # too few
        ([f"{number} + {number}?" for number in range(50)], "fr", None),  # no letters
    ],
)
def test_most_questions_decide(tmp_path, questions, src, likeliest):
    sentence = doubt(read(write(tmp_path / "seeds.txt", questions)), LanguageConfig(), find(src))
    if likeliest is None:
        assert sentence is None
    else:
        assert f"are not in {find(src).name} ({likeliest} is the likeliest language)" in sentence


def test_real_questions(real_texts):
    rows = read(real_texts / "instructions" / "dolly-2k.jsonl")
    assert doubt(rows, LanguageConfig(), find("en")) is None
    assert "English is the likeliest" in doubt(rows, LanguageConfig(), find("fr"))


def plan(path, out, **changes):
    settings = small_models.CHANGES | {"scorers": ["language"], "thresholds": {}, "parallel": None, "src": "fr"}
    recipe = loading.load("quickstart", settings | {"seeds": {"source": str(path)}} | changes)
    return recipe, lambda: resolve(recipe, out, small_models.models())


def test_a_plan_warns_before_the_answers_are_made(tmp_path):
    recipe, make = plan(write(tmp_path / "seeds.txt", ENGLISH), tmp_path / "run")
    with pytest.warns(ForeignSeeds, match="most of the first questions are not in French"):
        make()
    with pytest.warns(ForeignSeeds):
        generate(recipe, tmp_path / "run", small_models.models())
    with warnings.catch_warnings():
        warnings.simplefilter("error", ForeignSeeds)
        make()  # the answers exist already
        plan(tmp_path / "seeds.txt", tmp_path / "other", scorers=["length"])[1]()  # the recipe has no language scorer
