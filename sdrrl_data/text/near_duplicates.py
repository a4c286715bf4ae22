"""Near copies: texts that say in almost the same words what an earlier one said."""

from sdrrl_data.text.words import words

ORDER = 3  # words in a run
SLOTS = 128  # values in a signature
RECALL = 0.999  # of copies that are just similar enough; of closer ones more are found


class NearCopies:
    """Remembers texts, and finds for each new one an earlier text that it is a near copy of.

    Two texts are as similar as the Jaccard index of their sets of word 3-grams, case aside: from 0 to 1. MinHash
    with locality-sensitive hashing finds the candidates, of which one copy in a thousand may be missed; the
    true index then decides, so that nothing is called a copy that is none.

    Source: Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900.
    """

    def __init__(self, threshold: float, language: str) -> None:
        """Remember nothing yet.

        Args:
            threshold: the similarity from which on a text is a copy, above 0 and up to 1.
            language: BCP 47 tag of the texts' language, by whose rules they are broken into words.
        """
        from rensa import RMinHashLSH

        self._threshold = threshold
        self._language = language
        self._candidates = RMinHashLSH(threshold, SLOTS, _bands(threshold))
        self._texts: list[tuple[str, str]] = []  # id, words: a set of runs would take ten times the memory

    def copy_of(self, id: str, text: str) -> str | None:
        """The id of the first text that this one is a near copy of; without one, None, and this text is remembered."""
        from rensa import RMinHash

        plain = self._plain(text)
        own = _runs(plain)
        signature = RMinHash(SLOTS, seed=1)
        signature.update(own)
        candidates: list[int] = self._candidates.query(signature)
        for candidate in sorted(candidates):
            earlier, other = self._texts[candidate]
            if _similarity(own, _runs(other)) >= self._threshold:
                return earlier
        self._candidates.insert(len(self._texts), signature)
        self._texts.append((id, plain))
        return None

    def _plain(self, text: str) -> str:
        """The words of the text, one space between them; of a text without any, what it has instead."""
        text = text.casefold()
        spans = words(text, self._language)
        return " ".join([text[start:end] for start, end in spans] or text.split())


def _runs(plain: str) -> set[str]:
    """All runs of three words; a shorter text as a whole."""
    tokens = plain.split(" ")
    return {" ".join(tokens[start : start + ORDER]) for start in range(max(len(tokens) - ORDER + 1, 1))}


def _similarity(one: set[str], other: set[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _bands(threshold: float) -> int:
    """Into how few bands a signature can be cut, for few false candidates, and still show the copies.

    A pair of this similarity becomes a candidate if all slots of any band agree.
    """
    bands = 1
    while bands < SLOTS and 1 - (1 - threshold ** (SLOTS // bands)) ** bands < RECALL:
        bands *= 2
    return bands
