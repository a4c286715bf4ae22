"""How much a model can read."""

from typing import Any

NO_LIMIT = 1 << 30  # tokens, where a model names no length of its context
# Ways to stretch rotary positions whose models name the length that they have with them.
STRETCHED = ("default", "longrope", "llama3", "yarn", "su", "deepseek_yarn")


def context_of(config: Any) -> int:
    """How many tokens a model of this configuration (transformers') can read; `NO_LIMIT` where it does not say.

    Source: vLLM has it in the same way, in `_get_and_verify_max_len`.
    """
    text_config = config.get_text_config()
    length: int | None = getattr(text_config, "max_position_embeddings", None)
    if not length or length < 0:
        return NO_LIMIT
    rope = getattr(text_config, "rope_parameters", None) or {}
    kinds = [rope] if "rope_type" in rope else [kind for kind in rope.values() if isinstance(kind, dict)]
    if "gemma3" in config.model_type:  # which names its stretched length, too
        kinds = []
    factors = [kind.get("factor") or 1 for kind in kinds if kind.get("rope_type") not in STRETCHED]
    return int(length * max(factors, default=1))
