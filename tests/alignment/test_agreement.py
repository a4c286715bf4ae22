"""Real translations have no gold links: how far independent aligners agree, and one aligner in both directions.

No encoder of words is among them: none comes with a package.
"""

from typing import NamedTuple

import pytest

from sdrrl_data import recipe
from sdrrl_data.alignment.eflomal import EflomalAligner
from sdrrl_data.alignment.hmm import HmmAligner, HmmConfig
from sdrrl_data.text.words import words

pytestmark = pytest.mark.long

MIN_CONFIDENCE = recipe.CodeSwitchingConfig().min_confidence


class Agreement(NamedTuple):
    """The agreement of two sets of links: Dice, and the share of the first's confident links that the second has."""

    all: float
    sure: float


LEAST = {
    "pt": Agreement(0.8, 0.89),
    "vi": Agreement(0.67, 0.87),
    "ja": Agreement(0.52, 0.76),
    "th": Agreement(0.66, 0.87),
}


@pytest.fixture(scope="module", params=LEAST)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def pairs(real_texts, language):
    sides = [
        [
            [line[start:end] for start, end in words(line, tag)]
            for line in (real_texts / "flores-dev" / f"{tag}.txt").read_text(encoding="utf-8").splitlines()
        ]
        for tag in ("en", language)
    ]
    return list(zip(*sides, strict=True))


@pytest.fixture(scope="module")
def hmm(pairs):
    return aligned(HmmAligner(HmmConfig()), pairs)


def aligned(aligner, pairs):
    """Every link (pair, source, target) with its confidence."""
    aligner.train(pairs)
    return {
        (number, i, j): confidence for number, links in enumerate(aligner.align(pairs)) for i, j, confidence in links
    }


def agreement(first, second):
    confident = {link for link, confidence in first.items() if confidence >= MIN_CONFIDENCE}
    common = 2 * len(first.keys() & second.keys()) / (len(first) + len(second))
    return Agreement(common, len(confident & second.keys()) / len(confident))


def test_independent_aligners_agree(pairs, hmm, language):
    agreed = agreement(hmm, aligned(EflomalAligner(), pairs))
    assert agreed.all >= LEAST[language].all, agreed
    assert agreed.sure >= LEAST[language].sure, agreed


def test_it_is_all_one_which_language_is_the_source(pairs, hmm):
    turned = aligned(HmmAligner(HmmConfig()), [(target, source) for source, target in pairs])
    agreed = agreement(hmm, {(number, i, j): confidence for (number, j, i), confidence in turned.items()})
    assert agreed.all >= 0.99, agreed
    assert agreed.sure >= 0.99, agreed
