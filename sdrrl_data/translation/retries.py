"""Translations of sentences, asked for once, and a second time if they came out wrong."""

from collections.abc import Callable, Iterable, Mapping

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, GivesProbabilities, SetAside, Translator, confidences
from sdrrl_data.run import Journal
from sdrrl_data.text.capitals import without_title_case
from sdrrl_data.text.scripts import scripts
from sdrrl_data.text.word_lists import LANGUAGES, WordLists, code
from sdrrl_data.translation.checks import Checks

FindFault = Callable[[str, str], str | None]
"""Returns the fault of the translation (second) of a text (first), or None if there is no fault."""


def can_look_words_up(src: Language, tgt: Language) -> bool:
    """Whether words that a translator invented are found, and their sentences sent in other capitals."""
    return src.tag.partition("-")[0] == "en" and scripts(tgt) == {"Latn"} and code(tgt) in LANGUAGES


class SentenceTranslations:
    """The translation of each sentence, kept in a journal as soon as it is final.

    Args:
        translator: from `src` into `tgt`.
        src: the language of the sentences.
        tgt: the language that they are translated into.
        journal: has the translations that were final before.
    """

    def __init__(self, translator: Translator, src: Language, tgt: Language, journal: Journal | None) -> None:
        self._translator = translator
        self._journal = journal
        self._src, self.tgt = src.tag, tgt.tag
        # A name in another alphabet does not come back as it was; what reads whole texts knows headings by itself.
        self._sends_sentence_case = scripts(tgt) == {"Latn"} and not translator.whole_texts
        self.checks = Checks(src, tgt)
        invents_words = getattr(translator, "invents_words", False) and can_look_words_up(src, tgt)
        self.word_lists = WordLists(src, tgt) if invents_words else None
        rows = journal.rows if journal else {}
        self._results = {
            text: result if isinstance(result, str) else SetAside(*result) for text, result in rows.items()
        }

    def __getitem__(self, sentence: str) -> str | SetAside:
        return self._results[sentence]

    def sentence_case(self, sentence: str) -> str | None:
        """A heading in Title Case as it is to be translated, too; None if it is not one."""
        return without_title_case(sentence, self._src) if self._sends_sentence_case else None

    def asks_in_small_letters(self) -> bool:
        """Whether labels of which words stay as they are, but are no names, are translated again in small letters."""
        return self._sends_sentence_case and self._src.partition("-")[0] == "en"

    def confidences(self, sentences: Mapping[int, tuple[str, str]]) -> dict[int, float]:
        """How sure the translator is of translations, from 0 to 1; empty if it does not tell.

        Args:
            sentences: by any numbers, each with its translation.
        """
        if not sentences or not isinstance(self._translator, GivesProbabilities):
            return {}
        numbers = list(sentences)
        told = confidences(self._translator, list(sentences.values()))
        return {numbers[place]: told[place] for place in sorted(told)}

    def invented(self, source: str, translation: str) -> list[str]:
        """The words of a translation that the translator invented; empty if it invents none, or no list tells them."""
        lists = self.word_lists
        return lists.invented(translation, lists.words_of_source(source)) if lists else []

    def translate(
        self, sentences: Iterable[str], advance: Advance = lambda _: None, find_fault: FindFault | None = None
    ) -> None:
        """Translate each sentence that has no translation yet.

        A translation that is faulty or doubtful is made a second time. If the second one is faulty too, the sentence is
        set aside. If the first one was only doubtful, it is kept unless the second one is better. If a server failed at
        one of them, a later run asks for both again.

        Args:
            sentences: to translate.
            advance: called with the number of distinct sentences that are finished.
            find_fault: by default, the checks of a sentence.
        """
        find_fault = find_fault or self.checks.fault
        distinct = list(dict.fromkeys(sentences))
        missing = [sentence for sentence in distinct if sentence not in self._results]
        advance(len(distinct) - len(missing))
        first_results: dict[int, str | SetAside] = {}  # by number in `missing`: those that are not final
        for number, result in self._attempt(missing, False, find_fault):
            if isinstance(result, SetAside) and result.again:
                self._keep(missing[number], result)
            elif isinstance(result, SetAside) or self.checks.is_doubtful(missing[number], result):
                first_results[number] = result
            else:
                self._keep(missing[number], result)
            advance(1)
        retried = sorted(first_results)
        sentences_again = [missing[number] for number in retried]
        for position, second in self._attempt(sentences_again, True, find_fault):
            sentence, first = sentences_again[position], first_results[retried[position]]
            self._keep(sentence, self._better(sentence, first, second))

    def _attempt(
        self, sentences: list[str], again: bool, find_fault: FindFault
    ) -> Iterable[tuple[int, str | SetAside]]:
        for number, result in self._translator.translate(sentences, again) if sentences else ():
            fault = None if isinstance(result, SetAside) else find_fault(sentences[number], result)
            yield number, SetAside(fault) if fault else result

    def _better(self, sentence: str, first: str | SetAside, second: str | SetAside) -> str | SetAside:
        if isinstance(first, SetAside) or (isinstance(second, SetAside) and second.again):
            return second
        doubtful = isinstance(second, SetAside) or self.checks.is_doubtful(sentence, second)
        return first if doubtful else second

    def _keep(self, sentence: str, result: str | SetAside) -> None:
        self._results[sentence] = result
        if self._journal and not (isinstance(result, SetAside) and result.again):
            self._journal.add(sentence, [result.reason] if isinstance(result, SetAside) else result)
