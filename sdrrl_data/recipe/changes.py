"""What has changed between two states of a recipe, setting by setting."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sdrrl_data.languages import Language, find

SHOWN = 60  # characters of a value


class Change(NamedTuple):
    """A setting that has changed; a value is None where it is, or was, not set."""

    key: str  # dotted, as for `--set`
    before: Any
    now: Any

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.key} was {'added' if isinstance(self.now, Mapping) else f'set to {shown(self.now)}'}"
        if self.now is None:
            was = "" if isinstance(self.before, Mapping) else f" (it was {shown(self.before)})"
            return f"{self.key} was removed{was}"
        return f"{self.key} changed from {shown(self.before)} to {shown(self.now)}"


def changes(before: Any, now: Any, key: str = "") -> list[Change]:
    """The settings that differ, as JSON data, in their order.

    Components are compared by their kind, so that another scorer in front of them changes nothing for the others.
    """
    return list(_changes(before, now, key))


def as_described(written: Mapping[str, Any], recipe: Mapping[str, Any]) -> bool:
    """Whether what the description of a recipe says of languages and models holds for what a command made of it.

    Args:
        written: in its file, as JSON data of a valid recipe; what it leaves out may be anything.
        recipe: as it is in a manifest.
    """
    for key in ("src", "tgt"):
        languages = _languages(written.get(key))
        named = any(language.name in str(written.get("description")) for language in languages)
        if named and languages != _languages(recipe.get(key)):
            return False
    return all(before in (None, now) for before, now in zip(_models(written), _models(recipe), strict=True))


def _languages(value: Any) -> set[Language]:
    return {find(name) for name in _listed(value.split(",") if isinstance(value, str) else value)}


def _models(content: Mapping[str, Any]) -> tuple[str | None, set[str] | None]:
    """The model that answers, and the kinds of the translators."""
    sections = [content, *filter(None, (content.get("targets") or {}).values())]
    items = [item for section in sections for item in _listed(section.get("translator"))]
    words = [item.get("kind") if isinstance(item, Mapping) else item for item in items]  # a layer has no kind
    return content.get("generator", {}).get("model"), {str(word).partition(":")[0] for word in words if word} or None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _changes(before: Any, now: Any, key: str) -> Iterator[Change]:
    first, second = _section(before), _section(now)
    if first is None or second is None:
        if before != now:
            yield Change(key, before, now)
        return
    for name in dict.fromkeys([*first, *second]):
        yield from _changes(first.get(name), second.get(name), f"{key}.{name}" if key else name)


def _section(value: Any) -> Mapping[str, Any] | None:
    """The settings in a value, by name; None if it is not a section."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and "kind" in item for item in value):
        kinds = [item["kind"] for item in value]
        if len(set(kinds)) == len(kinds):
            return dict(zip(kinds, value, strict=True))
    return None


def shown(value: Any, longest: int = SHOWN) -> str:
    """A value of a recipe as it may be shown; a value that is not set as nothing."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # as people write it: 1, and not 1.0
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= longest else f"{text[:longest]}…"
