"""The same small models as in the tests of generation."""

from tests.generation.conftest import chat_model, make_model, make_tokenizer

__all__ = ["chat_model", "make_model", "make_tokenizer"]
