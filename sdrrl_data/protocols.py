"""The words in which the rest speaks: what generators, translators, aligners and scorers take and give."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypedDict

if TYPE_CHECKING:
    import polars as pl

Advance = Callable[[float], None]
"""Called with how many rows (or parts of one) just got done, so that a long call shows how far it is."""


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class SetAside(NamedTuple):
    """Stands where a result would: this row could not be done, and why."""

    reason: str
    again: bool = False  # whether not the row but a server is at fault, so that a later call asks for the row again


class Sampling(NamedTuple):
    """How the next token is drawn, and when to stop."""

    temperature: float  # 0: always the likeliest token
    top_p: float
    repetition_penalty: float
    max_tokens: int
    stop: tuple[str, ...] = ()  # texts that end the turn; they are not part of it


class Request(NamedTuple):
    """A conversation, to be continued by the next turn."""

    key: str  # comes back with the result
    messages: Sequence[Message]
    seed: int  # below 2**31
    sampling: Sampling
    speaker: Literal["assistant", "user"] = "assistant"  # whose turn is to be written


class Completion(NamedTuple):
    """The turn that a generator wrote. Lengths are in tokens, and None where a server does not report them."""

    text: str  # without the reasoning section
    finish_reason: str  # "stop": the model ended by itself; "length": it was cut at the limit
    prompt_tokens: int | None
    completion_tokens: int | None  # of reasoning and text together
    reasoning: str | None = None  # what a thinking model wrote before its answer, without its markers


class Unit(NamedTuple):
    """One translated sentence: where it stands in the source and in the target (characters, end excluded).

    What lies between two units is the same on both sides: markup, code, numbers, blank lines. So is what is protected
    within one, but not where it stands.
    """

    source_start: int
    source_end: int
    target_start: int
    target_end: int


class TextPair(NamedTuple):
    """A text, its translation, and which sentence became which."""

    source: str
    target: str
    units: Sequence[Unit]

    def sentences(self) -> list[tuple[str, str]]:
        """The translated sentences alone, without what lies between them: (source, target)."""
        return [(self.source[a:b], self.target[c:d]) for a, b, c, d in self.units]


class Link(NamedTuple):
    """Two aligned tokens, by their index in the sentence, and how sure the aligner is (0 to 1)."""

    source: int
    target: int
    confidence: float


@dataclass(frozen=True)
class Ingredient:
    """A model or dataset that goes into the transfer set: what the manifest and the card say of it."""

    role: str  # "seeds", "generator", "translator", "back-translator", "scorer", "parallel corpus"
    name: str
    revision: str | None  # a commit, a version, or a digest of the files
    licence: str | None  # an SPDX identifier in lower case, as the Hub writes it; None where it is not known
    engine: str | None = None  # what runs it, with its version

    def identity(self) -> list[str | None]:
        """What of it shapes its output. Not the engine: what one engine has finished is not redone by another."""
        return [self.name, self.revision]


class Generator(Protocol):
    """Continues conversations."""

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        """Each result under its request's key, as soon as it is there, in any order.

        Requests are taken from the iterable only as there is room for them, so that it may be long.
        """
        ...

    def close(self) -> None:
        """Give back memory and processes."""
        ...


class Translator(Protocol):
    """Translates sentences from one language into another, both fixed when it was built."""

    max_characters: int  # longer sentences are split before they come here
    whole_texts: bool  # whether it wants texts as they are, with all their markup, instead of sentences

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Each translation with its sentence's number, as soon as it is there, in any order.

        Args:
            sentences: what is to be translated.
            again: whether the first translations came out wrong; they are then decoded in another way.
        """
        ...

    def close(self) -> None:
        """Give back memory and processes."""
        ...


class Aligner(Protocol):
    """Finds which words of two tokenised sentences belong together."""

    learns: bool  # whether it has to be trained, and what it learned saved; else it knows all it needs

    def train(self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> None:
        """Learn from (source tokens, target tokens)."""
        ...

    def align(self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[list[Link]]:
        """The links of each pair, ordered by source token, then target token."""
        ...

    def save(self, folder: Path) -> None:
        """Write what was learned into a folder that is there."""
        ...

    def load(self, folder: Path) -> None:
        """Know again what was saved there; the same links come with the same confidences."""
        ...


class Scorer(Protocol):
    """Judges pairs of a text and its translation."""

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """One column a score (Float64), one row a pair; null where the scorer cannot judge.

        A column whose name starts with `src_` judges the source text alone. Columns of text (String) explain a score.
        """
        ...


class Reporter(Protocol):
    """Is told about the progress of any work that takes long: generating, training, evaluating, publishing."""

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        """A piece of work begins. The one before has ended; if it has the same name, it starts again.

        Args:
            what: its name, such as the table that a step writes.
            total: how many units of work there are in all.
            done: how many of them were done before.
            unit: what is counted, in the plural: "rows", "steps".
        """
        ...

    def advance(self, amount: float, note: str = "") -> None:
        """So many units (or fractions of one) were just done. `note`: a few figures to show next to their number."""
        ...

    def say(self, sentence: str) -> None:
        """Something the user should know."""
        ...


class Silent:
    """A `Reporter` that does nothing; a base class for reporters that need only some of the methods."""

    def start(self, what: str, total: int, done: int, unit: str = "rows") -> None:
        """Do nothing."""

    def advance(self, amount: float, note: str = "") -> None:
        """Do nothing."""

    def say(self, sentence: str) -> None:
        """Do nothing."""
