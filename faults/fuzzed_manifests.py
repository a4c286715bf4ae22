"""What comes with runs and models of other people: manifests, indexes, journals, times, and an adapter's JSON."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from faults import _mutations
from faults._tries import Draw, Row, one_sentence
from sdrrl_data.cards import portable
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.compared_models import find_models
from sdrrl_data.pipeline import continuing
from sdrrl_data.publishing.pull import INDEX
from sdrrl_data.recipe import Recipe, paths, trust
from sdrrl_data.run import Run, opened, recipe_of
from sdrrl_data.run.manifest import parsed
from tests.publishing import client
from tests.support import small_models


@cache
def good(root: Path) -> Any:
    """A manifest as a repository has it."""
    folder = root / "of-manifest"
    client.make_run(client.recipe(folder / "in", limit=4), folder / "run")
    content = json.loads((folder / "run" / "manifest.json").read_bytes())
    del content["digest"]  # so that what is changed is not refused at once
    return content


def pulled(draw: Draw, root: Path) -> int:
    """What `pull` makes of a manifest, without the Hub."""
    content = _mutations.json_text(draw, good(root))
    with one_sentence():
        manifest = portable.manifest(parsed(content, "me/set", "use another"))
        paths.names_file(Recipe, manifest.recipe)
        _, local = portable.recipe(manifest.recipe, manifest.ingredients)
        recipe = portable.within(root / "pulled", manifest.recipe, local)
        trust.asks(recipe, root / "pulled")
        manifest.only(list(manifest.counts.targets)[:1])
        for tag in manifest.signatures:
            manifest.ingredients_of(tag)
    return 1


def of_run(draw: Draw, root: Path) -> int:
    """A run whose manifest is another."""
    run = Run(root / "other")
    run.path.mkdir(exist_ok=True)
    (run.path / "manifest.json").write_bytes(_mutations.json_text(draw, good(root)))
    with one_sentence():
        if draw.random() < 0.5:
            continuing.read(run.path, None, {"seed": 2})
        else:
            recipe_of(*opened(run.path))
    return 1


def journal(draw: Draw, root: Path) -> int:
    """A journal and times, whatever is in them."""
    table = Run(root / "journals").table("answers")
    _, path = table.files(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_mutations.data(draw, b'f\n["a", {"text": "x"}]\t0b1c9e0f\n["b", 1]\n'))
    (root / "journals" / "timings.jsonl").write_bytes(
        _mutations.data(draw, b'{"step": "answers", "seconds": 1.5, "part": 0, "rows": 4}\n')
    )
    with one_sentence():
        _ = table.journal(0, "f").rows
        table.numbers(), table.fingerprint(0)
        Run(root / "journals").timings()
    return 1


def index(draw: Draw, root: Path) -> int:
    """An index of a repository's tables."""
    content = {"seeds": {"parts": [["f", 0, 4]], "files": {"rows-00000.parquet": "0" * 64}}}
    with one_sentence():
        try:
            INDEX.validate_json(_mutations.json_text(draw, content))
        except ValidationError as problem:
            raise UserError("it cannot be read") from problem
    return 1


def adapter(draw: Draw, root: Path) -> int:
    """An adapter to compare, with another configuration."""
    base, folder = root / "base", root / "adapter"
    if not base.exists():
        small_models.write_tokenizer(base)
        folder.mkdir()
        (folder / "adapter_model.safetensors").write_bytes(b"")
    config = {"base_model_name_or_path": str(base), "peft_type": "LORA", "r": 8, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_bytes(_mutations.json_text(draw, config))
    with one_sentence():
        find_models(str(base), [str(folder)])
    return 1


ROWS = {
    "manifests that are pulled": Row(pulled, 3_000, 20),
    "manifests of runs": Row(of_run, 2_000, 10),
    "journals and times": Row(journal, 8_000, 20),
    "indexes": Row(index, 4_000, 10),
    "adapters": Row(adapter, 300, 5),
}
