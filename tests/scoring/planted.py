"""Good pairs, and faults planted into them: filters have to tell them apart."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.recipe import ThresholdConfig
from sdrrl_data.text.words import words

CODE = "```python\ntotal = 0\nfor line in open('notes.txt'):\n    total += len(line)\n```"
DOCUMENTS = 0.2  # share of the pairs that are documents of three sentences; the others are single sentences

# For each tested language, a language that a translator may have written instead.
WRONG = {
    "pt": "fi",
    "vi": "id",
    "ja": "ko",
    "th": "vi",
    "fi": "pt",
    "id": "pt",
    "ko": "ja",
    "pl": "sl",
    "sl": "fi",
    "uk": "pl",
}

Sentence = tuple[str, str]


class Good(NamedTuple):
    """A good pair, as its sentences."""

    tag: str  # of the target language
    sentences: list[Sentence]
    wrong: list[str]  # the same sentences in a third language

    def pair(self, targets: Sequence[str] | None = None) -> TextPair:
        """The whole texts, with these translations or the good ones."""
        return _written(self.sentences, targets or [target for _, target in self.sentences])


Fault = Callable[[Good, Good], TextPair | None]
"""Makes a pair with a fault from a good pair and another one; None if the fault cannot be planted."""


def good_pairs(folder: Path, tgt: str, amount: int) -> list[Good]:
    """Pairs of English and `tgt` from the files of this folder, the same ones each time."""
    files = [(folder / f"{tag}.txt").read_text("utf-8").splitlines() for tag in ("en", tgt, WRONG[tgt])]
    lines = list(zip(*files, strict=True))
    random.Random(1).shuffle(lines)
    documents = int(DOCUMENTS * amount)
    groups = [[line] for line in lines[: amount - documents]]
    # The same sentences once more: embedding them again costs nothing.
    groups += [[lines[(3 * number + place) % len(groups)] for place in range(3)] for number in range(documents)]
    return [Good(tgt, [(en, target) for en, target, _ in group], [other for _, _, other in group]) for group in groups]


def planted(good: Sequence[Good], fault: Fault) -> list[TextPair]:
    """The fault in every good pair that can have it."""
    pairs = (fault(pair, other) for pair, other in zip(good, [*good[1:], good[0]], strict=True))
    return [pair for pair in pairs if pair is not None]


def failed(scores: pl.DataFrame, thresholds: Mapping[str, ThresholdConfig]) -> pl.DataFrame:
    """Which pairs fail which threshold, by the scores that exist: one row per pair, one column per threshold."""
    limits = {name: (threshold.min, threshold.max) for name, threshold in thresholds.items() if name in scores.columns}
    return scores.select(
        pl.any_horizontal(
            pl.lit(False) if low is None else pl.col(name) < low,
            pl.lit(False) if high is None else pl.col(name) > high,
        )
        .fill_null(False)
        .alias(name)
        for name, (low, high) in limits.items()
    )


def whole(good: Good, other: Good) -> TextPair:
    """No fault."""
    return good.pair()


def wrong_language(good: Good, other: Good) -> TextPair:
    return good.pair(good.wrong)


def half(good: Good, other: Good) -> TextPair:
    """The second half of the sentences is missing, or of the only sentence its second half."""
    targets = [target for _, target in good.sentences]
    if len(targets) == 1:
        return good.pair([targets[0][: len(targets[0]) // 2].rstrip()])
    left = sum(map(len, targets)) // 2
    cut = []
    for target in targets:
        cut.append(target[:left].rstrip())
        left -= len(cut[-1])
    return good.pair(cut)


def copied(good: Good, other: Good) -> TextPair:
    return good.pair([source for source, _ in good.sentences])


def looped(good: Good, other: Good) -> TextPair:
    """The last sentence ends in a phrase, a tenth of it, twenty times over, as far as a translator's limit allows."""
    *targets, last = (target for _, target in good.sentences)
    middle, length = len(last) // 2, max(len(last) // 10, 8)
    return good.pair([*targets, last[:middle] + last[middle - length : middle] * 20])


def swapped(good: Good, other: Good) -> TextPair | None:
    """The translation of another text of the same shape."""
    if len(good.sentences) != len(other.sentences):
        return None
    return good.pair([target for _, target in other.sentences])


def number_dropped(good: Good, other: Good) -> TextPair | None:
    return _without_number(good, lambda number: "")


def digit_changed(good: Good, other: Good) -> TextPair | None:
    return _without_number(good, lambda number: number[:-1] + str((int(number[-1]) + 3) % 10))


def broken_fence(good: Good, other: Good) -> TextPair | None:
    """The closing fence of the code is missing."""
    pair = good.pair()
    if CODE not in pair.target:
        return None
    return pair._replace(target=pair.target.replace(CODE, CODE.removesuffix("\n```")))


def near_copy(good: Good, other: Good) -> TextPair:
    """The good pair once more, with one word less on each side. It is a fault only beside the good pairs."""
    (source, target), *others = good.sentences
    return good._replace(sentences=[(_without_word(source, "en"), _without_word(target, good.tag)), *others]).pair()


FAULTS: dict[str, Fault] = {
    "wrong language": wrong_language,
    "half": half,
    "copied source": copied,
    "looped": looped,
    "swapped": swapped,
    "number dropped": number_dropped,
    "digit changed": digit_changed,
    "broken fence": broken_fence,
}


def _without_number(good: Good, change: Callable[[str], str]) -> TextPair | None:
    """One number is changed, in a sentence that has it on both sides."""
    targets = [target for _, target in good.sentences]
    for place, (source, target) in enumerate(good.sentences):
        shared = [match for match in re.finditer(r"\d+", target) if re.search(rf"(?<!\d){match[0]}(?!\d)", source)]
        if shared:
            match = random.Random(source).choice(shared)
            targets[place] = target[: match.start()] + change(match[0]) + target[match.end() :]
            return good.pair(targets)
    return None


def _without_word(text: str, tag: str) -> str:
    start, end = random.Random(text).choice(words(text, tag))
    return text[:start] + text[end:]


def _written(sentences: Sequence[Sentence], targets: Sequence[str]) -> TextPair:
    """A single sentence; or a first sentence, the others as a list, and code."""
    source = target = ""
    units = []
    for place, ((source_sentence, _), target_sentence) in enumerate(zip(sentences, targets, strict=True)):
        mark = "" if place == 0 else "\n\n- " if place == 1 else "\n- "
        source, target = source + mark, target + mark
        units.append(
            Unit(len(source), len(source) + len(source_sentence), len(target), len(target) + len(target_sentence))
        )
        source, target = source + source_sentence, target + target_sentence
    if len(sentences) > 1:
        source, target = f"{source}\n\n{CODE}\n", f"{target}\n\n{CODE}\n"
    return TextPair(source, target, units)
