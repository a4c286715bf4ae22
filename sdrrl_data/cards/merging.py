"""A card written anew, merged with the one that is there: what others wrote by hand survives.

Of the head, keys that the new card does not have are kept, and of lists what only the old one has is added; a licence
takes the place of an unknown one. Of the body, sections (`##`) under headings that the new card does not have are kept,
behind the section that they stood behind, and so are subsections (`###`) of a section that both have. Nothing tells a
section that an earlier card had by itself from one written by hand: so what a card writes only now and then belongs
under headings that are always there. The one exception are the sections of targets, whose headings end with the name
of a config in brackets, as in "English and Portuguese (`pt`)": such a section stays as long as the config does, though
the new card may have no rows to write it from. Text above the first heading is the new card's alone.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import yaml
from markdown_it import MarkdownIt

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import overrides

LICENCE = ("license", "license_name", "license_link", "license_details")
WHOLE = {"size_categories"}  # lists that say one thing, so that nothing of an older one is added
RANKS = (2, 3)  # of headings: sections and subsections
CONFIG = re.compile(r"\(`([^`]+)`\)$")  # at the end of the heading of a target's section
OWN_FILES = re.compile(r"(?P<folder>[^/]+)/(transfer_set|controls-[^/]+)/")  # of a config that a push makes


def merged(new: str, existing: str | None, anew: Collection[str] = ()) -> str:
    """The new card with what only the old one has; see above.

    Merging again changes nothing, and merging a card with itself gives the same bytes.

    Args:
        new: a card as it was written just now, which begins with its head.
        existing: the card that is there. None, or one of blanks alone: the new one stays as it is.
        anew: targets whose folders are written anew as a whole: their configs are those of the new card, no others.

    Raises:
        UserError: the head of the old card is broken, so that what stands in it would be lost.
    """
    if existing is None or not existing.strip("\ufeff\n\r\t "):
        return new
    head, body = parts(new)
    old_head, old_body = parts(existing)
    both = _heads(head, old_head, anew)
    gone = {name_of(own) for own in configs_of(old_head)} - {name_of(own) for own in configs_of(both)}
    top = _halves(new)[0] if both == head else f"---\n{_yaml(both)}---\n"
    return top + _bodies(body, old_body, gone, RANKS)


def parts(text: str) -> tuple[dict[str, Any], str]:
    """The head of a card, which is empty where it has none, and its body with plain ends of lines.

    huggingface_hub's `DatasetCard` takes a head that does not end for text, and drops keys without a value.

    Raises:
        UserError: the head is no YAML mapping, or does not end.
    """
    top, body = _halves(text)
    try:
        head = yaml.safe_load(top.strip().strip("-"))
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise _broken(" ".join(str(error).split())) from None
    if not isinstance(head, dict | None):
        raise _broken("it is no list of keys and values")
    return head or {}, body


def _halves(text: str) -> tuple[str, str]:
    """A card cut behind the line that ends its head."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not (begin := re.match(r"\s*^---[ \t]*$", text, re.MULTILINE)):
        return "", text
    if not (end := re.compile(r"^---[ \t]*$\n?", re.MULTILINE).search(text, begin.end())):
        raise _broken("the line --- that ends it is missing")
    return text[: end.end()], text[end.end() :]


def _broken(reason: str) -> UserError:
    return UserError(f"the YAML head of the card (README.md) that is there cannot be read ({reason}): mend it first")


def _yaml(head: Mapping[str, Any]) -> str:
    return overrides.written(dict(head))


def _heads(new: dict[str, Any], old: dict[str, Any], anew: Collection[str]) -> dict[str, Any]:
    if new.get("license", "unknown") == "unknown" and old.get("license", "unknown") != "unknown":
        new = {key: value for key, value in new.items() if key not in LICENCE}  # somebody knew better
    elif any(new.get(key) != old.get(key) for key in LICENCE[:2]):
        old = {key: value for key, value in old.items() if key not in LICENCE}  # a name or a link of another licence
    both = {**new, **{key: value for key, value in old.items() if key not in new}}
    for key in new.keys() & old.keys() - WHOLE - {"configs"}:
        if isinstance(new[key], list) and isinstance(old[key], list):
            both[key] = new[key] + [value for value in old[key] if value not in new[key]]
    if isinstance(both.get("configs"), list):
        both["configs"] = [*configs_of(new), *_kept(configs_of(old), {name_of(own) for own in configs_of(new)}, anew)]
    return both


def configs_of(head: Mapping[str, Any]) -> list[Any]:
    """The configs of a head, in whatever form they are."""
    found = head.get("configs")
    return found if isinstance(found, list) else []


def name_of(config: Any) -> str:
    """What `load_dataset` calls a config; empty where that is not said."""
    return str(config.get("config_name", "")) if isinstance(config, dict) else ""


def _kept(configs: Sequence[Any], new: Collection[str], anew: Collection[str]) -> Iterator[Any]:
    """The old configs that stay: those of the targets that are still there, and any that were written by hand."""
    for config in configs:
        name = name_of(config)
        folders = {(found := OWN_FILES.match(path)) and found["folder"] for path in paths_of(config)}
        of = folders.pop() if len(folders) == 1 else None
        made_by_push = of is not None and (name == of or name.startswith(f"{of}-"))
        if name not in new and not (made_by_push and (of in anew or of not in new)):
            yield config


def paths_of(config: Any) -> Iterator[str]:
    """The paths within the description of a config, or of its files, in any of the forms that `datasets` takes."""
    match config:
        case str():
            yield config
        case list():
            for own in config:
                yield from paths_of(own)
        case {"data_files": files}:
            yield from paths_of(files)
        case {"path": path}:
            yield from paths_of(path)
        case dict():
            yield from paths_of(list(config.values()))


Key = tuple[str | None, int]  # a heading, None above the first one, and how many before it are the same
TOP: Key = (None, 0)


def _bodies(new: str, old: str, gone: Collection[str], ranks: Sequence[int]) -> str:
    """The sections of one rank of the new text, each merged with its older self, and those that only the old has."""
    if not ranks:
        return new
    sections, older = _sections(new, ranks[0]), _sections(old, ranks[0])
    behind: dict[Key, list[str]] = {key: [] for key in sections}  # what stood behind a section in the old text
    last: Key = TOP
    for key, own in older.items():
        config = CONFIG.search(key[0] or "")
        if key in sections:
            last = key
        elif not config or config[1] not in gone:
            behind[last].append(_ended(own))
    text = ""
    for key, own in sections.items():
        text += own if key == TOP else _bodies(own, older.get(key, ""), gone, ranks[1:])
        for kept in behind[key]:
            text = text.rstrip("\n") + f"\n\n{kept}\n\n"
    return text.rstrip("\n") + new[len(new.rstrip("\n")) :]


def _sections(text: str, rank: int) -> dict[Key, str]:
    """A text cut before each heading of this rank (2: `##`) or a higher one, but for a title at its top."""
    tokens = _parser().parse(text)
    headings = [
        (int(token.tag[1:]), token.map[0], inline.content)
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    if headings and headings[0][0] < rank:
        del headings[0]
    lines = re.findall("[^\n]*\n|[^\n]+", text)
    marks = [(None, 0), *((heading, line) for own, line, heading in headings if own <= rank)]
    ends = [*(line for _, line in marks[1:]), len(lines)]
    found: dict[Key, str] = {}
    seen: Counter[str | None] = Counter()
    for (heading, start), end in zip(marks, ends, strict=True):
        found[heading, seen[heading]] = "".join(lines[start:end])
        seen[heading] += 1
    return found


def _ended(section: str) -> str:
    """A section as it can stand anywhere: with an end to what would swallow the next one, such as a block of code."""
    section = section.lstrip(" ").rstrip("\n")  # an indented heading may become a part of a list before it
    last = _parser().parse(section)[-1]
    for end in ("", last.markup, "-->", "?>", "]]>", "</pre>", ">"):
        ended = f"{section}\n{end}".rstrip("\n")
        if len(_sections(f"{ended}\n\n## Next", 2)) > len(_sections(ended, 2)):
            return ended
    return section


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")
