"""A run continues with the revisions that it began with, even if they have changed on the Hub."""

from sdrrl_data.run import Run
from tests.support import hub

ROLES = ("seeds", "parallel corpus", "generator")
QUESTIONS = [{"question": f"Why is the sky so very blue on day {day}?"} for day in range(9)]
PAIRS = [{"en": f"A blue sky, day {day}.", "pt": f"O céu, dia {day}.", "vi": f"Trời, ngày {day}."} for day in range(9)]


# Small models answer and translate, but models are identified as usual.
SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
from sdrrl_data import generation
from sdrrl_data.recipe import loading
from sdrrl_data.pipeline.generate import generate
from tests.support import small_models

models = replace(small_models.models(), identify_generator=generation.identify)
changes = {"seeds": {"source": "org/tasks"}, "generator.model": "org/model", "generator.engine": "transformers"}
changes |= {"parallel": {"source": "org/pairs"}, "tgt": sys.argv[3].split(",")}
recipe = loading.load("quickstart", small_models.CHANGES | changes | {"limit": int(sys.argv[2])})
generate(recipe, Path(sys.argv[1]), models)
"""


FETCH = "from huggingface_hub import snapshot_download as fetch; fetch('org/model')"


def run(folder, limit, variables, tgt="pt"):
    """In a separate process, because the Hub's client reads its settings when it is imported."""
    hub.run(SCRIPT, variables, str(folder / "run"), str(limit), tgt)
    manifest = Run(folder / "run").manifest()
    assert [i.licence for i in manifest.ingredients if i.role == "parallel corpus"] == ["cc-by-2.0"]
    return {i.role: i.revision for i in manifest.ingredients if i.role in ROLES}


def push(served, colour, sha):
    """Put everything on the Hub, or a new commit of it, in which the sky has this colour."""
    pairs = {"README.md": b"---\nlicense: cc-by-2.0\n---\n", "train.jsonl": hub.jsonl(PAIRS)}
    for key, files in {
        "datasets/org/tasks": {".gitattributes": b"", "train.jsonl": hub.jsonl(QUESTIONS)},
        "datasets/org/pairs": pairs,
        "models/org/model": {"config.json": b"{}", "model.safetensors": b"weights"},
    }.items():
        files = {path: content.replace(b"blue", colour) for path, content in files.items()}
        if key not in served.repos:
            served.add(key, files, sha=sha)
        else:
            repo = served.repos[key]
            tree = {path: hub.File(content) for path, content in files.items()}
            repo.commit("refs/heads/main", repo.find("main"), "another colour", tree, sha)


def test_what_was_taken_from_the_hub_is_taken_from_there_again(tmp_path):
    began = dict.fromkeys(ROLES, "a" * 40)
    with hub.serving() as served:
        push(served, b"blue", "a" * 40)
        assert run(tmp_path, 4, served.environment(tmp_path / "cache")) == began
        push(served, b"grey", "d" * 40)
        assert run(tmp_path, 7, served.environment(tmp_path / "cache"), "pt,vi") == began
        hub.run(FETCH, served.environment(tmp_path / "cache"))
    questions = Run(tmp_path / "run").table("seeds").read_all()
    assert questions.height == 7
    assert all("blue" in messages[-1]["content"] for messages in questions["messages"])
    assert questions["source"].str.starts_with(f"org/tasks@{'a' * 40}:").all()
    for table in ("pt/parallel", "vi/parallel"):
        pairs = Run(tmp_path / "run").table(table).read_all()
        assert pairs.height == 9
        assert all("blue" in text for text in pairs["src"])
        assert pairs["source"][0] == f"org/pairs@{'a' * 40}:1"
    # With the same seeds, the Hub is not needed at all.
    gone = hub.environment(hub.NOWHERE, tmp_path / "cache")
    assert run(tmp_path, 7, gone) == began
    # Nor for another run with files in the cache: the later commit of the model, and the earlier of the rows.
    assert run(tmp_path / "again", 7, gone) == began | {"generator": "d" * 40}
    assert Run(tmp_path / "again" / "run").table("seeds").read_all().equals(questions)
