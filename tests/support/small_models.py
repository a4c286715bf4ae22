"""A generator and a translator that need no weights, and yet compute something from what they are given.

The translator invents a language, so the scorers that know real ones (`language`, `similarity`) would rightly drop
all of its rows: `CHANGES` makes a recipe of the package do without them.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sdrrl_data import recipe
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Completion, Generator, Ingredient, Request, SetAside, Translator
from sdrrl_data.steps.model_pool import Models

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

    Like a real model it refuses what does not fit, and is cut where its answer grows too long. The turn of a user it
    writes from a few patterns and words, so that it repeats itself now and then.
    """

    def __init__(self, settings: recipe.GeneratorConfig) -> None:
        self._room = settings.max_model_len

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        for request in requests:
            yield request.key, self._answer(request)

    def _answer(self, request: Request) -> Completion | SetAside:
        if request.speaker == "user":
            return _question(random.Random(request.seed))
        asked = sum(len(message["content"].split()) for message in request.messages)
        longest = request.sampling.max_tokens
        if asked > self._room - longest:
            return SetAside(f"the prompt is longer than the {self._room - longest} words that fit")
        words = re.findall(r"[\w'-]+", request.messages[-1]["content"].lower())
        random.Random(request.seed).shuffle(words)
        finished, words = len(words) <= longest, words[:longest]
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


def _question(drawn: random.Random) -> Completion:
    one, other = drawn.sample(["river", "mountain", "harbour", "garden", "railway", "library", "desert"], 2)
    pattern = drawn.choice(
        [
            "What should a visitor know about the {} before going on to the {}?",
            "Write a short story in which a {} is turned into a {} overnight.",
            "Why do people in this town like the {} better than the {}?",
            "List the differences between a {} and a {} for a small child.",
        ]
    )
    return Completion(pattern.format(one, other), "stop", 3, 12)


class Cipher(Translator):
    """Turns each word into an invented one, always the same, and back: its letters move on, and it gets an ending.

    Vowels stay vowels; capitals, digits and punctuation stay as they are. Each target language has its own ending.
    """

    max_characters = 400
    whole_texts = False

    def __init__(self, src: Language, tgt: Language) -> None:
        self._back = tgt.tag == RICH
        poor = src if self._back else tgt
        self._ending = poor.tag.split("-")[0]

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str]]:
        for number, sentence in enumerate(sentences):
            yield number, re.sub(r"[^\W\d_]+", self._word, sentence)

    def close(self) -> None:
        pass

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        if self._back:
            # A word too short to have an ending is nobody's work: it stays.
            return word[: -len(self._ending)].translate(BACKWARDS) or word
        shouted = len(word) > 1 and word.isupper()
        return word.translate(FORWARDS) + (self._ending.upper() if shouted else self._ending)


class Sloppy(Cipher):
    """As Cipher, but writes the last words of a long sentence in the wrong order, and fails where a colour is named."""

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        for number, made in super().translate(sentences, again):
            *words, last = made.split(" ")
            failed = re.search("blue|yellow", sentences[number])
            yield number, SetAside("it names a colour") if failed else " ".join([last, *words])


CIPHERS = {"firefox": Cipher, "nllb": Sloppy, "self": Cipher}


def models() -> Models:
    """What `generate` needs to run with these, whatever models the recipe names."""
    return Models(
        identify_generator=lambda settings: Ingredient("generator", "Answering", "1", "apache-2.0", "small-models 1"),
        build_generator=Answering,
        identify_translator=lambda settings, src, tgt, generator: Ingredient(
            "translator", f"{CIPHERS[settings.kind].__name__} {src.tag}-{tgt.tag}", "1", "apache-2.0", "small-models 1"
        ),
        build_translator=lambda settings, src, tgt, generator, seed: CIPHERS[settings.kind](src, tgt),
    )


def write_tokenizer(folder: Path) -> Path:
    """A model's folder with a tokenizer to which every word is one token, whatever it is."""
    import numpy as np
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"?": 0, "<s>": 1}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=words, bos_token="<s>").save_pretrained(folder)
    LlamaConfig(vocab_size=2).save_pretrained(folder)
    save_file({"embedding": np.zeros((2, 1))}, folder / "model.safetensors")
    return folder


def _rotated(letters: str) -> str:
    return letters[2:] + letters[:2]


PLAIN = VOWELS + CONSONANTS
CODED = _rotated(VOWELS) + _rotated(CONSONANTS)
FORWARDS = str.maketrans(PLAIN + PLAIN.upper(), CODED + CODED.upper())
BACKWARDS = str.maketrans(CODED + CODED.upper(), PLAIN + PLAIN.upper())
