"""Models that return at once, so that everything else can be measured."""

import codecs
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Completion, Generator, Ingredient, Request, Translator
from sdrrl_data.recipe import GeneratorConfig, TranslatorConfig
from sdrrl_data.steps.model_pool import Models
from tests.support import real_texts

DATA = real_texts.folder() / "instructions/dolly-2k.jsonl"
ALONE: dict[str, Any] = {"scorers": [], "thresholds": {}, "transfer_set.mix.code_switched": 0.0}


class AtOnce(Generator):
    """Answers each request with one of the texts, the same whoever is asked."""

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = answers

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion]]:
        for request in requests:
            yield request.key, Completion(self._answers[request.seed % len(self._answers)], "stop", 30, 80)

    def close(self) -> None:
        pass


class Cipher(Translator):
    """Moves every letter on."""

    max_characters = 400
    whole_texts = False

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str]]:
        return enumerate(codecs.encode(sentence, "rot13") for sentence in sentences)

    def close(self) -> None:
        pass


def models(answers: Sequence[str]) -> Models:
    """They can be sent to other processes."""
    return Models(
        identify_generator=_generator,
        build_generator=partial(_at_once, answers),
        identify_translator=_translator,
        build_translator=_cipher,
    )


def _generator(settings: GeneratorConfig) -> Ingredient:
    return Ingredient("generator", "AtOnce", "1", None)


def _at_once(answers: Sequence[str], settings: GeneratorConfig) -> Generator:
    return AtOnce(answers)


def _translator(settings: TranslatorConfig, src: Language, tgt: Language, generator: Ingredient) -> Ingredient:
    return Ingredient("translator", "Cipher", "1", None)


def _cipher(settings: TranslatorConfig, *_: object) -> Translator:
    return Cipher()
