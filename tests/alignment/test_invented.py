"""The gold links themselves, and the precision and recall of the default aligner and of code-switching with it."""

from itertools import pairwise
from typing import NamedTuple

import pytest

from sdrrl_data import alignment, recipe
from sdrrl_data.alignment.hmm import HmmConfig
from sdrrl_data.text.switching import Aligned
from sdrrl_data.text.words import words
from tests.alignment.invented import Gold, invented

VARIANTS = {"plain": {}, "endings": {"endings": True}, "no spaces": {"spaces": False}, "forms": {"forms": True}}
MIN_CONFIDENCE = recipe.CodeSwitchingConfig().min_confidence


class Figures(NamedTuple):
    """Precision and recall of the confident links, and of the switched words, from 0 to 1."""

    links_right: float
    links_found: float
    words_right: float
    words_taken: float  # of all words that can be switched


# By the number of sentences to learn from.
LEAST = {100: Figures(0.99, 0.45, 0.99, 0.13), 1000: Figures(0.99, 0.7, 0.99, 0.31)}
LEAST_OF_FORMS = {100: Figures(0.93, 0.2, 0.93, 0.05), 1000: Figures(0.98, 0.43, 0.98, 0.16)}


def lines(real_texts, corpus, sentences):
    if corpus == "flores":
        return (real_texts / "flores-dev" / "en.txt").read_text(encoding="utf-8").splitlines()[:sentences]
    rows = (real_texts / "parallel" / "tatoeba.eng-por.tsv").read_text(encoding="utf-8").splitlines()[:sentences]
    return [row.split("\t")[0] for row in rows]


def measured(gold: list[Gold]) -> Figures:
    pairs = [pair.tokens() for pair in gold]
    aligner = alignment.build(HmmConfig())
    aligner.train(pairs)
    aligned = aligner.align(pairs)
    confident_links = [{(i, j) for i, j, confidence in links if confidence >= MIN_CONFIDENCE} for links in aligned]
    right = sum(len(links_of_pair & pair.links) for links_of_pair, pair in zip(confident_links, gold, strict=True))
    fit = taken = taken_rightly = 0
    for pair, links in zip(gold, aligned, strict=True):
        turned = [(j, i, confidence) for i, j, confidence in links]
        for matrix, side_links in (pair, links), (pair.turned(), turned):
            aligned = Aligned(matrix.source, matrix.target, side_links, MIN_CONFIDENCE)
            words_fit, swaps = aligned.fit(), aligned.swaps()
            fit += words_fit
            taken += sum(swap.words for swap in swaps)
            taken_rightly += sum(swap.words for swap in swaps if matrix.is_right(swap))
    return Figures(
        right / sum(map(len, confident_links)),
        right / sum(len(pair.links) for pair in gold),
        taken_rightly / taken,
        taken / fit,
    )


LINES = ["The old house is cold.", "An old dog sleeps near the cold house at 9."]


def test_a_word_has_one_counterpart_wherever_it_stands():
    pairs = invented(LINES * 20)
    counterparts = {}
    for source, target, links in pairs:
        source_tokens, target_tokens = source.tokens(), target.tokens()
        for i in {i for i, _ in links}:
            together = sorted(j for k, j in links if k == i)
            counterparts.setdefault(source_tokens[i].casefold(), set()).add(
                " ".join(target_tokens[j].casefold() for j in together)
            )
    assert set(counterparts) == {word.casefold() for line in LINES for word in line.rstrip(".").split()}
    assert all(len(translations) == 1 for translations in counterparts.values())
    assert counterparts["9"] == {"9"}
    assert len(set.union(*counterparts.values())) == len(counterparts)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_words_of_the_invented_language_stand_where_it_is_said(real_texts, variant):
    pairs = invented(lines(real_texts, "flores", 200), **VARIANTS[variant])
    for _, target, links in pairs:
        gap = "" if variant == "no spaces" else " "
        assert gap.join(target.tokens()) == target.text
        assert {j for _, j in links} <= set(range(len(target.words)))
        if gap:
            assert list(target.words) == words(target.text, "en")
    assert pairs == invented(lines(real_texts, "flores", 200), **VARIANTS[variant])


def test_words_are_moved_dropped_put_in_joined_and_parted(real_texts):
    pairs = invented(lines(real_texts, "flores", 200))
    source, target = (
        sum(len(side.words) for side in sides) for sides in zip(*(pair[:2] for pair in pairs), strict=True)
    )
    links = [(number, i, j) for number, pair in enumerate(pairs) for i, j in pair.links]
    linked = {(number, i) for number, i, _ in links}, {(number, j) for number, _, j in links}
    assert 0.05 < 1 - len(linked[0]) / source < 0.12
    assert 0.05 < 1 - len(linked[1]) / target < 0.12
    parted, joined = len(links) - len(linked[0]), len(links) - len(linked[1])
    assert parted > 100
    assert joined > 60
    crossed = sum(a[1] > b[1] for pair in pairs for a, b in pairwise(sorted(pair.links)))
    assert 0.1 < crossed / len(links) < 0.5


def test_rare_words_share_endings(real_texts):
    plain, endings = (
        {
            token.casefold()[-2:]
            for pair in invented(lines(real_texts, "flores", 50), **how)
            for token in pair.target.tokens()
        }
        for how in (VARIANTS["plain"], VARIANTS["endings"])
    )
    assert len(endings) < len(plain)


def test_words_come_in_several_forms():
    plain, forms = (
        {token.casefold() for pair in invented(LINES * 60, **VARIANTS[how]) for token in pair.target.tokens()}
        for how in ("plain", "forms")
    )
    assert {form.removesuffix("ya").removesuffix("ye") for form in forms} == plain
    assert len(forms) > 1.5 * len(plain)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("sentences", LEAST)
@pytest.mark.parametrize("corpus", ["flores", "tatoeba"])
def test_what_is_switched_is_right(real_texts, corpus, sentences, variant):
    figures = measured(invented(lines(real_texts, corpus, sentences), **VARIANTS[variant]))
    least = LEAST_OF_FORMS[sentences] if variant == "forms" else LEAST[sentences]
    assert all(share >= bound for share, bound in zip(figures, least, strict=True)), figures
