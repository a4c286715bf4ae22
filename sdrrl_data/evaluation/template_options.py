"""The options of the chat template with which models are compared: those that the tuned models were trained with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.compared_models import ComparedModel
from sdrrl_data.recipe import overrides

RECORD = "training.yaml"


def resolve(given: Mapping[str, Any] | None, models: Sequence[ComparedModel]) -> dict[str, Any]:
    """The options to render with, for all models: the given ones, or those that `training.yaml` names.

    A model tuned without reasoning is not compared with a base that reasons.

    Args:
        given: None: those of the tuned models that were trained here; of others, nothing is known.
        models: the base first.

    Raises:
        UserError: the tuned models were trained with different options, or a `training.yaml` cannot be read.
    """
    if given is not None:
        return dict(given)
    trained = {model.name: options for model in models[1:] if (options := _of_training(model)) is not None}
    different = {str(options): name for name, options in trained.items()}
    if len(different) > 1:
        shown = ", ".join(f"{name}: {options}" for options, name in different.items())
        raise UserError(
            f"the tuned models were trained with different template options ({shown}): say with --template-option with "
            "which ones to compare them, or compare them one at a time"
        )
    return next(iter(trained.values()), {})


def _of_training(model: ComparedModel) -> dict[str, Any] | None:
    folder = model.adapter or Path(model.located.path)
    # With a merged model, the adapter is in a folder of its own.
    places = [folder, *([folder.parent] if folder.name == "adapter" else [])]
    path = next((place / RECORD for place in places if (place / RECORD).is_file()), None)
    if path is None:
        return None
    try:
        options = overrides.read(path.read_text(encoding="utf-8"), str(path))["settings"].get("template_options", {})
    except (KeyError, TypeError, AttributeError, ValueError, OSError):
        options = None
    if not isinstance(options, dict):
        raise UserError(f"{path} does not say how the model was trained: name the options with --template-option")
    return options
