"""A generator and a translator that need no weights, and yet compute something from what they are given.

The translator invents a language, so the scorers that know real ones (`language`, `similarity`) would rightly drop
all of its rows: `CHANGES` makes a recipe of the package do without them.
"""

import random
import re
from collections.abc import Sequence
from typing import Any

from sdrrl_data import recipe
from sdrrl_data.languages import Language
from sdrrl_data.pipeline import Models
from sdrrl_data.protocols import Advance, Completion, Generator, Ingredient, Message, SetAside, Translator

RICH = "en"
CHANGES: dict[str, Any] = {
    "scorers": ["round_trip", "length", "repetition"],
    "thresholds": {
        "src_finished": {"min": 1},
        "round_trip": {"min": 40},
        "length": {"min": 0.5, "max": 3.0},
        "repetition": {"max": 0.3},
    },
}

VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"


class Answering(Generator):
    """Answers with the words of the question in another order, as one sentence or two; a token is a word.

    Like a real model it refuses what does not fit, and is cut where its answer grows too long.
    """

    def __init__(self, settings: recipe.Generator) -> None:
        self._longest_answer = settings.max_tokens
        self._longest_prompt = settings.max_model_len - settings.max_tokens

    def generate(
        self, prompts: Sequence[Sequence[Message]], seeds: Sequence[int], advance: Advance
    ) -> list[Completion | SetAside]:
        results = []
        for prompt, seed in zip(prompts, seeds, strict=True):
            results.append(self._answer(prompt, random.Random(seed)))
            advance(1)
        return results

    def _answer(self, prompt: Sequence[Message], draw: random.Random) -> Completion | SetAside:
        asked = sum(len(message["content"].split()) for message in prompt)
        if asked > self._longest_prompt:
            return SetAside(f"the prompt is longer than the {self._longest_prompt} words that fit")
        words = re.findall(r"[\w'-]+", prompt[-1]["content"].lower())
        draw.shuffle(words)
        finished, words = len(words) <= self._longest_answer, words[: self._longest_answer]
        # Short questions are answered in one sentence, long ones in two.
        middle = len(words) // 2 if len(words) > 8 else 0
        sentences = [" ".join(part).capitalize() for part in (words[:middle], words[middle:]) if part]
        return Completion(
            text=". ".join(sentences) + ("." if finished and sentences else ""),
            finish_reason="stop" if finished else "length",
            prompt_tokens=asked,
            completion_tokens=len(words),
        )

    def close(self) -> None:
        pass


class Cipher(Translator):
    """Turns each word into an invented one, always the same, and back: its letters move on, and it gets an ending.

    Vowels stay vowels; capitals, digits and punctuation stay as they are. Each target language has its own ending.
    """

    max_characters = 400

    def __init__(self, src: Language, tgt: Language) -> None:
        self._back = tgt.tag == RICH
        poor = src if self._back else tgt
        self._ending = poor.tag.split("-")[0]

    def translate(self, sentences: Sequence[str], advance: Advance) -> list[str]:
        translations = []
        for sentence in sentences:
            translations.append(re.sub(r"[^\W\d_]+", self._word, sentence))
            advance(1)
        return translations

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        if self._back:
            # A word too short to have an ending is nobody's work: it stays.
            return word[: -len(self._ending)].translate(BACKWARDS) or word
        shouted = len(word) > 1 and word.isupper()
        return word.translate(FORWARDS) + (self._ending.upper() if shouted else self._ending)


def models() -> Models:
    """What `generate` needs to run with these two, whatever models the recipe names."""
    return Models(
        identify_generator=lambda settings: Ingredient("generator", "Answering", "1", "apache-2.0", "small-models 1"),
        build_generator=Answering,
        identify_translator=lambda settings, src, tgt: Ingredient(
            "translator", f"Cipher {src.tag}-{tgt.tag}", "1", "apache-2.0", "small-models 1"
        ),
        build_translator=lambda settings, src, tgt: Cipher(src, tgt),
    )


def _rotated(letters: str) -> str:
    return letters[2:] + letters[:2]


PLAIN = VOWELS + CONSONANTS
CODED = _rotated(VOWELS) + _rotated(CONSONANTS)
FORWARDS = str.maketrans(PLAIN + PLAIN.upper(), CODED + CODED.upper())
BACKWARDS = str.maketrans(CODED + CODED.upper(), PLAIN + PLAIN.upper())
