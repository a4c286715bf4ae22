"""What a language model is shown, and how it continues, according to a recipe."""

import re
from collections.abc import Iterable, Mapping, Sequence

from sdrrl_data import recipe
from sdrrl_data.protocols import Message, Sampling


def sampling(settings: recipe.SamplingConfig) -> Sampling:
    """A recipe's sampling settings as a request takes them."""
    return Sampling(
        settings.temperature, settings.top_p, settings.repetition_penalty, settings.max_tokens, settings.stop
    )


def conversation(messages: Sequence[Message], settings: recipe.GeneratorConfig) -> list[Message]:
    """The recipe's system prompt, unless the messages have one; its examples; then the messages."""
    system = list(messages[:1]) if messages[0]["role"] == "system" else []
    examples = turns((example.question, example.answer) for example in settings.few_shot)
    return [*(system or system_message(settings.system_prompt)), *examples, *messages[len(system) :]]


def system_message(prompt: str | None) -> list[Message]:
    """A system prompt as the beginning of a conversation; empty if the recipe has none."""
    return [{"role": "system", "content": prompt}] if prompt is not None else []


def turns(examples: Iterable[tuple[str, str]]) -> list[Message]:
    """Questions with their answers."""
    messages: list[Message] = []
    for question, answer in examples:
        messages.append({"role": "user", "content": question})
        messages.append({"role": "assistant", "content": answer})
    return messages


def filled(prompt: str, values: Mapping[str, str]) -> str:
    """A prompt whose fields are replaced by values, all at once, so that nothing is replaced within a value."""
    return re.sub(rf"\{{({'|'.join(values)})\}}", lambda field: values[field[1]], prompt)
