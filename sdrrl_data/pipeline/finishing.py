"""Finishes a run whose parts are all made: its figures, its card, its manifest."""

from sdrrl_data.cards import description
from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.dataset import OF_TARGET
from sdrrl_data.steps import counts


def finish(run: Run, manifest: Manifest) -> Manifest:
    """Count what was made, write the run's README and its manifest.

    Args:
        run: has all parts, and is locked.
        manifest: as it was begun.
    """
    tags = list(manifest.signatures)
    run_counts = counts.read(run, ["shared_counts", *(f"{tag}/counts" for tag in tags)])
    datasets = [run.dataset(f"{tag}/{name}") for tag in tags for name in OF_TARGET]
    files = {path: digest for dataset in datasets for path, digest in dataset.digests().items()}
    manifest = manifest.model_copy(update={"state": "finished", "counts": run_counts, "files": files})
    description.write(run, manifest)
    run.write_manifest(manifest)
    return manifest
