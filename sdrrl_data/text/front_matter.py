"""The front matter of a page: the YAML or TOML before its text, and the values in it that are prose."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from sdrrl_data.recipe import plain_yaml

Lines = list[tuple[int, int]]
"""The lines of a value (in characters of the text, end excluded)."""

_YAML = re.compile(r"---[ \t]*\n(?P<content>(?:[^\n]*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_TOML = re.compile(r"\+\+\+[ \t]*\n(?P<content>(?:[^\n]*\n)*?)\+\+\+[ \t]*(?:\n|\Z)")
_YAML_LINE = re.compile(r"[a-z_][\w-]*:(?:[ \t].*)?|[ \t]+.*|-(?:[ \t].*)?|#.*|")
_TOML_LINE = re.compile(r"[A-Za-z_][\w.-]*[ \t]*=.*|\[.*\]|[ \t]+.*|[\]})].*|#.*|")
_KEY = re.compile(r"^(?P<key>[A-Za-z_][\w-]*)[ \t]*[:=]", re.MULTILINE)
# Names, dates, tags and addresses under other keys are read by programs.
_PROSE = re.compile(
    r"""^(?: title | subtitle | headline | description | summary | excerpt | abstract | tagline | caption | linkTitle )
        (?: :[ \t]+ | [ \t]*=[ \t]* )
        (?: "(?P<double> [^"\\\n]+ )" | '(?P<single> [^'\n]+ )' | (?P<plain> [^\W\d_][^\n\#]*? )
          | (?P<block> [>|][+-]? ) )
        [ \t]*$""",
    re.MULTILINE | re.VERBOSE,
)
_INDENTED = re.compile(r"[ \t]+(?P<line>[^\n]*?)[ \t]*(?:\n|\Z)")


class FrontMatter(NamedTuple):
    """The front matter of a text."""

    end: int  # in characters; the text begins here
    prose: list[Lines]  # the values that are prose
    keys: list[str]  # in order
    content: str  # between its rules
    is_yaml: bool  # or TOML

    def is_valid(self) -> bool:
        """Whether it can be read, as far as that is known: TOML is not tried."""
        return not self.is_yaml or _is_mapping(self.content)


def front_matter(text: str) -> FrontMatter | None:
    """The front matter of a text whose line ends are "\\n"; None if it has none.

    Lines between two rules are front matter if each of them is a key with a small first letter and its value, or
    belongs to one: "Note: read this" between rules is prose.
    """
    is_yaml = text.startswith("---")
    match = (_YAML if is_yaml else _TOML).match(text) if is_yaml or text.startswith("+++") else None
    if match is None:
        return None
    content = match["content"]
    lines = content.split("\n")
    keys = [key["key"] for key in _KEY.finditer(content)]
    if not keys or not lines[0] or not all(map((_YAML_LINE if is_yaml else _TOML_LINE).fullmatch, lines)):
        return None
    return FrontMatter(match.end(), list(_prose(text, *match.span("content"))), keys, content, is_yaml)


def _prose(text: str, start: int, end: int) -> Iterator[Lines]:
    for value in _PROSE.finditer(text[:end], start):
        if value["block"]:
            lines = []
            position = value.end() + 1
            while (indented := _INDENTED.match(text, position, end)) and indented["line"]:
                lines.append(indented.span("line"))
                position = indented.end()
            if lines:
                yield lines
        else:
            yield [value.span(next(kind for kind in ("double", "single", "plain") if value[kind]))]


def _is_mapping(content: str) -> bool:
    try:
        return isinstance(plain_yaml.of_others(content), dict)
    except yaml.YAMLError:
        return False
