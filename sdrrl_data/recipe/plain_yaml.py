"""YAML as far as JSON can hold it, with the words and numbers of YAML 1.2: `no` is a text, `1e3` a number.

PyYAML follows YAML 1.1, where `no` is false, `1:30` is 90 and `017` is 15 (https://yaml.org/spec/1.2.2/#103-core-schema).
"""

import re
from collections.abc import Hashable
from itertools import chain
from typing import Any, ClassVar

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError
from yaml.events import AliasEvent
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from sdrrl_data.recipe.plain import MOST_VALUES

_PREFIX = "tag:yaml.org,2002:"
# Type -> how it is written without quotes. An integer may have underscores between its digits.
_SCALARS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?(?:0|[1-9](?:_?[0-9])*)|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
}
_RESOLVERS = [(f"{_PREFIX}{name}", re.compile(rf"(?:{pattern})\Z")) for name, pattern in _SCALARS.items()]
_MERGE = f"{_PREFIX}merge"


class Loader(yaml.SafeLoader):
    """Reads YAML; refuses a key that stands twice in a mapping, and every tag that JSON has no type for."""

    yaml_constructors: ClassVar[dict[Any, Any]] = {
        **{
            f"{_PREFIX}{name}": yaml.SafeLoader.yaml_constructors[f"{_PREFIX}{name}"]
            for name in ("null", "bool", "float", "str", "seq", "map")
        },
        None: yaml.SafeLoader.yaml_constructors[None],
    }

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping. What it merges (`<<: *other`) counts where it has no such key."""
        merged: dict[Hashable, Any] = {}
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged = self._merged(value_node) | merged
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise ConstructorError(None, None, f"the key {key!r} is not a text", key_node.start_mark)
            if key in mapping:
                raise ConstructorError(None, None, f"the key {key} stands there twice", key_node.start_mark)
            mapping[key] = self.construct_object(value_node, deep=deep)
        return merged | mapping

    def _merged(self, node: Node) -> dict[Hashable, Any]:
        value = self.construct_object(node, deep=True)
        mappings = value if isinstance(value, list) else [value]
        merged: dict[Hashable, Any] = {}
        for mapping in reversed(mappings):
            if not isinstance(mapping, dict):
                raise ConstructorError(None, None, "<< can only stand before a mapping", node.start_mark)
            merged |= mapping
        return merged


def _integer(loader: Loader, node: ScalarNode) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0 if text[:2] in {"0o", "0x"} else 10)


Loader.yaml_implicit_resolvers = {None: [*_RESOLVERS, (_MERGE, re.compile(r"<<\Z"))]}
Loader.add_constructor(f"{_PREFIX}int", _integer)


def of_others(text: str) -> Any:
    """The data in a YAML text of somebody else's, such as the head of a card, as PyYAML's safe loader has it.

    Raises:
        yaml.YAMLError: it cannot be read, or its aliases stand for more data than anybody writes.
    """
    try:
        return yaml.load(text, _LoaderOfOthers)
    except (RecursionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # It is too deep, or PyYAML relies on tags such as !!int and !!timestamp.
        raise yaml.YAMLError(f"it has a value that cannot be read ({error})") from None


class _LoaderOfOthers(yaml.SafeLoader):
    """Counts values as often as aliases and merges use them, before they are built."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._sizes: dict[int, int] = {}  # by the id of a node: the values in it, with what aliases stand for

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """The next node."""
        is_alias = self.check_event(AliasEvent)
        node = super().compose_node(parent, index)
        if node is None or id(node) in self._sizes:
            return node
        if is_alias:
            raise ComposerError(None, None, "a value contains itself", node.start_mark)
        size = 1
        if isinstance(node, ScalarNode):
            size += len(node.value) // 100
        elif isinstance(node, CollectionNode):
            within = chain.from_iterable(node.value) if isinstance(node, MappingNode) else node.value
            size += sum(self._sizes[id(child)] for child in within)
        if size > MOST_VALUES:
            raise ComposerError(None, None, f"it stands for more than {MOST_VALUES:,} values", node.start_mark)
        self._sizes[id(node)] = size
        return node


class Dumper(yaml.SafeDumper):
    """Writes YAML that readers of YAML 1.1 and of 1.2 read in the same way."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        return True


def _text(dumper: Dumper, text: str) -> ScalarNode:
    """A text; PyYAML would turn the line breaks of Unicode into spaces, except between double quotes."""
    style = '"' if any(break_ in text for break_ in "\x85\u2028\u2029") else None
    return dumper.represent_scalar(f"{_PREFIX}str", text, style)


Dumper.yaml_implicit_resolvers = {**yaml.SafeDumper.yaml_implicit_resolvers, None: _RESOLVERS}
Dumper.add_representer(str, _text)
