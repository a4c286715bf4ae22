"""A COMET model: where its checkpoint is, and the files that must be on the disk to load it without the Hub."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sdrrl_data.errors import ModelNotFound, UserError
from sdrrl_data.models import hub, locating
from sdrrl_data.models.hub import HubRequest
from sdrrl_data.models.locating import Located
from sdrrl_data.models.places import HubName, place_of
from sdrrl_data.recipe import plain_yaml
from sdrrl_data.suggestions import path_instead

if TYPE_CHECKING:
    from sdrrl_data.scoring.comet import CometConfig

HPARAMS, WEIGHTS = "hparams.yaml", "checkpoints/model.ckpt"
INSTEAD = "give the directory of a checkpoint as the comet scorer's model"
FILES = [HPARAMS, WEIGHTS, "README.md"]  # of a model, those that are needed
ENCODER_FILES = ["*.json", "*.model", "vocab.txt"]  # configuration and tokenizer; its weights are in the checkpoint
# Used if the card cannot be found. Only users who accepted the licences of the last group can download the weights.
LICENCES = dict.fromkeys(("Unbabel/wmt20-comet-qe-da",), "apache-2.0") | dict.fromkeys(
    (
        "Unbabel/wmt22-cometkiwi-da",
        "Unbabel/wmt23-cometkiwi-da-xl",
        "Unbabel/wmt23-cometkiwi-da-xxl",
        "Unbabel/XCOMET-XL",
        "Unbabel/XCOMET-XXL",
    ),
    "cc-by-nc-sa-4.0",
)


def locate(settings: "CometConfig") -> Located:
    """Find a model without fetching its weights.

    Raises:
        ModelNotFound: it does not exist, or this user may not read it.
        HubUnavailable: the Hub cannot be reached, and the model was not fetched before.
        UserError: it is not a COMET model, or cannot judge without a reference.
    """
    place = place_of(settings.model)
    if isinstance(place, Path) and place.is_dir():
        _check(place, str(place))
        return Located(str(place.resolve()), place.resolve().name, _digest(place), hub.licence_of(place))
    if place != HubName(settings.model):
        raise ModelNotFound(
            f"scorer {settings.model}: there is no such directory, and it is not a name on the Hub (org/model)"
            f"{path_instead(settings.model)}"
        )
    return _on_hub(settings.model, settings.revision)


def fetch(located: Located) -> Path:
    """The folder of a located model; files that are not on the disk yet are downloaded, also the encoder's tokenizer.

    COMET loads the encoder by its name, from the Hub's cache.

    Raises:
        UserError: the model cannot be found.
    """
    folder = Path(located.path)
    if located.on_hub:
        with hub.downloads(f"scorer {located.name}"):
            folder = hub.download("model", located.name, located.revision, FILES)
    for encoder in _encoders(_hparams(folder / HPARAMS, located.name)):
        if not Path(encoder).is_dir():
            with hub.downloads(f"scorer {located.name}: its encoder {encoder}"):
                hub.download("model", encoder, None, ENCODER_FILES)
    return folder


def _on_hub(model: str, revision: str | None) -> Located:
    request = HubRequest("model", model, revision, "scorer", "the name of the comet scorer's model", INSTEAD)
    repository = hub.find(request, usable=lambda earlier: {HPARAMS, WEIGHTS} <= earlier.files.keys())
    for file in (HPARAMS, WEIGHTS):
        if file not in repository.files:
            raise UserError(f"scorer {model}: it has no {file} on the Hub, so it is not a COMET model")
    folder = repository.folder
    if folder is None:
        with hub.downloads(f"scorer {model}"):
            folder = hub.download("model", model, repository.commit, [HPARAMS])
    _refuse_reference(_hparams(folder / HPARAMS, model), model)
    located = locating.located(repository)
    return located._replace(licence=located.licence or LICENCES.get(model))


def _check(folder: Path, name: str) -> None:
    for file in (HPARAMS, WEIGHTS):
        if not (folder / file).is_file():
            raise UserError(f"scorer {name}: there is no {file} in the directory, so it does not hold a COMET model")
    _refuse_reference(_hparams(folder / HPARAMS, name), name)


def _hparams(file: Path, name: str) -> dict[str, Any]:
    try:
        hparams = plain_yaml.of_others(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"scorer {name}: its {HPARAMS} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(hparams, dict) or "class_identifier" not in hparams:
        raise UserError(f"scorer {name}: its {HPARAMS} has no class_identifier, so it is not a COMET model")
    return hparams


def _refuse_reference(hparams: dict[str, Any], name: str) -> None:
    """Accept only models that need no reference: by their class, and for the unified class by the segments it reads."""
    match hparams["class_identifier"]:
        case "referenceless_regression_metric" | "xcomet_metric":
            return
        case "unified_metric" if "src" in (hparams.get("input_segments") or ["mt", "src", "ref"]):
            return
    raise UserError(
        f"scorer {name}: a COMET model of the class {hparams['class_identifier']} needs a reference translation, "
        "and a run has none: name a reference-free model, such as Unbabel/wmt20-comet-qe-da"
    )


def _encoders(hparams: dict[str, Any]) -> list[str]:
    """The models that COMET looks for by name: the encoder, and the tokenizer if it comes from another model."""
    minilm = ["xlm-roberta-base"] if hparams.get("encoder_model") == "MiniLM" else []
    return [*filter(None, [hparams.get("pretrained_model")]), *minilm]


def _digest(folder: Path) -> str:
    digest = hashlib.blake2b((folder / HPARAMS).read_bytes(), digest_size=8)
    weights = folder / WEIGHTS
    digest.update(str(weights.stat().st_size).encode() + locating.sample(weights))
    return digest.hexdigest()
