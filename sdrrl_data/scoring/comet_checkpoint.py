"""A COMET model: where its checkpoint is, and all of it that has to be on the disk to load it without the Hub."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sdrrl_data.errors import UserError
from sdrrl_data.models import locating
from sdrrl_data.models.locating import Located

if TYPE_CHECKING:
    from sdrrl_data.scoring.comet import CometConfig

HPARAMS, WEIGHTS = "hparams.yaml", "checkpoints/model.ckpt"
FILES = [HPARAMS, WEIGHTS, "README.md"]  # of a model, as far as they are needed
ENCODER_FILES = ["*.json", "*.model", "vocab.txt"]  # configuration and tokenizer; its weights are in the checkpoint
# For where the card cannot be had. Their weights are given only to who has accepted this.
LICENCES = {
    f"Unbabel/{name}": "cc-by-nc-sa-4.0"
    for name in (
        "wmt22-cometkiwi-da",
        "wmt23-cometkiwi-da-xl",
        "wmt23-cometkiwi-da-xxl",
        "XCOMET-XL",
        "XCOMET-XXL",
    )
}


def locate(settings: "CometConfig") -> Located:
    """Find a model without its weights.

    Raises:
        UserError: it is not there, cannot be reached, is not given to this user, or cannot judge without a reference.
    """
    path = Path(settings.model).expanduser()
    if path.is_dir():
        _check(path, str(path))
        revision = _digest(path)
        return Located(str(path.resolve()), path.resolve().name, revision, locating.licence_of(path))
    if path.is_absolute() or settings.model.count("/") != 1:
        raise UserError(f"scorer {path}: there is no such directory, and it is no name on the Hub (org/model)")
    return _on_hub(settings.model, settings.revision)


def fetch(located: Located) -> Path:
    """The folder of a model that was located; what is not on the disk yet is downloaded, the encoder's tokenizer too.

    COMET loads the encoder by its name, from the Hub's cache.

    Raises:
        UserError: it cannot be had.
    """
    from huggingface_hub import snapshot_download

    folder = Path(located.path)
    if located.pinned():
        with _downloading(f"scorer {located.name}"):
            folder = Path(snapshot_download(located.name, revision=located.revision, allow_patterns=FILES))
    for encoder in _encoders(_hparams(folder / HPARAMS, located.name)):
        if not Path(encoder).is_dir():
            with _downloading(f"scorer {located.name}: its encoder {encoder}"):
                snapshot_download(encoder, allow_patterns=ENCODER_FILES)
    return folder


def _on_hub(model: str, revision: str | None) -> Located:
    from huggingface_hub import HfApi, errors, hf_hub_download

    try:
        with locating.asking_hub(f"scorer {model}", model, revision, "the name of the comet scorer's model"):
            info = HfApi().model_info(model, revision=revision, timeout=10)
            # What a gated model is may be read by everybody: that its files are given to this user shows one of them.
            hparams = hf_hub_download(model, HPARAMS, revision=info.sha)
    except errors.RemoteEntryNotFoundError:
        raise UserError(f"scorer {model}: the Hub has no {HPARAMS} of it, so it is no COMET model") from None
    except (errors.HTTPError, errors.HfHubHTTPError, errors.OfflineModeIsEnabled, OSError):  # type: ignore[attr-defined]
        return _in_cache(model, revision)
    if WEIGHTS not in [file.rfilename for file in info.siblings or []]:
        raise UserError(f"scorer {model}: the Hub has no {WEIGHTS} of it, so it is no COMET model")
    _refuse_reference(_hparams(Path(hparams), model), model)
    licence = info.card_data.get("license") if info.card_data else None
    return Located(model, model, str(info.sha), licence or LICENCES.get(model))


def _in_cache(model: str, revision: str | None) -> Located:
    """A model that was downloaded before, for when the Hub cannot be reached."""
    path = locating.in_hub_cache(model, "model", revision)
    if path is None or not (path / WEIGHTS).is_file():
        raise UserError(
            f"scorer {model} is not in the cache and the Hugging Face Hub cannot be reached: "
            "leave the comet scorer out, or give the directory of a checkpoint as its model"
        )
    _check(path, model)
    return Located(str(path), model, path.name, locating.licence_of(path) or LICENCES.get(model))


@contextmanager
def _downloading(what: str) -> Iterator[None]:
    from huggingface_hub import errors

    try:
        yield
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"{what} could not be downloaded: {reason}") from error


def _check(folder: Path, name: str) -> None:
    for file in (HPARAMS, WEIGHTS):
        if not (folder / file).is_file():
            raise UserError(f"scorer {name}: there is no {file} in the directory, so it holds no COMET model")
    _refuse_reference(_hparams(folder / HPARAMS, name), name)


def _hparams(file: Path, name: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"scorer {name}: its {HPARAMS} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict) or "class_identifier" not in found:
        raise UserError(f"scorer {name}: its {HPARAMS} names no class_identifier, so it is no COMET model")
    return found


def _refuse_reference(hparams: dict[str, Any], name: str) -> None:
    """Let pass only models that judge a translation by its source: their classes, and what the unified class reads."""
    match hparams["class_identifier"]:
        case "referenceless_regression_metric" | "xcomet_metric":
            return
        case "unified_metric" if "src" in (hparams.get("input_segments") or ["mt", "src", "ref"]):
            return
    raise UserError(
        f"scorer {name}: a COMET model of the class {hparams['class_identifier']} wants a reference translation, "
        "which no run has: name a reference-free one, such as Unbabel/wmt22-cometkiwi-da"
    )


def _encoders(hparams: dict[str, Any]) -> list[str]:
    """What COMET will look for by name: the encoder, and the tokenizer if that is another model's."""
    minilm = ["xlm-roberta-base"] if hparams.get("encoder_model") == "MiniLM" else []
    return [*filter(None, [hparams.get("pretrained_model")]), *minilm]


def _digest(folder: Path) -> str:
    digest = hashlib.blake2b((folder / HPARAMS).read_bytes(), digest_size=8)
    weights = folder / WEIGHTS
    digest.update(str(weights.stat().st_size).encode() + locating.sample(weights))
    return digest.hexdigest()
