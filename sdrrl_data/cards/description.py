"""What describes a dataset: the card, the same in a form for machines, and pictures."""

import json
from collections.abc import Mapping, Sequence

from sdrrl_data.cards import card, configs, croissant, merging, pictures
from sdrrl_data.cards.runs import described_runs
from sdrrl_data.errors import UserError
from sdrrl_data.models.hub import CARD, licence_in
from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.disk import written

CROISSANT = "croissant.json"


def files(
    run: Run,
    manifest: Manifest,
    others: Sequence[Manifest] = (),
    existing: str | None = None,
    licence: str | None = None,
    controls: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, bytes]:
    """README.md, croissant.json, and TAG/scores.png of each target of the run: path in the repository -> content.

    The same input gives the same bytes.

    Args:
        run: a finished run.
        manifest: of the run.
        others: manifests of other runs, whose targets are in the repository; each is restricted to these targets with
            `Manifest.only`.
        existing: the README.md in the repository; what people wrote in it by hand is kept (see `merging`).
        licence: of the dataset, if the publisher chose one. Without it, a licence that the existing card states stays
            where the ingredients say none; "unknown" removes it.
        controls: target -> names of its controls that are published too.

    Raises:
        UserError: the head of the existing card is broken.
    """
    # A push replaces all controls of these targets, so a control that is not named here is gone.
    stated = licence_in(merging.split(existing)[0]) if existing and licence is None else None
    new = card.write(manifest, run, others, licence, controls, stated)
    text = merging.merge(new, existing, replaced=controls or (), keeps_licence=licence is None)
    head, _ = merging.split(text)
    runs = described_runs([manifest, *others])
    manifests = [described.manifest for described in runs]
    loaded = configs.configs(run, manifests, controls or {})
    columns = {config.name: schema for config in loaded if (schema := config.schema(run))}
    metadata = croissant.describe(head, " ".join(described.about() for described in runs), manifests, columns)
    return {
        CARD: text.encode(),
        CROISSANT: (json.dumps(metadata, indent=2, ensure_ascii=False) + "\n").encode(),
        **{f"{tag}/{card.PICTURE}": pictures.scores(run, manifest, tag) for tag in manifest.counts.targets},
    }


def write(run: Run, manifest: Manifest, licence: str | None = None) -> None:
    """Write what `files` returns into the folder of a finished run.

    Raises:
        UserError: the card in the folder cannot be read.
    """
    path = run.path / CARD
    try:
        existing = path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): repair it, or move it away") from None
    for name, content in files(run, manifest, existing=existing, licence=licence).items():
        with written(run.path / name) as temporary:
            temporary.write_bytes(content)
