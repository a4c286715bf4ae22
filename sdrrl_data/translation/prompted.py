"""Generators as translators: they are asked for a translation with the recipe's prompt."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from sdrrl_data.chat.conversations import filled, sampling, system_message, turns
from sdrrl_data.protocols import Completion, Generator, Message, Request, SetAside
from sdrrl_data.recipe import FewShot, Form, GeneratorConfig, SamplingConfig, TranslatorConfig, TranslatorContext, draws
from sdrrl_data.recipe.config import Positive

LONGEST_SENTENCE = 500  # characters; fits into the default of max_tokens even at two tokens a character
CHARACTERS_PER_TOKEN = 2  # a text of this many characters per token of max_tokens can usually be translated within it
TEMPERATURE_AGAIN = 0.7

# "Here is the Thai translation:", "Okay, here's the text, translated into Thai:", "**Translation:**", "Thai:"
_ANNOUNCEMENT = r"""
    (?: (?: sure | certainly | of\ course | absolutely | ok(?:ay)? ) [!,.] \s+ )?
    [*]* (?: here(?:\ is|\ are|['’]s)\ [^\n:]{{0,60}} \b translat(?:ion|ed) \b [^\n:]{{0,40}}
           | (?:the\ )? (?:{language}\ )? translation (?:\ (?:in|into)\ {language})?
           | {language} )
    [*]* : [*]* \s+"""
_FENCE = re.compile(r"```(?:markdown|md|text)?[ ]*\n(.*)\n```", re.DOTALL)
_NOTE = re.compile(r"\n\s*\n [*_(\[]* (?:translator['’]s\ )? note \b .*", re.DOTALL | re.IGNORECASE | re.VERBOSE)
# The mark that opens a quotation, and the marks that may close it.
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』"}


class PromptedConfig(SamplingConfig, TranslatorConfig):
    """A language model that is asked to translate."""

    # `{src}` and `{tgt}` stand for the languages' English names, `{text}` for the text to translate.
    prompt: Annotated[str, Field(pattern=r"\{text\}"), Form("a text with {text} in it", "Into {tgt}: {text}")] = (
        "Translate from {src} into {tgt}. Keep all markup, code and links as they are. "
        "Write the translation and nothing else.\n\n{text}"
    )
    few_shot: FewShot = ()  # texts as questions, their translations as answers
    unit: Literal["sentence", "text"] = "sentence"  # "text": the whole text at once, for a model with a long context
    temperature: Annotated[float, Field(ge=0)] = 0.0
    # Of a translation; it also decides how long a text may be to be translated at once. By default at most half of the
    # model's context, where the recipe says nothing else: the rest is for the prompt.
    max_tokens: Positive = 2048

    gpu = True

    @classmethod
    def completed(cls, content: Mapping[str, Any], generator: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with a default of `max_tokens` that leaves the prompt as much room as the translation."""
        model = generator if cls.uses_generator else content
        context = model.get("max_model_len", GeneratorConfig.model_fields["max_model_len"].default)
        default = cls.model_fields["max_tokens"].default
        return {"max_tokens": max(1, min(default, context // 2)) if type(context) is int else default, **content}


class PromptedTranslator:
    """Asks a generator with the recipe's prompt. The generator belongs to the caller.

    The first time, texts are decoded as the settings say; the second time, at a temperature of 0.7 or more and with
    another seed. Text that a chat model adds around a translation is removed if there can be no doubt: "Here is the
    translation:" before it, quotation marks or a fence around it that the text does not have, a note after a single
    line.
    """

    def __init__(
        self, settings: PromptedConfig, context: TranslatorContext, generator: Generator, system: str | None = None
    ) -> None:
        """Get ready to ask.

        Args:
            settings: with the prompt.
            context: has the languages and the seed.
            generator: translates.
            system: a system prompt.
        """
        self._settings = settings
        self._names = {"src": context.src.name, "tgt": context.tgt.name}
        self._tag = context.tgt.tag
        self._generator = generator
        self._seed = context.seed
        examples = turns((self._prompt(example.question), example.answer) for example in settings.few_shot)
        self._before = [*system_message(system), *examples]
        self._sampling = sampling(settings)
        self.whole_texts = settings.unit == "text"
        room = CHARACTERS_PER_TOKEN * settings.max_tokens
        self.max_characters = room if self.whole_texts else min(room, LONGEST_SENTENCE)

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Yield each translation with its sentence's number, as the generator finishes it; one line stays one line.

        A translation is set aside if the generator sets it aside, or if it was cut at the recipe's `max_tokens`.
        """
        parameters = self._sampling
        if again:
            parameters = parameters._replace(temperature=max(parameters.temperature, TEMPERATURE_AGAIN))
        requests = (
            Request(str(number), self._messages(text), self._draw(text, again), parameters)
            for number, text in enumerate(sentences)
        )
        for key, result in self._generator.generate(requests):
            yield int(key), self._translation(sentences[int(key)], result)

    def close(self) -> None:
        """Do nothing: the generator belongs to the caller."""

    def _draw(self, text: str, again: bool) -> int:
        return draws.number(self._seed, "translation", self._tag, text, again)

    def _messages(self, text: str) -> list[Message]:
        return [*self._before, {"role": "user", "content": self._prompt(text)}]

    def _prompt(self, text: str) -> str:
        return filled(self._settings.prompt, {**self._names, "text": text})

    def _translation(self, text: str, result: Completion | SetAside) -> str | SetAside:
        if isinstance(result, SetAside):
            return result
        if result.finish_reason != "stop":
            return SetAside(f"the translation was cut at {self._sampling.max_tokens} tokens")
        return unwrapped(text, result.text, self._names["tgt"])


def unwrapped(text: str, reply: str, language: str) -> str:
    """Only the translation, without the rest of a model's reply. `language`, the target, is an English name."""
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
    """The reply without the pair of quotation marks that encloses all of it, if there is one."""
    closing = _QUOTES.get(reply[:1])
    if closing is None or len(reply) < 2 or reply[-1] not in closing:
        return reply
    inside = reply[1:-1]
    return reply if set(inside) & {reply[0], *closing} else inside.strip()
