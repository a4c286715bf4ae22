"""The base class of the sections of a recipe."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from sdrrl_data.recipe.markers import Shapeless, ShapelessByDefault, marker

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]


class Config(BaseModel):
    """A section of a recipe. Unknown keys are refused, and values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    role: ClassVar[str | None] = None  # the manifest's name for the kind of model or dataset that the section names

    def shaping(self) -> dict[str, Any]:
        """The settings that change rows, as JSON data: every field that is not marked `Shapeless`."""
        dumped = self.model_dump(mode="json", by_alias=True)
        for name, field in type(self).model_fields.items():
            key = key_of(name, field)
            usual = marker(field, ShapelessByDefault) and getattr(self, name) == field.default
            if usual or marker(field, Shapeless):
                del dumped[key]
            else:
                dumped[key] = _shaping(getattr(self, name), dumped[key])
        return dumped

    @classmethod
    def read_as(cls, content: Mapping[str, Any], importing: bool = False) -> "list[type[Config]]":
        """The classes that a section may belong to, according to its content; empty if its class is not known.

        Args:
            content: the section, before it is validated.
            importing: whether the user's code may be imported for it.
        """
        return [cls]


def key_of(name: str, field: FieldInfo) -> str:
    """The key of a field in YAML and JSON."""
    return str(field.validation_alias or name)


def _shaping(value: Any, dumped: Any) -> Any:
    if isinstance(value, Config):
        return value.shaping()
    if isinstance(value, tuple):
        return [_shaping(item, dumped_item) for item, dumped_item in zip(value, dumped, strict=True)]
    if isinstance(value, dict) and any(isinstance(item, Config) for item in value.values()):
        return {key: _shaping(value[key], dumped_item) for key, dumped_item in dumped.items()}
    return dumped
