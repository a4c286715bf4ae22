"""The end of a turn as an end of the model: a base model trained with a chat template has never heard of it."""

from pathlib import Path
from typing import Any

from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.models.locating import Located


def name_end(tokenizer: Any, template: ChatTemplate, config: Any, located: Located) -> int | None:
    """Make the template's end of a turn the tokenizer's end-of-sequence token, where the model would not stop there.

    A model stops where its generation configuration says; without one, where its configuration does. The tokenizer's
    token alone stops some engines, but not transformers.

    Returns:
        The token at which the model does not stop yet; None where it stops at one of the template's.
    """
    stops = _of_generation(located)
    if stops is None:
        stops = _ids(config.get_text_config().eos_token_id)
    ends = template.ends or [tokenizer.eos_token_id]  # as `examples` puts it where the template ends no turn
    if set(stops).intersection(ends):
        return None
    if tokenizer.eos_token_id in ends:
        return int(tokenizer.eos_token_id)
    end = ends[0]
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(end)
    return end


def add_end(model: Any, end: int) -> None:
    """Have a loaded model stop at a token, too, and say so in its files."""
    for config in (model.config.get_text_config(), model.generation_config):
        config.eos_token_id = list(dict.fromkeys([end, *_ids(config.eos_token_id)]))


def write_end(model: Any, folder: Path) -> None:
    """Write where a trained model stops beside its adapter, which holds no configuration of the model."""
    from transformers import GenerationConfig

    GenerationConfig(eos_token_id=_ids(model.generation_config.eos_token_id)).save_pretrained(folder)


def _of_generation(located: Located) -> list[int] | None:
    """Where the generation configuration stops; None where there is no such file."""
    from transformers import GenerationConfig

    try:
        return _ids(GenerationConfig.from_pretrained(located.path, **located.pinned()).eos_token_id)
    except OSError:
        return None


def _ids(given: int | list[int] | None) -> list[int]:
    return [] if given is None else [given] if isinstance(given, int) else list(given)
