"""Small models that note what they are asked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sdrrl_data.protocols import Completion, Request, SetAside
from sdrrl_data.steps.model_pool import Models
from tests.support import small_models


@dataclass
class Asked:
    """What the models were asked, and how often they were loaded."""

    questions: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def take(self) -> "Asked":
        """What was noted since the last time."""
        noted = Asked(self.questions, self.sentences, self.loaded)
        self.questions, self.sentences, self.loaded = [], [], []
        return noted

    def models(self, **changes: Any) -> Models:
        """The small models, watched."""
        small = small_models.models()

        def generator(config: Any) -> Any:
            self.loaded.append("generator")
            return _Generator(small.build_generator(config), self)

        def translator(*arguments: Any) -> Any:
            self.loaded.append("translator")
            return _Translator(small.build_translator(*arguments), self)

        return Models(
            **{
                "identify_generator": small.identify_generator,
                "build_generator": generator,
                "identify_translator": small.identify_translator,
                "build_translator": translator,
            }
            | changes
        )


class _Generator:
    def __init__(self, generator: Any, asked: Asked) -> None:
        self._generator = generator
        self._asked = asked

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        def noted() -> Iterator[Request]:
            for request in requests:
                self._asked.questions.append(request.messages[-1]["content"] if request.messages else request.key)
                yield request

        yield from self._generator.generate(noted())

    def close(self) -> None:
        self._generator.close()


class _Translator:
    def __init__(self, translator: Any, asked: Asked) -> None:
        self._translator = translator
        self._asked = asked
        self.max_characters = translator.max_characters
        self.whole_texts = translator.whole_texts

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        self._asked.sentences += sentences
        yield from self._translator.translate(sentences, again)

    def close(self) -> None:
        self._translator.close()
