"""Single scorers of a recipe that a layer over it changes, adds or leaves out."""

from collections.abc import Iterable
from typing import Any

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import ScorerConfig, overrides
from sdrrl_data.recipe.types_in_words import described


def taken_from(layer: dict[str, Any], where: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The scorers that a layer changes or adds, and the kinds that it leaves out, if it names them by their kinds.

    They are removed from the layer. If its scorers are a list, which replaces that of the recipe, they stay there.

    Args:
        layer: a part of a recipe, as it is written.
        where: the source of the layer, for the error message.

    Raises:
        RecipeError: there is no such scorer, or it has no settings.
    """
    if not isinstance(layer.get("scorers"), dict):
        return [], []
    by_kind = layer.pop("scorers")
    for kind, settings in by_kind.items():
        ScorerConfig.named(str(kind))
        if not isinstance(settings, dict | None):
            key = f"scorers.{kind}"
            raise RecipeError(
                f"{where if where.startswith(key) else f'{where}: {key}'} is {described(settings)}: give its settings, "
                f"such as {{}}, or null to leave it out"
            )
    changed = [{"kind": str(kind)} | settings for kind, settings in by_kind.items() if settings is not None]
    return changed, [str(kind) for kind, settings in by_kind.items() if settings is None]


def lay_over(content: dict[str, Any], changed: Iterable[dict[str, Any]], removed: Iterable[str]) -> None:
    """Change scorers of a recipe, and leave some out, with the thresholds of their scores.

    A scorer that the recipe does not have is added at the end. A new model also removes the recipe's revision of it.

    Args:
        content: the recipe, as it is written; it is changed.
        changed: settings of scorers, which replace those of the recipe key by key.
        removed: the kinds of scorers to leave out.
    """
    for settings in changed:
        if scorer := next(iter(_of_kind(content, settings["kind"])), None):
            if "model" in settings:
                scorer.pop("revision", None)
            overrides.lay_over(scorer, settings)
        else:
            content["scorers"] = [*(content.get("scorers") or []), settings]
    for kind in removed:
        for scorer in _of_kind(content, kind):
            content["scorers"].remove(scorer)
        columns = [column for score in ScorerConfig.named(kind).scores for column in score.columns]
        for name in (f"{text}{column}" for text in ("", "question_", "answer_") for column in columns):
            for thresholds in (content.get("thresholds"), *_of_targets(content)):
                if isinstance(thresholds, dict):
                    thresholds.pop(name, None)


def _of_targets(content: dict[str, Any]) -> list[Any]:
    """The thresholds of each target."""
    targets = content.get("targets")
    sections = targets.values() if isinstance(targets, dict) else ()
    return [section.get("thresholds") for section in sections if isinstance(section, dict)]


def _of_kind(content: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [scorer for scorer in overrides.sections(content.get("scorers")) if scorer.get("kind") == kind]
