"""How conversations are rendered for the compared models: as it was done when the tuned models were trained."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.compared_models import ComparedModel
from sdrrl_data.models import hub
from sdrrl_data.models.locating import Located
from sdrrl_data.models.saving import RECORD
from sdrrl_data.recipe import DEFAULT_DATE, overrides


class Rendering(NamedTuple):
    """What a chat template is told."""

    options: Mapping[str, Any] = {}  # such as enable_thinking
    date: str = DEFAULT_DATE  # if the template asks for the day


USUAL = Rendering()


def resolve(options: Mapping[str, Any] | None, models: Sequence[ComparedModel]) -> Rendering:
    """How to render for all models: as `training.yaml` of the tuned ones says.

    A model tuned without reasoning is not compared with a base that reasons.

    Args:
        options: these instead of those of the training. None: those of the tuned models that were trained here; of
            others, nothing is known.
        models: the base first.

    Raises:
        UserError: the tuned models were trained with different options or dates, or a `training.yaml` cannot be read.
        HubUnavailable: that of a model on the Hub cannot be fetched.
    """
    trained = {model.name: rendering for model in models[1:] if (rendering := _of_training(model)) is not None}
    if options is not None:
        trained = {name: rendering._replace(options=dict(options)) for name, rendering in trained.items()}
    different = {str(rendering): name for name, rendering in trained.items()}
    if len(different) > 1:
        shown = ", ".join(f"{name}: {dict(trained[name].options)} {trained[name].date}" for name in different.values())
        raise UserError(
            f"the tuned models were trained with different template options or dates ({shown}): say with "
            "--template-option with which options to compare them, or compare them one at a time"
        )
    return next(iter(trained.values()), Rendering(dict(options or {})))


def _of_training(model: ComparedModel) -> Rendering | None:
    folder = model.adapter or _folder(model.located)
    # With a merged model, the adapter is in a folder of its own.
    places = [folder, *([folder.parent] if folder.name == "adapter" else [])]
    path = next((place / RECORD for place in places if (place / RECORD).is_file()), None)
    if path is None:
        return None
    try:
        settings = overrides.read(path.read_text(encoding="utf-8"), str(path))["settings"]
        options, date = settings.get("template_options", {}), settings.get("date") or DEFAULT_DATE
    except (KeyError, TypeError, AttributeError, ValueError, OSError):
        options = date = None
    if not isinstance(options, dict) or not isinstance(date, str):
        raise UserError(f"{path} does not say how the model was trained: correct it, or remove it")
    return Rendering(options, date)


def _folder(located: Located) -> Path:
    """Where a model's `training.yaml` would be."""
    if located.path != located.name:
        return Path(located.path)
    with hub.downloads(f"{RECORD} of {located.name}"):
        return hub.download("model", located.name, located.revision, [RECORD])
