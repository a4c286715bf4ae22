"""The measures: each kind of figure in each language, and how the items get their statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import polars as pl

from sdrrl_data.chat.conversations import filled
from sdrrl_data.evaluation import choices, confusion
from sdrrl_data.evaluation.choices import Choices
from sdrrl_data.evaluation.kinds import KINDS, FigureKind, chrf_statistics
from sdrrl_data.evaluation.likelihood import Likelihood
from sdrrl_data.evaluation.texts import Pair, Question
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Completion, Generator, Message, Request, Sampling, Scorer, TextPair, Unit
from sdrrl_data.scoring.repetition import loops
from sdrrl_data.steps.answers import LOOPING
from sdrrl_data.translation.prompted import unwrapped
from sdrrl_data.translation.self_translation import SelfTranslationConfig

WAYS = {"choice-letter": choices.by_letter, "choice-text": choices.by_text}
TRANSLATIONS = {"chrf", "comet"}
# Models translate with the prompt of the recipes' self-translation.
PROMPT = SelfTranslationConfig().prompt

# Of the tables that the functions below return: one row per item. If something was generated, with the columns `text`,
# and `cut`: whether it reached the limit of tokens.
STATISTICS = {"statistics": pl.List(pl.Float64)}


@dataclass(frozen=True)
class Measure:
    """A kind of figure in a language, with its items."""

    kind: FigureKind
    side: Literal["src", "tgt"]  # retention, or gain
    language: Language  # of the texts that the model reads or writes
    other: Language
    items: Sequence[Any]  # data as in JSON: texts; conversations with an answer; conversations; pairs; choices

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
    multiple_choice: Mapping[str, Choices],
    comet: bool,
    judge: bool,
) -> list[Measure]:
    """All measures that these texts allow, by kind, the target language first.

    Args:
        src: the source language.
        tgt: the target language.
        parallel: the same texts in both languages.
        questions: by language tag.
        multiple_choice: by the tag of the source or target language that they are for.
        comet: whether there is a COMET model; its measures are left out otherwise.
        judge: whether there is a judge; its measures are left out otherwise.
    """
    available = {"comet": comet, "judge": judge}
    possible = []
    for kind in KINDS.values():
        for side, language, other in (("tgt", tgt, src), ("src", src, tgt)):
            asked = questions.get(language.tag, ())
            items: Sequence[Any]
            match kind.name:
                case "neutral":
                    items = [getattr(pair, side) for pair in parallel]
                case "references" | "own":
                    answers = [question.reference if kind.name == "references" else question.own for question in asked]
                    items = [
                        (question.messages, answer) for question, answer in zip(asked, answers, strict=True) if answer
                    ]
                case "fidelity" | "lines" | "looping" | "judge":
                    items = [question.messages for question in asked]
                case "words" | "confusion":
                    in_other_script = confusion.in_other_script(language)
                    items = [question.messages for question in asked] if in_other_script else []
                case "chrf" | "comet":
                    items = [pair if side == "tgt" else (pair.tgt, pair.src) for pair in parallel]
                case _:
                    read_choices = multiple_choice.get(language.tag, Choices(language, ()))
                    language, items = read_choices.language, read_choices.questions
            if items and available.get(kind.by, True):
                possible.append(Measure(kind, side, language, other, items))  # type: ignore[arg-type]
    return possible


def by_likelihood(measure: Measure, likelihood: Likelihood, advance: Advance) -> pl.DataFrame:
    """For texts and answers: negative log-likelihood (nats), and bytes; for choices: 1 if right, and 1.

    Zeros if an item does not fit into the model's context.
    """
    if measure.kind.name in WAYS:
        return _choices(measure, likelihood, advance)
    if measure.kind.name == "neutral":
        texts = list(measure.items)
        sums = likelihood.of_texts(texts, advance)
    else:
        texts = [answer for _, answer in measure.items]
        sums = likelihood.of_answers(measure.items, advance)
    rows = [
        [0.0, 0.0] if log_probability is None else [-log_probability, float(len(text.encode()))]
        for log_probability, text in zip(sums, texts, strict=True)
    ]
    return pl.DataFrame({"statistics": rows}, schema=STATISTICS)


def by_generation(measure: Measure, generator: Generator, max_tokens: int, advance: Advance) -> pl.DataFrame:
    """Greedy answers or translations, with their statistics. What the generator sets aside is an empty text."""
    greedy = Sampling(0.0, 1.0, 1.0, max_tokens)
    texts, cut = [""] * len(measure.items), [False] * len(measure.items)
    requests = (Request(str(n), _messages(measure, item), 0, greedy) for n, item in enumerate(measure.items))
    for key, result in generator.generate(requests):
        if isinstance(result, Completion):
            texts[int(key)], cut[int(key)] = result.text.strip(), result.finish_reason == "length"
        advance(1)
    if measure.kind.name == "fidelity":
        rows = _in_language(texts, measure.language)
    else:
        texts = [
            unwrapped(source, text, measure.language.name)
            for (source, _), text in zip(measure.items, texts, strict=True)
        ]
        rows = [chrf_statistics(text, reference) for (_, reference), text in zip(measure.items, texts, strict=True)]
    schema = STATISTICS | {"text": pl.String, "cut": pl.Boolean}
    return pl.DataFrame({"statistics": rows, "text": texts, "cut": cut}, schema=schema)


def by_answers(measure: Measure, answers: Sequence[str], advance: Advance) -> pl.DataFrame:
    """For each answer: 1 if it loops, or if it passes by line or by word, and 1; zeros if that cannot be told.

    For the confusion of languages: that by word, then that by line.
    """
    if measure.kind.name == "looping":
        verdicts: list[tuple[bool | None, ...]] = [(loops(answer, measure.language, LOOPING),) for answer in answers]
    else:
        names = {"lines": ["lines"], "words": ["words"], "confusion": ["words", "lines"]}[measure.kind.name]
        passed = confusion.judge(answers, measure.language)
        verdicts = [tuple(getattr(of_answer, name) for name in names) for of_answer in passed]
    advance(len(answers))
    told = [
        [(0.0, 0.0) if verdict is None else (float(verdict), 1.0) for verdict in of_answer] for of_answer in verdicts
    ]
    rows = [list(chain.from_iterable(of_answer)) for of_answer in told]
    return pl.DataFrame({"statistics": rows}, schema=STATISTICS)


def by_comet(measure: Measure, scorer: Scorer, translations: Sequence[str], advance: Advance) -> pl.DataFrame:
    """For each translation: its score, and 1; zeros where there is no score, as for an empty translation.

    No number stands for an empty translation: models give it one that says nothing, on a scale that each has for itself
    (for those before COMET 2.0, 0 is about average). Source: Zouhar et al. 2024, https://arxiv.org/abs/2408.15366.
    """
    pairs = [
        TextPair(source, text, [Unit(0, len(source), 0, len(text))] if text else [])
        for (source, _), text in zip(measure.items, translations, strict=True)
    ]
    scores = scorer.score(pairs, advance)["comet"]
    rows = [[0.0, 0.0] if score is None else [score, 1.0] for score in scores]
    return pl.DataFrame({"statistics": rows}, schema=STATISTICS)


def _choices(measure: Measure, likelihood: Likelihood, advance: Advance) -> pl.DataFrame:
    continuations = [WAYS[measure.kind.name](choice) for choice in measure.items]
    pairs = [pair for pairs_of_choice in continuations for pair in pairs_of_choice]
    sums = iter(likelihood.of_continuations(pairs, lambda done: advance(done / len(choices.LETTERS))))
    rows = []
    for choice, pairs_of_choice in zip(measure.items, continuations, strict=True):
        answers = [answer for _, answer in pairs_of_choice]
        right = choices.is_right(answers, choice.right, [next(sums) for _ in answers])
        rows.append([0.0, 0.0] if right is None else [right, 1.0])
    return pl.DataFrame({"statistics": rows}, schema=STATISTICS)


def _messages(measure: Measure, item: Any) -> Sequence[Message]:
    if measure.kind.name == "fidelity":
        return item  # type: ignore[no-any-return]
    prompt = filled(PROMPT, {"src": measure.other.name, "tgt": measure.language.name, "text": item[0]})
    return [{"role": "user", "content": prompt}]


def _in_language(texts: Sequence[str], language: Language) -> list[list[float]]:
    """For each text: 1 if it is in the language (an empty one is not), and 1; zeros if that cannot be told."""
    return [
        [0.0, 1.0]
        if not text
        else [0.0, 0.0]
        if probability is None
        else [float(probability >= confusion.IN_LANGUAGE), 1.0]
        for text, probability in zip(texts, confusion.probabilities(texts, language), strict=True)
    ]
