"""Code without a fence: how much of it is recognised, and how much prose is taken for it, beside Magika's model.

The code are paragraphs of fenced blocks in real answers, without their fences; the prose are the paragraphs of answers
and questions outside fences, of which some twenty are code all the same. Magika runs in an environment of its own.
Reads ../shared/data.
"""

import json
import random
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks._elsewhere import python_with
from sdrrl_data.text.unfenced_code import code_start

DATA = Path(__file__).parents[2] / "shared/data"
FENCED = re.compile(r"^[ \t]*```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
PLAIN = {"", "text", "txt", "markdown", "plaintext"}  # languages of blocks that may well be prose
PROSE = 2_000  # paragraphs that Magika is asked about, of all
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
    texts = list(read())
    code = [paragraph for text in texts for block in FENCED.finditer(text) if block["language"] not in PLAIN
            for paragraph in paragraphs(block["code"])]  # fmt: skip
    prose = [paragraph for text in texts for paragraph in paragraphs(FENCED.sub("\n\n", text))]
    ours = [code_start(paragraph.split("\n")) is not None for paragraph in code]
    start = time.process_time()
    mistaken = [code_start(paragraph.split("\n")) is not None for paragraph in prose]
    speed = sum(map(len, prose)) / (time.process_time() - start) / 1e6
    print(f"{len(code)} paragraphs of code, {len(prose):,} of prose")
    shares = f"{sum(ours) / len(code):6.1%} of the code, {sum(mistaken) / len(prose):6.2%} of the prose"
    print(f"ours          {shares}, {speed:.2f} MB/s")
    asked = [*code, *random.Random(0).sample(prose, PROSE)]
    command = [*python_with("magika"), "-c", MAGIKA]
    done = subprocess.run(command, input=json.dumps([asked, CERTAINTY]), stdout=subprocess.PIPE, text=True, check=True)
    answers, seconds, release = json.loads(done.stdout)
    found, taken = sum(answers[: len(code)]), sum(answers[len(code) :])
    speed = sum(map(len, asked)) / seconds / 1e6
    print(
        f"Magika {release}  {found / len(code):6.1%} of the code, {taken / PROSE:6.2%} of the prose, {speed:.2f} MB/s"
    )


def read() -> Iterator[str]:
    """Every text of the questions and answers."""
    for file in sorted([*DATA.glob("answers/*.jsonl"), *DATA.glob("instructions/*.jsonl")]):
        for line in file.read_text("utf-8").splitlines():
            yield from (text for text in json.loads(line).values() if isinstance(text, str))


def paragraphs(text: str) -> list[str]:
    return [paragraph.strip("\n") for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


if __name__ == "__main__":
    main()
