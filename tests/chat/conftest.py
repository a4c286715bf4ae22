"""The same small tokenizers as for generating."""

from tests.generation.conftest import make_tokenizer

__all__ = ["make_tokenizer"]
