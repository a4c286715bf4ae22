"""How `segments` cuts 500 real answers into the units that a translator is sent, beside two plain splitters.

Counts what each splitter does wrong, and measures how fast it cuts and rejoins on one core.
"""

import json
import re
import time
from collections.abc import Callable
from itertools import pairwise

from icu4py.breakers import SentenceBreaker

from benchmarks._report import report, sized, versions
from sdrrl_data.text.layout import blocks
from sdrrl_data.text.placeholders import marked, restored
from sdrrl_data.text.protected import protected
from sdrrl_data.text.segments import segments
from tests.support import real_texts

ANSWERS = real_texts.folder() / "instructions/dolly-2k.jsonl"
COUNT, ROUNDS = sized((500, 7), (20, 1))
LIMIT = 500  # characters of a unit
LAYOUT = re.compile(r"^[ \t]*(?:(?:[-*+•>|]|#{1,6}|\d{1,3}[.)]|[a-z]\))[ \t]|```|~~~)", re.MULTILINE)

Units = list[tuple[int, int, str]]  # where a unit starts and ends, and what the translator is sent


def with_segments(text: str) -> Units:
    return [(segment.start, segment.end, marked(text, segment)) for segment in segments(text, "en", LIMIT)]


def with_lines(text: str) -> Units:
    return [(*line.span(), line[0]) for line in re.finditer(r".*\S.*", text)]


def with_sentences(text: str) -> Units:
    ends = [0]
    for sentence in SentenceBreaker(text, "en"):
        ends.append(ends[-1] + len(sentence))
    return [(start, end, text[start:end]) for start, end in pairwise(ends) if text[start:end].strip()]


def rejoined(text: str, units: Units) -> str:
    pieces = []
    done = 0
    for start, end, translation in units:
        pieces += [text[done:start], translation]
        done = end
    return "".join([*pieces, text[done:]])


def there_and_back(text: str) -> str:
    cuts = segments(text, "en", LIMIT)
    return rejoined(text, [(cut.start, cut.end, restored(marked(text, cut), text, cut) or "") for cut in cuts])


def seconds(way: Callable[[str], object], texts: list[str]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            way(text)
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    texts = [json.loads(line)["output"] for line in ANSWERS.read_text("utf-8").splitlines()[:COUNT]]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    ways: dict[str, tuple[Callable[[str], Units], Callable[[str], str]]] = {
        "segments": (with_segments, there_and_back),
        "lines": (with_lines, lambda text: rejoined(text, with_lines(text))),
        "ICU's sentences": (with_sentences, lambda text: rejoined(text, with_sentences(text))),
    }
    hidden = [
        {text[a:b] for block in blocks(text) if block for a, b in protected(text, block[0][0], block[-1][1])}
        for text in texts
    ]
    used = versions("markdown-it-py", "icu4py")
    print(f"{len(texts)} answers, {megabytes:.2f} MB; best of {ROUNDS}; {used}")
    print(
        f"{'':16}{'MB/s':>8}{'units':>8}{'protected seen':>16}{'with layout':>13}{'too long':>10}{'several lines':>15}"
    )
    speeds, harmed = {}, {}  # MB/s, and units that hold what a translator should not see
    for name, (cut, whole) in ways.items():
        assert all(whole(text) == text for text in texts)
        sent = [[unit for _, _, unit in cut(text)] for text in texts]
        units = [unit for units_of_text in sent for unit in units_of_text]
        seen = harmed[name] = sum(
            unit.count(span)
            for units_of_text, spans in zip(sent, hidden, strict=True)
            for unit in units_of_text
            for span in spans
        )
        speeds[name] = megabytes / seconds(whole, texts)
        print(
            f"{name:16}{speeds[name]:8.1f}{len(units):8}{seen:16}"
            f"{sum(bool(LAYOUT.search(unit)) for unit in units):13}{sum(len(unit) > LIMIT for unit in units):10}"
            f"{sum(len(unit.strip().splitlines()) > 1 for unit in units):15}"
        )
    for name in ways:
        report(f"protected spans that a translator sees, {name}", str(harmed[name]), used)
    report("ICU's sentences / segments: MB/s", speeds["ICU's sentences"] / speeds["segments"], used)


if __name__ == "__main__":
    main()
