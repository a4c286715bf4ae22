"""How the models of an evaluation generate: greedily."""

from typing import Literal

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.rendering import USUAL, Rendering
from sdrrl_data.models.context import context_of
from sdrrl_data.models.locating import Located, loading

EngineName = Literal["auto", "vllm", "transformers"]


def greedy(
    located: Located,
    engine: EngineName,
    max_tokens: int,
    longest: int,
    remedy: str,
    rendering: Rendering = USUAL,
) -> recipe.GeneratorConfig:
    """The settings of a generator that decodes greedily.

    Args:
        located: the model.
        engine: runs it.
        max_tokens: length of a turn, at most.
        longest: tokens of prompt and turn together, at most; a longer context would only need more memory.
        remedy: what the user can do if there is no room for a prompt.
        rendering: what the chat template is told.

    Raises:
        UserError: the model's configuration cannot be read, or its context has no room for a prompt.
    """
    from transformers import AutoConfig

    with loading("model", located.name):
        context = context_of(AutoConfig.from_pretrained(located.path, **located.pinned()))
    room = min(context, longest)
    if max_tokens >= room:
        raise UserError(
            f"{max_tokens} tokens leave no room for a question in the {room} tokens of {located.name}: {remedy}"
        )
    return recipe.GeneratorConfig(
        model=located.path,
        revision=located.pinned().get("revision"),
        engine=engine,
        max_tokens=max_tokens,
        max_model_len=room,
        temperature=0.0,
        template_options=dict(rendering.options),
        date=rendering.date,
    )
