"""What the sections of a recipe have in common."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from sdrrl_data.recipe.markers import Shapeless, ShapelessAsUsual, marker

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]


class Config(BaseModel):
    """A section of a recipe. Unknown keys are refused, values are never changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    role: ClassVar[str | None] = None  # what the manifest calls the model or dataset that a section names

    def shaping(self) -> dict[str, Any]:
        """What shapes rows, as JSON can hold it: every field that does not say that it shapes none."""
        dumped = self.model_dump(mode="json", by_alias=True)
        for name, field in type(self).model_fields.items():
            key = key_of(name, field)
            usual = marker(field, ShapelessAsUsual) and getattr(self, name) == field.default
            if usual or marker(field, Shapeless):
                del dumped[key]
            else:
                dumped[key] = _shaping(getattr(self, name), dumped[key])
        return dumped

    @classmethod
    def read_as(cls, content: Mapping[str, Any], importing: bool = False) -> "list[type[Config]]":
        """The classes that a section may be of, going by what is written in it; none where its class is not known.

        Args:
            content: the section, before it is validated.
            importing: whether the user's own code may be imported for it.
        """
        return [cls]


def key_of(name: str, field: FieldInfo) -> str:
    """How a field is written."""
    return str(field.validation_alias or name)


def _shaping(value: Any, dumped: Any) -> Any:
    if isinstance(value, Config):
        return value.shaping()
    if isinstance(value, tuple):
        return [_shaping(item, written) for item, written in zip(value, dumped, strict=True)]
    if isinstance(value, dict) and any(isinstance(item, Config) for item in value.values()):
        return {key: _shaping(value[key], written) for key, written in dumped.items()}
    return dumped
