"""Conversations as token ids, by the model's own chat template."""

from collections.abc import Sequence
from typing import Any

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Message, SetAside


def tokenize(
    tokenizer: Any, prompts: Sequence[Sequence[Message]], settings: recipe.Generator
) -> list[list[int] | SetAside]:
    """Token ids of each prompt, up to where the answer begins; a prompt that leaves no room is set aside.

    Raises:
        UserError: the model has no chat template.
    """
    if not tokenizer.chat_template:
        raise UserError(f"generator {settings.model} has no chat template: choose an instruct model")
    room = settings.max_model_len - settings.max_tokens
    conversations = [_with_system_prompt(prompt, settings.system_prompt) for prompt in prompts]
    tokens = tokenizer.apply_chat_template(conversations, add_generation_prompt=True, tokenize=True, return_dict=False)
    return [
        ids
        if len(ids) <= room
        else SetAside(
            f"the prompt has {len(ids)} tokens, {room} fit "
            f"(max_model_len {settings.max_model_len} less max_tokens {settings.max_tokens})"
        )
        for ids in tokens
    ]


def _with_system_prompt(prompt: Sequence[Message], system_prompt: str | None) -> list[Message]:
    """The recipe's system prompt speaks where the seed brings none of its own."""
    if system_prompt is None or prompt[0]["role"] == "system":
        return list(prompt)
    return [{"role": "system", "content": system_prompt}, *prompt]
