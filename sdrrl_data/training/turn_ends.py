"""The end of a turn as an end of the model: a base model trained with a chat template has never heard of it."""

from pathlib import Path
from typing import Any

from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.models.locating import Located


def name_end(tokenizer: Any, template: ChatTemplate, config: Any, located: Located) -> int | None:
    """Make the template's end of a turn the tokenizer's end-of-sequence token, where the model would not stop there.

    Returns:
        The token that the model's own files do not name; None where they name one of the template's.
    """
    named = {tokenizer.eos_token_id, *_ids(config.get_text_config().eos_token_id), *_of_generation(located)}
    if not template.ends or named.intersection(template.ends):
        return None
    end = template.ends[0]
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


def _of_generation(located: Located) -> list[int]:
    from transformers import GenerationConfig

    try:
        return _ids(GenerationConfig.from_pretrained(located.path, **located.pinned()).eos_token_id)
    except OSError:  # there need not be one
        return []


def _ids(given: int | list[int] | None) -> list[int]:
    return [] if given is None else [given] if isinstance(given, int) else list(given)
