"""Sends sentences to a translator in the case that it reads best, and writes the translations as the sources were."""

from collections.abc import Iterator, Sequence

from sdrrl_data.languages import Language
from sdrrl_data.protocols import GivesProbabilities, SetAside, Translator
from sdrrl_data.text.capitals import as_sent, as_written
from sdrrl_data.text.labels import without_made_up_end


class InSentenceCase:
    """A translator of sentences that gets CAPITALS in sentence case, and questions with their capital and mark.

    Small models garble a sentence in capitals, and drop the first capital of a heading: of 8 sentences in capitals
    Firefox's model garbled 8, and none in sentence case. For headings in Title Case see `passages`. What they make up
    after the colon of a label is cut.
    """

    whole_texts = False

    def __init__(self, translator: Translator, src: Language, tgt: Language) -> None:
        self._translator = translator
        self._src, self._tgt = src.tag, tgt.tag
        self.max_characters = translator.max_characters
        self.characters: frozenset[str] | None = getattr(translator, "characters", None)
        self.invents_words: bool = getattr(translator, "invents_words", False)

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Yield each translation with its sentence's number, as the translator does."""
        sent = [as_sent(sentence, self._src) for sentence in sentences]
        for number, result in self._translator.translate([text for text, _ in sent], again):
            if isinstance(result, str):
                result = without_made_up_end(sentences[number], result)
                result = as_written(result, sentences[number], sent[number], self._tgt)
            yield number, result

    def log_probabilities(self, sentences: Sequence[tuple[str, str]]) -> Iterator[tuple[int, Sequence[float]]]:
        """As the translator does for what it would be sent; nothing if it does not tell."""
        if isinstance(self._translator, GivesProbabilities):
            sent = [(as_sent(source, self._src).text, translation) for source, translation in sentences]
            yield from self._translator.log_probabilities(sent)

    def close(self) -> None:
        """Close the translator."""
        self._translator.close()
