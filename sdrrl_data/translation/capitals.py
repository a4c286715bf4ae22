"""Sends sentences to a translator in the case that it reads best, and writes the translations as the sources were."""

from collections.abc import Iterator, Sequence

from sdrrl_data.languages import Language
from sdrrl_data.protocols import SetAside, Translator
from sdrrl_data.text.capitals import as_sent, as_written, better_of, without_title_case
from sdrrl_data.text.scripts import scripts


class InSentenceCase:
    """A translator of sentences that gets CAPITALS in sentence case, and questions with their capital and mark.

    Small models garble a sentence in capitals, and drop the first capital of a heading: of 8 sentences in capitals
    Firefox's model garbled 8, and none in sentence case.
    """

    whole_texts = False

    def __init__(self, translator: Translator, src: Language, tgt: Language) -> None:
        self._translator = translator
        self._src, self._tgt = src.tag, tgt.tag
        # A name in another alphabet does not come back as it was.
        self._keeps_names = scripts(tgt) == {"Latn"}
        self.max_characters = translator.max_characters
        self.characters: frozenset[str] | None = getattr(translator, "characters", None)

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Yield each translation with its sentence's number, as the translator does.

        A heading in Title Case is also translated in sentence case, and the better translation is taken.
        """
        sent = [as_sent(sentence, self._src) for sentence in sentences]
        headings = {number: self._without_title_case(sentence) for number, sentence in enumerate(sentences)}
        numbers = [number for number, heading in headings.items() if heading]
        texts = [text for text, _ in sent] + [heading for heading in headings.values() if heading]
        waiting: dict[int, dict[bool, str | SetAside]] = {number: {} for number in numbers}
        for place, result in self._translator.translate(texts, again):
            is_second = place >= len(sentences)
            number = numbers[place - len(sentences)] if is_second else place
            if number in waiting:
                waiting[number][is_second] = result
                if len(waiting[number]) < 2:
                    continue
                result = _better(sentences[number], waiting[number][False], waiting[number][True])
            if isinstance(result, str):
                result = as_written(result, sentences[number], sent[number], self._tgt)
            yield number, result

    def close(self) -> None:
        """Close the translator."""
        self._translator.close()

    def _without_title_case(self, sentence: str) -> str | None:
        return without_title_case(sentence, self._src) if self._keeps_names else None


def _better(heading: str, as_it_is: str | SetAside, in_sentence_case: str | SetAside) -> str | SetAside:
    for result in (as_it_is, in_sentence_case):
        if isinstance(result, SetAside) and result.again:  # a server failed: which is better is not known yet
            return result
    if isinstance(as_it_is, SetAside):
        return in_sentence_case
    return as_it_is if isinstance(in_sentence_case, SetAside) else better_of(heading, as_it_is, in_sentence_case)
