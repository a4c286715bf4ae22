"""A small Hub of datasets to read, and a process that reads them: the Hub's client reads its settings when imported."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.publishing import hub


def dataset(licence: str, configs: dict[str, dict[str, list[Any]]]) -> dict[str, bytes]:
    """The files of a dataset: config -> split -> rows."""
    card: dict[str, Any] = {"license": licence, "configs": []}
    files: dict[str, bytes] = {}
    for config, splits in configs.items():
        paths = {split: f"{config}/{split}.jsonl" for split in splits}
        found = [{"split": split, "path": path} for split, path in paths.items()]
        card["configs"].append({"config_name": config, "data_files": found})
        files |= {
            paths[split]: "".join(json.dumps(row) + "\n" for row in rows).encode() for split, rows in splits.items()
        }
    return {"README.md": f"---\n{yaml.safe_dump(card)}---\n".encode(), **files}


@contextmanager
def serving(datasets: dict[str, dict[str, bytes]], gated: set[str]) -> Iterator[str]:
    """A Hub of these datasets; all may be looked at, and those in `gated` not read; gives its address."""
    with hub.serving() as served:
        for name, files in datasets.items():
            served.add(f"datasets/{name}", files, gated=name in gated, sha="d" * 40)
        yield served.endpoint


def run(script: str, endpoint: str, home: Path, offline: bool = False) -> list[Any]:
    """What a script prints, each line as JSON, with this Hub and with this folder for what is fetched from it."""
    return hub.run(script, hub.environment(endpoint, home) | {"HF_HUB_OFFLINE": str(int(offline))})
