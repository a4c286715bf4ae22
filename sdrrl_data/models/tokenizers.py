"""The tokenizer of a model, the same one for generating, training and evaluating."""

from contextlib import suppress
from os import PathLike
from typing import Any

from sdrrl_data import panics
from sdrrl_data.models.locating import Located


def load(located: Located) -> Any:
    """The tokenizer (of transformers) of a model; raises what transformers does, which `locating.loading` turns into
    one sentence.
    """
    return load_from(located.path, **located.pinned())


def load_from(path: str | PathLike[str], **pinned: Any) -> Any:
    """The tokenizer (of transformers) in a directory or on the Hub.

    Where mistral-common is installed and the files include a `tekken.json`, transformers chooses a tokenizer that knows
    no chat template and reads the marks of one, such as `[INST]`, as plain text. The one of `tokenizer.json` does not.
    `fix_mistral_regex` chooses it, and corrects its splitting of words where the file is known to be wrong.

    Source: https://github.com/huggingface/transformers/pull/47507.
    """
    from transformers import AutoTokenizer

    pinned = {"trust_remote_code": False} | pinned
    with panics.caught():
        tokenizer = AutoTokenizer.from_pretrained(path, **pinned)
    if type(tokenizer).__name__ == "MistralCommonBackend":
        with suppress(OSError, ValueError):  # without a tokenizer.json there may be no other
            return AutoTokenizer.from_pretrained(path, fix_mistral_regex=True, **pinned)
    return tokenizer
