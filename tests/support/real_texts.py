"""The real texts that are part of the repository, and those that cannot be: see tests/data/texts/README.md."""

import bz2
import os
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKED = ROOT / "tests" / "data" / "texts"
UNPACKED = ROOT / "build" / "texts"
NO_CORPORA = "needs the corpora (see tests/data/texts/README.md)"


@cache
def folder() -> Path:
    """Where the texts of the repository lie as plain files; they are unpacked once."""
    for packed in sorted(PACKED.rglob("*.bz2")):
        target = UNPACKED / packed.relative_to(PACKED).with_suffix("")
        if not target.exists() or target.stat().st_mtime < packed.stat().st_mtime:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Renamed when it is whole: other processes may be reading, or unpacking, too.
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
                file.write(bz2.decompress(packed.read_bytes()))
            os.replace(file.name, target)
    return UNPACKED


def corpora() -> Path | None:
    """The folder of the texts that may not be passed on, if there is one: that of CORPORA, or beside the repository."""
    place = Path(os.environ.get("CORPORA") or ROOT.parent / "shared" / "data")
    return place.resolve() if (place / "answers").is_dir() else None


def answers() -> list[Path]:
    """Files of the corpora: what current models answered. None where there are no corpora."""
    place = corpora()
    return sorted((place / "answers").glob("*.jsonl")) if place else []
