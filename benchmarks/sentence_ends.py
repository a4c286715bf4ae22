"""Where sentences end: our rules on top of ICU, beside ICU's own suppressions and the segmenters of PyPI.

The hard examples are those of tests/text/sentence_ends.py. The real text is FLORES dev, ten lines as one text; lines of
two sentences are counted as cuts for all alike. A library that is not installed is left out of the table:
`pip install sentencex pysbd blingfire`. wtpsplit and stanza are not compared: they need models that PyPI has not.
"""

import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec

from icu4py.breakers import SentenceBreaker

from benchmarks._report import report, sized, versions
from sdrrl_data.text.sentences import sentence_spans
from tests.support import real_texts
from tests.text.sentence_ends import hard_examples

FLORES = real_texts.folder() / "flores-dev"
LANGUAGES = ("en", "fi", "id", "ko", "pl", "pt", "sl", "uk", "vi")
LINES = 10  # of a text
LINES_OF_A_LANGUAGE = sized(1_000, 50)
COMPARED = ("sentencex", "pysbd", "blingfire")

Split = Callable[[str, str], list[str]]  # a text and its language's tag -> sentences


def ours(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, [(0, len(text))], language)]


def ways() -> dict[str, Split]:
    splits: dict[str, Split] = {
        "ours": ours,
        "ICU": lambda text, language: list(SentenceBreaker(text, language)),
        "ICU, @ss=standard": lambda text, language: list(SentenceBreaker(text, f"{language}@ss=standard")),
    }
    if find_spec("sentencex"):
        import sentencex

        splits[f"sentencex {version('sentencex')}"] = lambda text, language: list(sentencex.segment(language, text))
    if find_spec("pysbd"):
        splits[f"pysbd {version('pysbd')}"] = pysbd
    if find_spec("blingfire"):
        import blingfire

        splits[f"blingfire {version('blingfire')}"] = lambda text, _: blingfire.text_to_sentences(text).split("\n")
    return splits


def pysbd(text: str, language: str) -> list[str]:
    from pysbd import Segmenter
    from pysbd.languages import LANGUAGE_CODES

    segmenter = Segmenter(language=language if language in LANGUAGE_CODES else "en", clean=False)
    return [str(sentence) for sentence in segmenter.segment(text)]


def ends(sentences: list[str]) -> set[int]:
    """Where the sentences end, in characters that are not white space; without the last one."""
    positions: set[int] = set()
    position = 0
    for sentence in filter(str.strip, sentences):
        position += len("".join(sentence.split()))
        positions.add(position)
    return positions - {position}


def main() -> None:
    lines = {
        language: (FLORES / f"{language}.txt").read_text("utf-8").splitlines()[:LINES_OF_A_LANGUAGE]
        for language in LANGUAGES
    }
    texts = [
        (language, lines_of_language[first : first + LINES])
        for language, lines_of_language in lines.items()
        for first in range(0, len(lines_of_language), LINES)
    ]
    megabytes = sum(len(line.encode()) for _, text in texts for line in text) / 1e6
    print(f"{'':20}{'hard, right':>12}{'cut':>6}{'missed':>8}{'FLORES, cut':>13}{'missed':>8}{'MB/s':>8}")
    speeds: dict[str, float] = {}
    shares: dict[str, str] = {}
    for name, split in ways().items():
        right = cut = missed = flores_cut = flores_missed = 0
        for language, sentences in hard_examples():
            split_there, true = ends(split(" ".join(sentences), language)), ends(sentences)
            right += split_there == true
            cut += len(split_there - true)
            missed += len(true - split_there)
        start = time.process_time()
        results = [split(" ".join(text), language) for language, text in texts]
        seconds = time.process_time() - start
        for (_, text), sentences in zip(texts, results, strict=True):
            flores_cut += len(ends(sentences) - ends(text))
            flores_missed += len(ends(text) - ends(sentences))
        speeds[name], shares[name] = megabytes / seconds, f"{right} of {len(hard_examples())}"
        print(
            f"{name:20}{right:5} of {len(hard_examples()):3}{cut:6}{missed:8}{flores_cut:13}{flores_missed:8}"
            f"{megabytes / seconds:8.1f}"
        )
    used = versions("icu4py", *COMPARED)
    for name, share in shares.items():
        report(f"hard examples that are cut rightly: {name}", share, used, "all" if name == "ours" else "")
    report("MB/s, ours", speeds["ours"], used, "2")


if __name__ == "__main__":
    main()
