"""The words in which the rest speaks: what generators, translators, aligners and scorers take and give."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypedDict

Advance = Callable[[float], None]
"""Called with how many rows (or parts of one) just got done, so that a long call shows how far it is."""


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class SetAside(NamedTuple):
    """Stands where a result would: this row could not be done, and why."""

    reason: str


class Completion(NamedTuple):
    """What a generator answered to one prompt. Lengths are in tokens."""

    text: str
    finish_reason: str  # "stop": the model ended by itself; "length": it was cut at the limit
    prompt_tokens: int
    completion_tokens: int


class Unit(NamedTuple):
    """One translated sentence: where it stands in the source and in the target (characters, end excluded).

    What lies between two units is the same on both sides: markup, code, numbers, blank lines.
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
        """The translated sentences alone, without markup or protected spans: (source, target)."""
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
    """Answers prompts."""

    def generate(
        self, prompts: Sequence[Sequence[Message]], seeds: Sequence[int], advance: Advance
    ) -> list[Completion | SetAside]:
        """One result a prompt, in order; `seeds` gives each row its own random seed (below 2**31)."""
        ...

    def close(self) -> None:
        """Give back memory and processes."""
        ...


class Translator(Protocol):
    """Translates sentences from one language into another, both fixed when it was built."""

    max_characters: int  # longer sentences are split before they come here

    def translate(self, sentences: Sequence[str], advance: Advance) -> list[str]:
        """One translation a sentence, in order."""
        ...


class Aligner(Protocol):
    """Learns from tokenised sentence pairs which words belong together."""

    def train(self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> None:
        """Learn from (source tokens, target tokens)."""
        ...

    def align(self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[list[Link]]:
        """The links of each pair, ordered by source token, then target token."""
        ...


class Scorer(Protocol):
    """Judges pairs of a text and its translation."""

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> dict[str, list[float | None]]:
        """One column a score, one value a pair; None where the scorer cannot judge.

        A column whose name starts with `src_` judges the source text alone.
        """
        ...
