"""How fast `sentences` parts Markdown, beside markdown-it-py's block parser alone. Reads ../shared/data."""

import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from markdown_it import MarkdownIt

from sdrrl_data.text.segments import sentences

ANSWERS = Path(__file__).parents[2] / "shared/data/instructions/dolly-2k.jsonl"
ROUNDS = 5


def main() -> None:
    texts = [json.loads(line)["output"] for line in ANSWERS.read_text("utf-8").splitlines()]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    markdown = MarkdownIt("commonmark").enable("table")
    ways: dict[str, Callable[[str], object]] = {
        "markdown-it-py, blocks alone": lambda text: markdown.block.parse(text, markdown, {}, []),
        "markdown-it-py, blocks and inline": markdown.parse,
        "sentences": lambda text: sentences(text, "en"),
    }
    seconds = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.process_time()
            for text in texts:
                way(text)
            seconds[name] = min(seconds[name], time.process_time() - start)

    used = ", ".join(f"{package} {version(package)}" for package in ("markdown-it-py", "icu4py"))
    print(f"{len(texts)} texts, {megabytes:.2f} MB, best of {ROUNDS}; Python {platform.python_version()}, {used}")
    for name, best in seconds.items():
        print(f"{name:34}{megabytes / best:6.2f} MB/s   {seconds['sentences'] / best:5.2f}x as fast as `sentences`")


if __name__ == "__main__":
    main()
