"""The interfaces between the rooms: what generators, translators, aligners and scorers get and return."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypedDict, runtime_checkable

if TYPE_CHECKING:
    import polars as pl

Advance = Callable[[float], None]
"""Called with the number of rows (or a fraction of a row) that were just finished, to show a long call's progress."""


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class SetAside(NamedTuple):
    """Returned instead of a result if a row could not be processed, with the reason."""

    reason: str
    again: bool = False  # whether not the row but a server is at fault, so that a later call asks for the row again


class Sampling(NamedTuple):
    """How the next token is drawn, and when to stop."""

    temperature: float  # 0: always the most probable token
    top_p: float
    repetition_penalty: float
    max_tokens: int
    stop: tuple[str, ...] = ()  # texts that end the turn, and do not belong to it


class Request(NamedTuple):
    """A conversation that a generator should continue with the next turn."""

    key: str  # returned with the result
    messages: Sequence[Message]
    seed: int  # below 2**31
    sampling: Sampling
    speaker: Literal["assistant", "user"] = "assistant"  # whose turn the generator writes


class Completion(NamedTuple):
    """The turn that a generator wrote. Lengths are in tokens, and None if a server does not report them."""

    text: str  # without the reasoning section
    finish_reason: str  # "stop": the model ended by itself; "length": it was cut at the limit
    prompt_tokens: int | None
    completion_tokens: int | None  # of reasoning and text together
    reasoning: str | None = None  # what a thinking model wrote before its answer, without its markers


class Unit(NamedTuple):
    """A translated sentence: its position in the source and in the target (characters, end excluded).

    The text between two units is the same on both sides: markup, code, numbers, blank lines. The protected spans within
    a unit are also the same, but their positions are not.
    """

    source_start: int
    source_end: int
    target_start: int
    target_end: int


class TextPair(NamedTuple):
    """A text, its translation, and the positions of the sentences in both."""

    source: str
    target: str
    units: Sequence[Unit]
    # The conversations that source and target answer, in their languages, where a scorer judges by them.
    asked: tuple[Sequence[Message], Sequence[Message]] | None = None

    def sentences(self) -> list[tuple[str, str]]:
        """The translated sentences, without the text between them: (source, target)."""
        return [(self.source[a:b], self.target[c:d]) for a, b, c, d in self.units]


class Link(NamedTuple):
    """Two aligned tokens, by their index in the sentence, and the aligner's confidence (0 to 1)."""

    source: int
    target: int
    confidence: float


@dataclass(frozen=True)
class Ingredient:
    """A model or dataset that the transfer set was made with, as the manifest and the card describe it."""

    role: str  # "seeds", "generator", "translator", "back-translator", "scorer", "parallel corpus"
    name: str
    revision: str | None  # a commit, a version, or a digest of the files
    licence: str | None  # an SPDX identifier in lower case, as on the Hub; None if it is not known
    engine: str | None = None  # the software that runs it, with its version

    def identity(self) -> list[str | None]:
        """The fields that enter fingerprints. Not the engine: another engine does not redo finished rows."""
        return [self.name, self.revision]


class Generator(Protocol):
    """Continues conversations."""

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        """Yield each result with its request's key, as soon as it is finished, in any order.

        Requests are taken from the iterable when there is room for them, so that it may be very long.
        """
        ...

    def close(self) -> None:
        """Free memory and end processes."""
        ...


class Translator(Protocol):
    """Translates sentences from one language into another; both languages are fixed when it is built.

    It may have `characters`, a frozenset of those that its vocabulary has: words and symbols with others are then sent
    as placeholders. If it has `invents_words`, and that is true, words of its translations are looked up in lists. A
    `GivesProbabilities` also says how probable translations are.
    """

    max_characters: int  # longer sentences are split before they are translated
    whole_texts: bool  # whether it gets complete texts with their markup, instead of sentences

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Yield each translation with its sentence's number, as soon as it is finished, in any order.

        Args:
            sentences: to translate.
            again: whether the first translations came out wrong; they are then decoded in another way.
        """
        ...

    def close(self) -> None:
        """Free memory and end processes."""
        ...


@runtime_checkable
class GivesProbabilities(Protocol):
    """A translator that says how probable it finds translations, its own or others."""

    def log_probabilities(self, sentences: Sequence[tuple[str, str]]) -> Iterator[tuple[int, Sequence[float]]]:
        """The natural logarithm of the probability of each token of translations, the end included.

        Args:
            sentences: each with its translation.

        Yields:
            The number of a sentence and the logarithms of its translation, in any order; none if it cannot tell.
        """
        ...


def confidences(translator: GivesProbabilities, sentences: Sequence[tuple[str, str]]) -> dict[int, float]:
    """How sure a translator is: the geometric mean of the probabilities of each translation's tokens, from 0 to 1.

    Args:
        translator: judges them.
        sentences: each with its translation.

    Returns:
        The confidence by the sentence's number, without those of which the translator does not tell.

    Source: Fomicheva et al. 2020, https://aclanthology.org/2020.tacl-1.35, section 3.1.1 (TP).
    """
    return {number: exp(fmean(logarithms)) for number, logarithms in translator.log_probabilities(sentences)}


class Aligner(Protocol):
    """Finds which words of two tokenised sentences belong together."""

    learns: bool  # whether it has to be trained, and then saved; otherwise it can align at once

    def train(self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> None:
        """Learn from (source tokens, target tokens)."""
        ...

    def align(self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[list[Link]]:
        """The links of each pair, ordered by source token, then target token."""
        ...

    def save(self, folder: Path) -> None:
        """Write what it has learned into an existing folder."""
        ...

    def load(self, folder: Path) -> None:
        """Load what was saved in the folder. It then gives the same links with the same confidences."""
        ...


class Scorer(Protocol):
    """Judges pairs of a text and its translation, or the answers among them by what was asked (`TextPair.asked`)."""

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """One column for each score (Float64), one row for each pair; null if the scorer cannot judge it.

        A column whose name starts with `src_` judges only the source text. Columns of text (String) explain a score.
        """
        ...


class Reporter(Protocol):
    """Is told about the progress of any work that takes long: generating, training, evaluating, publishing."""

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        """A task begins, and the task before it has ended. If both have the same name, the task starts again.

        Args:
            what: the name of the task, such as the table that a step writes.
            total: the number of units of work.
            done: the number of units that were finished before.
            unit: the name of the units, in the plural: "rows", "steps"; empty if their number says nothing.
        """
        ...

    def advance(self, amount: float, note: str = "") -> None:
        """So many units (or a fraction of one) were just finished. `note`: figures to show next to their number."""
        ...

    def say(self, sentence: str) -> None:
        """Tell the user something."""
        ...


class Silent:
    """A `Reporter` that does nothing; a base class for reporters that need only some of the methods."""

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        """Do nothing."""

    def advance(self, amount: float, note: str = "") -> None:
        """Do nothing."""

    def say(self, sentence: str) -> None:
        """Do nothing."""
