"""An aligner that has learned from a run: once, and kept with it, so that a resumed run switches the same words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sdrrl_data.protocols import Aligner
from sdrrl_data.run import Run, fingerprint
from sdrrl_data.steps import code_switching


def trained(
    aligner: Aligner, settings: Any, run: Run, folder: str, tables: Sequence[str], parts: int, src: str, tgt: str
) -> Aligner:
    """Have an aligner learn from so many parts of a run's tables, unless it has before.

    Args:
        aligner: as it was built.
        settings: what shapes it, as JSON can hold it.
        run: has the tables.
        folder: where in the run to keep what was learned.
        tables: seeds, answers, translations and sentence pairs, by their paths in the run.
        parts: how many of each.
        src: tag of the source language.
        tgt: tag of the target language.
    """

    def learn(place: Path) -> None:
        seeds, answers, translations, pairs = (run.table(name).read_all(parts) for name in tables)
        own = code_switching.training_pairs(seeds, answers, translations, src, tgt)
        aligner.train(own + code_switching.external_pairs(pairs, src, tgt))
        aligner.save(place)

    seen = fingerprint(settings, [run.table(name).fingerprints(parts) for name in tables])
    # What was learned just now is read too, so that a resumed run and an unbroken one align by the very same numbers.
    aligner.load(run.kept(f"{folder}/{name(parts)}", seen, learn))
    return aligner


def name(parts: int) -> str:
    """What the folder is called that keeps what was learned from so many parts."""
    return f"{parts:05}"
