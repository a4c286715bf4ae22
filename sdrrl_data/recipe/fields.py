"""Every field of a recipe with its markers (see `markers`), in all sections."""

from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

from sdrrl_data.recipe.config import Config, key_of
from sdrrl_data.recipe.markers import M, Marker, markers

C = TypeVar("C", bound=Config)
Change = Callable[[Config, str | None], Mapping[str, Any]]


class Written(NamedTuple):
    """A field as it is written in a section."""

    section: dict[str, Any]  # its section, where its value can be changed
    name: str  # its key in the section
    key: str  # its dotted key: "scorers.0.model"
    role: str | None  # the manifest's name for the kind of model or dataset in this section: "scorer"
    markers: tuple[Marker, ...]
    default: Any  # as JSON data; None if there is no default
    known: bool  # whether the section's class is known; a class of the user may not be
    named_entries: bool = False  # whether it maps names to entries, none of which may be null

    @property
    def value(self) -> Any:
        """Its value in the section."""
        return self.section[self.name]

    def marker(self, kind: type[M]) -> M | None:
        """The field's marker of this kind, if it has one."""
        return next((marker for marker in self.markers if isinstance(marker, kind)), None)


def walk(
    config: type[Config], content: Any, importing: bool = False, key: str = "", role: str | None = None
) -> Iterator[Written]:
    """Every field that is written in a section and in the sections within it; they need not be validated.

    Args:
        config: the class of the section.
        content: the section, as JSON data. If it is not a section, there are no fields.
        importing: whether the user's code may be imported, so that the fields of its classes are known.
        key: the section's dotted key, with a dot at its end.
        role: of the section around this one.

    Raises:
        UserError: the user's code cannot be imported.
    """
    if not isinstance(content, dict):
        return
    classes = config.read_as(content, importing)
    role = role or next((section_class.role for section_class in classes), config.role)
    fields = {
        key_of(name, field): field
        for section_class in reversed(classes)
        for name, field in section_class.model_fields.items()
    }
    for name, value in list(content.items()):
        field = fields.get(name)
        if field is None:
            yield Written(content, name, key + name, role, (), None, known=bool(classes))
            continue
        default = None if field.is_required() else field.get_default(call_default_factory=False)
        entry = get_args(field.annotation)[1] if get_origin(field.annotation) is dict else Any
        yield Written(
            content, name, key + name, role, markers(field), default, known=True, named_entries=entry is not Any
        )
        yield from _within(field.annotation, value, importing, f"{key}{name}.", role)


def _within(annotation: Any, value: Any, importing: bool, key: str, role: str | None) -> Iterator[Written]:
    if not isinstance(value, dict | list | tuple):
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _within(arguments[0], value, importing, key, role)
    elif origin in (Union, UnionType):
        for argument in arguments:
            yield from _within(argument, value, importing, key, role)
    elif origin is tuple and isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _within(arguments[0], item, importing, f"{key}{number}.", role)
    elif origin is dict and isinstance(value, dict):
        for name, item in value.items():
            yield from _within(arguments[1], item, importing, f"{key}{name}.", role)
    elif isinstance(annotation, type) and issubclass(annotation, Config):
        yield from walk(annotation, value, importing, key, role)


def leave_out_entries(config: type[Config], content: dict[str, Any]) -> list[tuple[str, str]]:
    """Remove entries by name that are null, such as `thresholds: {overlap: null}`.

    Elsewhere, null is a value. Source: RFC 7396, https://www.rfc-editor.org/rfc/rfc7396 (JSON merge patch).

    Args:
        config: the class of the settings.
        content: the settings as they are written; they are changed.

    Returns:
        The dotted key of the mapping, and the name of the entry, for each.

    Raises:
        UserError: the user's code cannot be imported.
    """
    left_out = []
    for field in walk(config, content, importing=True):
        if field.named_entries and isinstance(field.value, dict):
            for name in [name for name, entry in field.value.items() if entry is None]:
                del field.value[name]
                left_out.append((field.key, name))
    return left_out


def changed(config: C, change: Change, role: str | None = None) -> C:
    """A copy of a section in which it, and every section within it, has the new values that `change` returns.

    Args:
        config: the section.
        change: gets a section and its role, and returns new values by the names of fields.
        role: of the section around this one.
    """
    role = role or config.role
    update = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        new = _changed(value, change, role)
        if new is not value:
            update[name] = new
    update |= change(config, role)
    return config.model_copy(update=update) if update else config


def _changed(value: Any, change: Change, role: str | None) -> Any:
    if isinstance(value, Config):
        return changed(value, change, role)
    if isinstance(value, tuple):
        items = tuple(_changed(item, change, role) for item in value)
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        new_items = {key: _changed(item, change, role) for key, item in value.items()}
        return value if all(new_items[key] is value[key] for key in value) else new_items
    return value
