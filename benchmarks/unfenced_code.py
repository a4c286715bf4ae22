"""Code without a fence: how much of it is recognised, and how much prose is taken for it, beside Magika and Pygments.

The code are paragraphs of fenced blocks in real answers, without their fences; the prose are the paragraphs of answers
and questions outside fences, of which some twenty are code all the same. Magika runs in an environment of its own.
Reads the answers of the corpora, too (see tests/data/texts/README.md).
"""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks._elsewhere import python_with
from benchmarks._report import report, sized, versions
from sdrrl_data.text.unfenced_code import code_start
from tests.support import real_texts

DATA = real_texts.folder()
FENCED = re.compile(r"^[ \t]*```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
PLAIN = {"", "text", "txt", "markdown", "plaintext"}  # languages of blocks that may well be prose
PROSE = sized(2_000, 100)  # paragraphs that Magika is asked about, of all
CERTAINTY = 0.7  # of Magika, from which on its answer counts

MAGIKA = """
import json, sys, time
from importlib.metadata import version
from magika import Magika

model, texts, certainty = Magika(), *json.load(sys.stdin)
start = time.process_time()
answers = [model.identify_bytes(text.encode()) for text in texts]
seconds = time.process_time() - start
data = {"csv", "tsv", "markdown", "txt"}
code = [a.output.group == "code" and a.score >= certainty and a.dl.label not in data for a in answers]
print(json.dumps([code, seconds, version("magika")]))
"""


def main() -> None:
    if not real_texts.answers():
        sys.exit(real_texts.NO_CORPORA)
    texts = list(read())
    code = [
        paragraph
        for text in texts
        for block in FENCED.finditer(text)
        if block["language"] not in PLAIN
        for paragraph in paragraphs(block["code"])
    ]
    prose = [paragraph for text in texts for paragraph in paragraphs(FENCED.sub("\n\n", text))]
    print(f"{len(code)} paragraphs of code, {len(prose):,} of prose; shares of them that are taken for code")
    recognised, mistaken, speed = ours(code, prose)
    used = versions()
    report("code, by the shape of its lines", f"{recognised:.1%}", used, "90%")
    report("prose, by the shape of its lines", f"{mistaken:.2%}", used, "at most 0.3%")
    sample = random.Random(0).sample(prose, PROSE)
    if answer := magika(code, sample):
        recognised, mistaken, magikas_speed, release = answer
        used = f"{used}, magika {release}"
        report(f"code, by Magika at a certainty of {CERTAINTY}", f"{recognised:.1%}", used)
        report(f"prose, by Magika at a certainty of {CERTAINTY}", f"{mistaken:.2%}", used)
        report("our speed / Magika's", speed / magikas_speed, used, "50")
    used = versions("pygments")
    report("code, by Pygments' guess of the lexer", f"{share_by_pygments(code):.1%}", used)
    report("prose, by Pygments' guess of the lexer", f"{share_by_pygments(sample):.2%}", used)


def ours(code: list[str], prose: list[str]) -> tuple[float, float, float]:
    """The shares of code and of prose that are taken for code, and MB/s of prose."""
    recognised = sum(code_start(paragraph.split("\n")) is not None for paragraph in code)
    start = time.process_time()
    mistaken = sum(code_start(paragraph.split("\n")) is not None for paragraph in prose)
    seconds = time.process_time() - start
    return recognised / len(code), mistaken / len(prose), sum(map(len, prose)) / seconds / 1e6


def magika(code: list[str], prose: list[str]) -> tuple[float, float, float, str] | None:
    """As `ours`, by Magika, with its version; None where it cannot be had."""
    python = python_with("magika")
    if python is None:
        return None
    texts = [*code, *prose]
    done = subprocess.run(
        [*python, "-c", MAGIKA], input=json.dumps([texts, CERTAINTY]), stdout=subprocess.PIPE, text=True, check=True
    )
    answers, seconds, release = json.loads(done.stdout)
    shares = sum(answers[: len(code)]) / len(code), sum(answers[len(code) :]) / len(prose)
    return *shares, sum(map(len, texts)) / seconds / 1e6, release


def share_by_pygments(texts: list[str]) -> float:
    """The share for which Pygments guesses another lexer than that of plain text."""
    from pygments.lexers import guess_lexer

    return sum(guess_lexer(text).name != "Text only" for text in texts) / len(texts)


def read() -> Iterator[str]:
    """Every text of the questions and answers."""
    for file in [*real_texts.answers(), *sorted(DATA.glob("instructions/*.jsonl"))]:
        for line in file.read_text("utf-8").splitlines():
            yield from (text for text in json.loads(line).values() if isinstance(text, str))


def paragraphs(text: str) -> list[str]:
    return [paragraph.strip("\n") for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


if __name__ == "__main__":
    main()
