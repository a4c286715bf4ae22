"""What is measured, each kind in each language, and how a model's items come by their statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from sdrrl_data.chat.conversations import filled
from sdrrl_data.evaluation import choices
from sdrrl_data.evaluation.choices import Choice
from sdrrl_data.evaluation.kinds import KINDS, Kind, chrf_statistics
from sdrrl_data.evaluation.likelihood import Likelihood
from sdrrl_data.evaluation.texts import Pair, Question
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Completion, Generator, Message, Request, Sampling, Scorer, TextPair, Unit
from sdrrl_data.scoring.repetition import loops
from sdrrl_data.steps.answers import LOOPING
from sdrrl_data.text.segments import sentences
from sdrrl_data.translation.self_translation import SelfTranslationConfig, unwrapped

IN_LANGUAGE = 0.5  # the least probability of an answer that counts as in its language
WAYS = {"choice-letter": choices.by_letter, "choice-text": choices.by_text}
TRANSLATIONS = {"chrf", "comet"}
# Translations by the prompt of the recipes' self-translation.
PROMPT = SelfTranslationConfig().prompt

STATISTICS = {"statistics": pl.List(pl.Float64)}
Rows = pl.DataFrame  # a row an item: `statistics`, and `text` where something was generated


@dataclass(frozen=True)
class Measure:
    """A kind of figure in a language, with what it is taken on."""

    kind: Kind
    side: Literal["src", "tgt"]  # retention, or gain
    language: Language  # of what is read or written
    other: Language
    items: Sequence[Any]  # what JSON can hold: texts; conversations with an answer; conversations; pairs; choices

    @property
    def name(self) -> str:
        """In file names and JSON."""
        return f"{self.kind.name}-{self.language.tag}"

    @property
    def title(self) -> str:
        """In tables: the kind and the language."""
        return f"{self.kind.title}{' into ' if self.kind.name in TRANSLATIONS else ', '}{self.language.tag}"


def measures(
    src: Language,
    tgt: Language,
    parallel: Sequence[Pair],
    questions: Mapping[str, Sequence[Question]],
    multiple_choice: Mapping[str, Sequence[Choice]],
    comet: bool,
    judge: bool,
) -> list[Measure]:
    """Everything that these texts let one measure, by kind, the target language first.

    What COMET and a judge measure is among it only where they are there.
    """
    there = {"comet": comet, "judge": judge}
    found = []
    for kind in KINDS.values():
        for side, language, other in (("tgt", tgt, src), ("src", src, tgt)):
            asked = questions.get(language.tag, ())
            items: Sequence[Any]
            match kind.name:
                case "neutral":
                    items = [getattr(pair, side) for pair in parallel]
                case "references" | "own":
                    answers = [own.reference if kind.name == "references" else own.own for own in asked]
                    items = [(own.messages, answer) for own, answer in zip(asked, answers, strict=True) if answer]
                case "fidelity" | "looping" | "judge":
                    items = [own.messages for own in asked]
                case "chrf" | "comet":
                    items = [pair if side == "tgt" else (pair.tgt, pair.src) for pair in parallel]
                case _:
                    items = multiple_choice.get(language.tag, ())
            if items and there.get(kind.by, True):
                found.append(Measure(kind, side, language, other, items))  # type: ignore[arg-type]
    return found


def by_likelihood(measure: Measure, likelihood: Likelihood, advance: Advance) -> Rows:
    """Of texts and answers: minus log-probability (nats) and bytes; of choices: rights and 1. Zeros: it did not fit."""
    if measure.kind.name in WAYS:
        return _choices(measure, likelihood, advance)
    if measure.kind.name == "neutral":
        texts = list(measure.items)
        sums = likelihood.of_texts(texts, advance)
    else:
        texts = [answer for _, answer in measure.items]
        sums = likelihood.of_answers(measure.items, advance)
    rows = [
        [0.0, 0.0] if own is None else [-own, float(len(text.encode()))] for own, text in zip(sums, texts, strict=True)
    ]
    return pl.DataFrame({"statistics": rows}, schema=STATISTICS)


def by_generation(measure: Measure, generator: Generator, max_tokens: int, advance: Advance) -> Rows:
    """Greedy answers and translations, and what is counted of them. What a generator sets aside is an empty text."""
    how = Sampling(0.0, 1.0, 1.0, max_tokens)
    texts = [""] * len(measure.items)
    requests = (Request(str(n), _messages(measure, item), 0, how) for n, item in enumerate(measure.items))
    for key, result in generator.generate(requests):
        texts[int(key)] = result.text.strip() if isinstance(result, Completion) else ""
        advance(1)
    if measure.kind.name == "fidelity":
        rows = _in_language(texts, measure.language)
    else:
        texts = [
            unwrapped(source, text, measure.language.name)
            for (source, _), text in zip(measure.items, texts, strict=True)
        ]
        rows = [chrf_statistics(text, reference) for (_, reference), text in zip(measure.items, texts, strict=True)]
    return pl.DataFrame({"statistics": rows, "text": texts}, schema=STATISTICS | {"text": pl.String})


def by_answers(measure: Measure, answers: Sequence[str], advance: Advance) -> Rows:
    """Whether each answer loops, and 1."""
    looping = [loops(answer, measure.language, LOOPING) for answer in answers]
    advance(len(answers))
    return pl.DataFrame({"statistics": [[float(own), 1.0] for own in looping]}, schema=STATISTICS)


def by_comet(measure: Measure, scorer: Scorer, translations: Sequence[str], advance: Advance) -> Rows:
    """The score of each translation, and 1; an empty translation scores 0."""
    pairs = [
        TextPair(source, text, [Unit(0, len(source), 0, len(text))] if text else [])
        for (source, _), text in zip(measure.items, translations, strict=True)
    ]
    scores = scorer.score(pairs, advance)["comet"].fill_null(0.0)
    return pl.DataFrame({"statistics": [[score, 1.0] for score in scores]}, schema=STATISTICS)


def _choices(measure: Measure, likelihood: Likelihood, advance: Advance) -> Rows:
    asked = [WAYS[measure.kind.name](choice) for choice in measure.items]
    pairs = [pair for own in asked for pair in own]
    sums = iter(likelihood.of_continuations(pairs, lambda done: advance(done / len(choices.LETTERS))))
    rows = []
    for choice, own in zip(measure.items, asked, strict=True):
        right = choices.is_right([text for _, text in own], choice.right, [next(sums) for _ in own])
        rows.append([0.0, 0.0] if right is None else [right, 1.0])
    return pl.DataFrame({"statistics": rows}, schema=STATISTICS)


def _messages(measure: Measure, item: Any) -> Sequence[Message]:
    if measure.kind.name == "fidelity":
        return item  # type: ignore[no-any-return]
    prompt = filled(PROMPT, {"src": measure.other.name, "tgt": measure.language.name, "text": item[0]})
    return [{"role": "user", "content": prompt}]


def _in_language(texts: Sequence[str], language: Language) -> list[list[float]]:
    """Whether each text is in a language, and 1; zeros where that cannot be told. An empty one is in none."""
    from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer

    pairs = []
    for text in texts:
        units = [Unit(start, end, start, end) for start, end in sentences(text, language.tag)]
        pairs.append(TextPair(text, text, units))
    found = LanguageScorer(LanguageConfig(), language, language).score(pairs, lambda _: None)["language"]
    return [
        [0.0, 1.0] if not text else [0.0, 0.0] if own is None else [float(own >= IN_LANGUAGE), 1.0]
        for text, own in zip(texts, found, strict=True)
    ]
