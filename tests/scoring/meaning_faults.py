"""What translators really do wrong, planted into translations of real texts.

planted.py has the coarse faults; these leave a fluent sentence that means something else.
"""

import random
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from sdrrl_data.protocols import TextPair
from sdrrl_data.text import negations
from sdrrl_data.text.function_words import is_function_word
from sdrrl_data.text.words import words
from tests.scoring.planted import DOCUMENTS, Fault, Good

MACHINE = {"pt": "bergamot-tiny.pt", "vi": "nllb.vi"}  # FLORES-200 as a translator wrote it
TATOEBA = {"pt": "por", "vi": "vie"}
SHORTEST = 20  # characters of a source sentence: a shorter one has no room for a fault beside what it says

NEGATIONS = {"pt": ("não", "nunca"), "vi": ("không", "chưa", "chẳng", "đừng")}
CONJUNCTIONS = {
    "pt": ("e", "que", "mas", "porque", "quando", "para", "se"),
    "vi": ("và", "mà", "nhưng", "vì", "khi", "để", "nếu"),
}
NAMES = ("Newton", "Johnson", "Peterson", "Fonseca", "Lewis", "Kovacs", "Tanaka", "Chicago", "Sydney", "Nairobi")
# An English word, its translation, and that of another sense.
SENSES = {
    "pt": (
        "bank banco margem, board conselho tábua, book livro reservar, case caso estojo, cells células celas, "
        "change mudança troco, country país campo, court tribunal quadra, fall queda outono, free livre gratuito, "
        "hard difícil duro, interest interesse juros, issue questão edição, issues questões edições, "
        "letter carta letra, light luz leve, match partida fósforo, order ordem pedido, paper jornal papel, "
        "paper papel jornal, party festa partido, party partido festa, people pessoas povos, plant planta usina, "
        "plants plantas usinas, play jogar tocar, point ponto ponta, power poder potência, power energia poder, "
        "race corrida raça, right direito direita, season temporada estação, spring primavera mola, table mesa tabela, "
        "time tempo vez, time vez tempo, train trem treinar, watch relógio vigia, work trabalho obra"
    )
}

Change = Callable[[random.Random, str, str, str, str], str | None]
"""(draws, language, source, target, another target) -> the target with a fault; None if it cannot be planted."""


def real_pairs(folder: Path, tgt: str, amount: int) -> list[Good]:
    """Translations by machine and by people, the same ones each time: three of FLORES-200 to two of Tatoeba."""
    flores = [(folder / f"flores-dev/{name}.txt").read_text("utf-8").splitlines() for name in ("en", MACHINE[tgt])]
    tatoeba = (folder / f"parallel/tatoeba.eng-{TATOEBA[tgt]}.tsv").read_text("utf-8").splitlines()
    draws = random.Random(1)
    long = [(en, target) for en, target in zip(*flores, strict=True) if target and not _has_inserted_en(en, target)]
    short = [(en, target) for en, target in (line.split("\t") for line in tatoeba) if len(en) >= SHORTEST]
    documents = int(DOCUMENTS * amount)
    singles = amount - documents
    groups = [[pair] for pair in draws.sample(long, singles * 3 // 5) + draws.sample(short, singles - singles * 3 // 5)]
    draws.shuffle(groups)
    # The same sentences once more: embedding and translating them again costs nothing.
    groups += [[groups[(3 * number + place) % singles][0] for place in range(3)] for number in range(documents)]
    return [Good(tgt, group, []) for group in groups]


def _has_inserted_en(source: str, target: str) -> bool:
    """Whether the first word of a target is one of the source with "en" in it, such as "Nadalen" for "Nadal".

    The published translations by NLLB have 41 such words: these pairs are not good ones.
    """
    first = re.split(r"\W", target.casefold(), maxsplit=1)[0]
    source_words = set(re.split(r"\W+", source.casefold()))
    without = {first[: match.start()] + first[match.end() :] for match in re.finditer("en", first)}
    return first not in source_words and bool(without & source_words)


def lost_clause(draws: random.Random, tag: str, source: str, target: str, other: str) -> str | None:
    """The words between two marks or conjunctions are missing: at least three, and at most half of them."""
    cuts = [match.end() for match in re.finditer(r"[,;:–—()](?=\s)", target)]
    cuts += [match.start() for match in re.finditer(f" (?:{'|'.join(CONJUNCTIONS[tag])}) ", target)]
    places = sorted({0, *cuts, len(target)})
    most = len(words(target, tag)) / 2
    clauses = [
        (start, end)
        for start, end in pairwise(places)
        if 3 <= len(words(target[start:end], tag)) <= most and _content(target[start:end], tag)
    ]
    if not clauses:
        return None
    start, end = draws.choice(clauses)
    before, after = target[:start].rstrip(" ,;:–—("), target[end:].lstrip()
    return f"{before}, {after}" if before and after else f"{before}." if before else after


def lost_negation(draws: random.Random, tag: str, source: str, target: str, other: str) -> str | None:
    places = [(a, b) for a, b in words(target, tag) if target[a:b].casefold() in NEGATIONS[tag]]
    if not places or not negations.count(source, "en"):
        return None
    start, end = places[0]
    left = f"{target[:start]}{target[end:].lstrip()}"
    return left[:1].upper() + left[1:]


def added_word(draws: random.Random, tag: str, source: str, target: str, other: str) -> str | None:
    """A word of another text stands behind a content word."""
    strange, known = _content(other, tag), _content(target, tag)
    if not strange or not known:
        return None
    (a, b), (_, place) = draws.choice(strange), draws.choice(known)
    return f"{target[:place]} {other[a:b]}{target[place:]}"


def other_word(draws: random.Random, tag: str, source: str, target: str, other: str) -> str | None:
    """A word of another text stands in the place of a content word."""
    return _replaced(draws, tag, target, other, lambda known, strange: strange)


def no_such_word(draws: random.Random, tag: str, source: str, target: str, other: str) -> str | None:
    """The beginning of a content word is continued with the end of another one."""
    return _replaced(
        draws, tag, target, other, lambda known, strange: known[: -(-len(known) // 2)] + strange[len(strange) // 2 :]
    )


def other_name(draws: random.Random, tag: str, source: str, target: str, other: str) -> str | None:
    """Another name stands in the place of one that both sides have."""
    names = {source[a:b] for a, b in words(source, "en")[1:] if source[a].isupper() and b - a > 3}
    places = [(a, b) for a, b in words(target, tag) if target[a:b] in names]
    if not places:
        return None
    start, end = draws.choice(places)
    return target[:start] + draws.choice([name for name in NAMES if name not in source]) + target[end:]


def other_sense(draws: random.Random, tag: str, source: str, target: str, other: str) -> str | None:
    """A word is translated in another of its senses."""
    asked = {source[a:b].casefold() for a, b in words(source, "en")}
    for english, right, wrong in map(str.split, SENSES.get(tag, "").split(",") if tag in SENSES else ()):
        places = [(a, b) for a, b in words(target, tag) if target[a:b].casefold() == right]
        if english in asked and places:
            start, end = places[0]
            return target[:start] + wrong + target[end:]
    return None


def _planting(change: Change) -> Fault:
    """The fault in one sentence of a text."""

    def plant(good: Good, other: Good) -> TextPair | None:
        targets = [target for _, target in good.sentences]
        draws = random.Random(good.sentences[0][0])
        for place in draws.sample(range(len(targets)), len(targets)):
            source, target = good.sentences[place]
            changed = change(draws, good.tag, source, target, other.sentences[0][1])
            if changed and changed != target:
                targets[place] = changed
                return good.pair(targets)
        return None

    return plant


FAULTS: dict[str, Fault] = {
    change.__name__.replace("_", " "): _planting(change)
    for change in (lost_clause, lost_negation, added_word, other_word, no_such_word, other_name, other_sense)
}


def _content(text: str, tag: str) -> list[tuple[int, int]]:
    """The positions of words that say something; no names and numbers."""
    shortest = 3 if tag == "pt" else 2
    return [
        (a, b)
        for a, b in words(text, tag)
        if b - a >= shortest and text[a:b].isalpha() and text[a].islower() and not is_function_word(text[a:b], tag)
    ]


def _replaced(draws: random.Random, tag: str, target: str, other: str, word: Callable[[str, str], str]) -> str | None:
    strange, known = _content(other, tag), _content(target, tag)
    if not strange or not known:
        return None
    (a, b), (start, end) = draws.choice(strange), draws.choice(known)
    return target[:start] + word(target[start:end], other[a:b]) + target[end:]
