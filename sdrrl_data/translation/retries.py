"""Asking a translator: each sentence once, and once more where its translation came out wrong."""

from collections.abc import Callable, Iterable

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, SetAside, Translator
from sdrrl_data.run import Journal
from sdrrl_data.translation.checks import Checks

Fault = Callable[[str, str], str | None]
"""What is wrong with the translation (second) of a text (first); None where nothing is."""


class Asking:
    """What a translator made of each sentence, kept in a journal as soon as it is certain.

    Args:
        translator: from `src` into `tgt`.
        src: the language of the sentences.
        tgt: the language they are translated into.
        journal: brings what was certain before.
    """

    def __init__(self, translator: Translator, src: Language, tgt: Language, journal: Journal | None) -> None:
        self._translator = translator
        self._journal = journal
        self.checks = Checks(src, tgt)
        rows = journal.rows if journal else {}
        self._made = {text: result if isinstance(result, str) else SetAside(*result) for text, result in rows.items()}

    def __getitem__(self, sentence: str) -> str | SetAside:
        return self._made[sentence]

    def ask(self, sentences: Iterable[str], advance: Advance = lambda _: None, fault: Fault | None = None) -> None:
        """Have each sentence translated that is not known yet.

        What is faulty is set aside if the second translation is faulty too, what is doubtful kept if it is no better.
        Where a server failed, nothing is certain: a later run asks for both translations again.

        Args:
            sentences: what is to be translated.
            advance: called with the number of distinct sentences that got done.
            fault: finds faults; the checks of a sentence where none is given.
        """
        distinct = list(dict.fromkeys(sentences))
        missing = [sentence for sentence in distinct if sentence not in self._made]
        advance(len(distinct) - len(missing))
        first: dict[int, str | SetAside] = {}
        for number, result in self._translate(missing, False, fault or self.checks.fault):
            if isinstance(result, SetAside) and result.again:
                self._keep(missing[number], result)
            elif isinstance(result, SetAside) or self.checks.is_doubtful(missing[number], result):
                first[number] = result
            else:
                self._keep(missing[number], result)
            advance(1)
        again = [missing[number] for number in sorted(first)]
        before = dict(zip(again, (first[number] for number in sorted(first)), strict=True))
        for number, result in self._translate(again, True, fault or self.checks.fault):
            self._keep(again[number], self._better(again[number], before[again[number]], result))

    def _translate(self, sentences: list[str], again: bool, fault: Fault) -> Iterable[tuple[int, str | SetAside]]:
        for number, result in self._translator.translate(sentences, again) if sentences else ():
            reason = None if isinstance(result, SetAside) else fault(sentences[number], result)
            yield number, SetAside(reason) if reason else result

    def _better(self, sentence: str, first: str | SetAside, second: str | SetAside) -> str | SetAside:
        if isinstance(first, SetAside) or (isinstance(second, SetAside) and second.again):
            return second
        doubtful = isinstance(second, SetAside) or self.checks.is_doubtful(sentence, second)
        return first if doubtful else second

    def _keep(self, sentence: str, result: str | SetAside) -> None:
        self._made[sentence] = result
        if self._journal and not (isinstance(result, SetAside) and result.again):
            self._journal.add(sentence, [result.reason] if isinstance(result, SetAside) else result)
