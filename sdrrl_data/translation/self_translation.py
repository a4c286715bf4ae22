"""The run's own generator as a translator."""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from sdrrl_data.chat.conversations import filled, sampling, turns
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Completion, Generator, Ingredient, Message, Request, SetAside
from sdrrl_data.recipe import FewShot, SamplingConfig, TranslatorConfig, TranslatorContext, draws
from sdrrl_data.recipe.config import Positive

LONGEST_SENTENCE = 500  # characters; fits into the default of max_tokens even at two tokens a character
CHARACTERS_PER_TOKEN = 2  # of a text for which max_tokens will mostly do
TEMPERATURE_AGAIN = 0.7

# "Here is the Thai translation:", "Sure! Here's the text, translated into Thai:", "**Translation:**", "Thai:"
_ANNOUNCEMENT = r"""
    (?: (?: sure | certainly | of\ course ) [!,.] \s+ )?
    [*]* (?: here(?:\ is|\ are|['’]s)\ [^\n:]{{0,60}} \b translat(?:ion|ed) \b [^\n:]{{0,40}}
           | (?:the\ )? (?:{language}\ )? translation (?:\ (?:in|into)\ {language})?
           | {language} )
    [*]* : [*]* \s+"""
_FENCE = re.compile(r"```(?:markdown|md|text)?[ ]*\n(.*)\n```", re.DOTALL)
_NOTE = re.compile(r"\n\s*\n [*_(\[]* (?:translator['’]s\ )? note \b .*", re.DOTALL | re.IGNORECASE | re.VERBOSE)
# What opens a quotation, and what may close it.
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』"}


class SelfTranslationConfig(SamplingConfig, TranslatorConfig):
    """The generator itself."""

    kind: Literal["self"] = "self"
    # `{src}` and `{tgt}` stand for the languages' English names, `{text}` for what is to be translated.
    prompt: Annotated[str, Field(pattern=r"\{text\}")] = (
        "Translate from {src} into {tgt}. Keep all markup, code and links as they are. "
        "Write the translation and nothing else.\n\n{text}"
    )
    few_shot: FewShot = ()  # texts as questions, their translations as answers
    unit: Literal["sentence", "text"] = "sentence"  # text: as a whole, for a model with a long context
    temperature: Annotated[float, Field(ge=0)] = 0.0
    max_tokens: Positive = 2048  # of a translation; it decides how long a text may be to go as a whole

    gpu = True
    uses_generator = True

    def identify(self, src: Language, tgt: Language, generator: Ingredient) -> Ingredient:
        """The generator, as a translator."""
        return Ingredient("translator", generator.name, generator.revision, generator.licence, generator.engine)

    def open(self, context: TranslatorContext) -> "SelfTranslator":
        """The translator; the generator stays the run's."""
        return SelfTranslator(self, context.src, context.tgt, context.generator(), context.seed)


class SelfTranslator:
    """Asks the model that answers, by the recipe's prompt. The generator stays the run's.

    Texts are decoded as the settings say, again at a temperature of 0.7 or more and with another seed. What a chat
    model puts around a translation is taken off where there can be no doubt: "Here is the translation:" before it,
    quotation marks or a fence around it that the text has not, a note after a single line.
    """

    def __init__(
        self, settings: SelfTranslationConfig, src: Language, tgt: Language, generator: Generator, seed: int
    ) -> None:
        self._settings = settings
        self._names = {"src": src.name, "tgt": tgt.name}
        self._tag = tgt.tag
        self._generator = generator
        self._seed = seed
        self._sampling = sampling(settings)
        self.whole_texts = settings.unit == "text"
        room = CHARACTERS_PER_TOKEN * settings.max_tokens
        self.max_characters = room if self.whole_texts else min(room, LONGEST_SENTENCE)

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Each translation with its sentence's number, as the generator finishes it; one line stays one line.

        Set aside is what the generator sets aside, and what was cut at the recipe's `max_tokens`.
        """
        how = self._sampling
        if again:
            how = how._replace(temperature=max(how.temperature, TEMPERATURE_AGAIN))
        requests = (
            Request(str(number), self._messages(text), self._draw(text, again), how)
            for number, text in enumerate(sentences)
        )
        for key, result in self._generator.generate(requests):
            yield int(key), self._translation(sentences[int(key)], result)

    def close(self) -> None:
        """Nothing: the generator belongs to the run."""

    def _draw(self, text: str, again: bool) -> int:
        return draws.number(self._seed, "translation", self._tag, text, again)

    def _messages(self, text: str) -> list[Message]:
        examples = turns((self._asked(example.question), example.answer) for example in self._settings.few_shot)
        return [*examples, {"role": "user", "content": self._asked(text)}]

    def _asked(self, text: str) -> str:
        return filled(self._settings.prompt, {**self._names, "text": text})

    def _translation(self, text: str, result: Completion | SetAside) -> str | SetAside:
        if isinstance(result, SetAside):
            return result
        if result.finish_reason != "stop":
            return SetAside(f"the translation was cut at {self._sampling.max_tokens} tokens")
        return unwrapped(text, result.text, self._names["tgt"])


def unwrapped(text: str, reply: str, language: str) -> str:
    """The translation alone, of what a model said when asked to translate a text into a language (its English name)."""
    reply = reply.strip()
    announcement = _announcement(language).match(reply)
    if announcement and not re.search("[:：]", text.partition("\n")[0]):
        reply = reply[announcement.end() :]
    fence = _FENCE.fullmatch(reply)
    if fence and not text.lstrip().startswith("```"):
        reply = fence[1].strip()
    if "\n" not in text:
        reply = " ".join(_NOTE.sub("", reply).split())
    return reply if text.lstrip()[:1] in _QUOTES else _without_quotes(reply)


@functools.cache
def _announcement(language: str) -> re.Pattern[str]:
    return re.compile(_ANNOUNCEMENT.format(language=re.escape(language)), re.IGNORECASE | re.VERBOSE)


def _without_quotes(reply: str) -> str:
    """Without the pair of quotation marks that encloses all of it, if one does."""
    closing = _QUOTES.get(reply[:1])
    if closing is None or len(reply) < 2 or reply[-1] not in closing:
        return reply
    inside = reply[1:-1]
    return reply if set(inside) & {reply[0], *closing} else inside.strip()
