"""What describes a set beside its rows: the card, the same for machines, and pictures."""

import json
from collections.abc import Mapping, Sequence

from sdrrl_data.cards import card, configs, croissant, merging, pictures
from sdrrl_data.cards.runs import made
from sdrrl_data.errors import UserError
from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.disk import written

CARD = "README.md"
CROISSANT = "croissant.json"


def files(
    run: Run,
    manifest: Manifest,
    others: Sequence[Manifest] = (),
    existing: str | None = None,
    licence: str | None = None,
    controls: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, bytes]:
    """Path in the repository -> content: README.md, croissant.json, and TAG/scores.png of each target of the run.

    The same input gives the same bytes.

    Args:
        run: a finished run.
        manifest: of the run.
        others: of targets in the repository that other runs made, each restricted to these with `Manifest.only`.
        existing: the README.md that is there; what was written in it by hand is kept (see `merging`).
        licence: of the set, told by who publishes it.
        controls: which of each target's controls are published too.

    Raises:
        UserError: the head of the existing card is broken.
    """
    # The folders of these controls are written as a whole, so that one that is not among them is gone.
    text = merging.merged(card.write(manifest, run, others, licence, controls), existing, anew=controls or ())
    head, _ = merging.parts(text)
    runs = made([manifest, *others])
    manifests = [own.manifest for own in runs]
    loaded = configs.configs(run, manifests, controls or {})
    columns = {config.name: schema for config in loaded if (schema := config.schema(run))}
    described = croissant.describe(head, " ".join(own.about() for own in runs), manifests, columns)
    return {
        CARD: text.encode(),
        CROISSANT: (json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode(),
        **{f"{tag}/{card.PICTURE}": pictures.scores(run, manifest, tag) for tag in manifest.counts.targets},
    }


def write(run: Run, manifest: Manifest, licence: str | None = None) -> None:
    """Describe a finished run in its own folder, as `files` has it.

    Raises:
        UserError: the card that is there cannot be read.
    """
    path = run.path / CARD
    try:
        existing = path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): mend it, or move it away") from None
    for name, content in files(run, manifest, existing=existing, licence=licence).items():
        with written(run.path / name) as temporary:
            temporary.write_bytes(content)
