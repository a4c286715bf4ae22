"""Merges a new card with the card that is already there, so that what people wrote by hand stays.

Of the old head, keys that the new card does not have stay, and so do entries of lists; a known licence replaces an
unknown one. What `push_to_hub` noted of a config (`dataset_info`: columns, sizes) goes if the config is written anew or
is gone. Of the old body, sections (`##`) whose headings the new card does not have stay, each behind the section
that it stood behind, and so do subsections (`###`) of a section that both cards have. A section that an earlier card
wrote looks like one written by hand: so what a card writes only sometimes belongs under a heading that is always there.
The exception are the sections of targets, whose headings end with the name of a config in brackets, as in
"English and Portuguese (`pt`)": such a section stays as long as the config stays, although the new card may have no
rows to write it from. Text above the first heading is always that of the new card.
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
from sdrrl_data.models.hub import licence_in
from sdrrl_data.recipe import overrides, plain_yaml
from sdrrl_data.run.dataset import OF_TARGET

LICENCE = ("license", "license_name", "license_link", "license_details")
SINGLE = {"size_categories"}  # lists that say one thing: nothing of an older list is added
RANKS = (2, 3)  # of headings: sections and subsections
CONFIG = re.compile(r"\(`([^`]+)`\)$")  # at the end of the heading of a target's section
PUSHED_FILES = re.compile(
    rf"(?P<folder>[^/]+)/({'|'.join(OF_TARGET)}|controls-[^/]+)/"
)  # of a config that a push makes
# Headings of earlier versions. In an old card they are read as today's, so that no section is there twice.
FORMER = {re.compile(r"^(### .+): how what was kept was mixed$", re.MULTILINE): r"\1: the mix of the rows"}


def merge(new: str, existing: str | None, replaced: Collection[str] = (), keeps_licence: bool = True) -> str:
    """The new card with what only the old one has; see above.

    Merging again changes nothing, and merging a card with itself gives the same bytes.

    Args:
        new: a card that was written just now; it begins with its head.
        existing: the card that is there. If it is None or blank, the new card stays as it is.
        replaced: targets whose folders are replaced as a whole: their configs are only those of the new card.
        keeps_licence: whether a licence of the old card stays where the new one has none.

    Raises:
        UserError: the head of the old card is broken, so that its content would be lost.
    """
    if existing is None or not existing.strip("\ufeff\n\r\t "):
        return new
    head, body = split(new)
    old_head, old_body = split(existing)
    for heading, today in FORMER.items():
        old_body = heading.sub(today, old_body)
    merged_head = _merge_heads(head, old_head, replaced, keeps_licence)
    gone = {name_of(config) for config in configs_of(old_head)} - {
        name_of(config) for config in configs_of(merged_head)
    }
    head_text = _halves(new)[0] if merged_head == head else f"---\n{_yaml(merged_head)}---\n"
    return head_text + _merge_bodies(body, old_body, gone, RANKS)


def split(text: str) -> tuple[dict[str, Any], str]:
    """The head of a card, which is empty if the card has none, and its body with plain line ends.

    huggingface_hub's `DatasetCard` takes a head that does not end for text, and drops keys without a value.

    Raises:
        UserError: the head is not a YAML mapping, or does not end.
    """
    head_text, body = _halves(text)
    try:
        head = plain_yaml.of_others(head_text.strip().strip("-"))
    except yaml.YAMLError as error:
        raise _broken(" ".join(str(error).split())) from None
    if not isinstance(head, dict | None):
        raise _broken("it is not a list of keys and values")
    return head or {}, body


def _halves(text: str) -> tuple[str, str]:
    """A card, cut after the line that ends its head."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not (begin := re.match(r"\s*^---[ \t]*$", text, re.MULTILINE)):
        return "", text
    if not (end := re.compile(r"^---[ \t]*$\n?", re.MULTILINE).search(text, begin.end())):
        raise _broken("the line --- that ends it is missing")
    return text[: end.end()], text[end.end() :]


def _broken(reason: str) -> UserError:
    return UserError(f"the YAML head of the existing card (README.md) cannot be read ({reason}): repair it first")


def _yaml(head: Mapping[str, Any]) -> str:
    return overrides.written(dict(head))


def _merge_heads(
    new: dict[str, Any], old: dict[str, Any], replaced: Collection[str], keeps_licence: bool
) -> dict[str, Any]:
    if keeps_licence and new.get("license", "unknown") == "unknown" and old.get("license", "unknown") != "unknown":
        new = {key: value for key, value in new.items() if key not in LICENCE}  # somebody knew better
    elif "" != (licence_in(new) or "").lower() == (licence_in(old) or "").lower():  # perhaps in another form: a list
        same = {key: value for key, value in new.items() if key in old or key not in LICENCE}
        new = same | {key: old[key] for key in same if key in LICENCE}
    elif any(new.get(key) != old.get(key) for key in LICENCE[:2]):
        old = {key: value for key, value in old.items() if key not in LICENCE}  # a name or a link of another licence
    merged = {**new, **{key: value for key, value in old.items() if key not in new}}
    for key in new.keys() & old.keys() - SINGLE - {"configs"}:
        if isinstance(new[key], list) and isinstance(old[key], list):
            merged[key] = new[key] + [value for value in old[key] if value not in new[key]]
    if isinstance(merged.get("configs"), list):
        names = {name_of(config) for config in configs_of(new)}
        unchanged = list(_old_configs_that_stay(configs_of(old), names, replaced))
        merged["configs"] = [*configs_of(new), *unchanged]
        changed = {name_of(config) for config in [*configs_of(new), *configs_of(old)] if config not in unchanged}
        if infos := _infos_without(changed, merged.pop("dataset_info", None)):
            merged["dataset_info"] = infos
    return merged


def _infos_without(names: Collection[str], infos: Any) -> Any:
    """What `push_to_hub` noted of its only config (a mapping) or of several (a list), without some of them."""
    if isinstance(infos, list):
        return [info for info in infos if not isinstance(info, dict) or info.get("config_name") not in names]
    return None if isinstance(infos, dict) and infos.get("config_name", "default") in names else infos


def configs_of(head: Mapping[str, Any]) -> list[Any]:
    """The configs of a head, whatever their form."""
    configs = head.get("configs")
    return configs if isinstance(configs, list) else []


def name_of(config: Any) -> str:
    """The name that `load_dataset` has for a config; empty if the config does not say it."""
    return str(config.get("config_name", "")) if isinstance(config, dict) else ""


def _old_configs_that_stay(
    configs: Sequence[Any], new_names: Collection[str], replaced: Collection[str]
) -> Iterator[Any]:
    """The old configs of targets that are still there, and all that were written by hand."""
    for config in configs:
        name = name_of(config)
        folders = {(match := PUSHED_FILES.match(path)) and match["folder"] for path in paths_of(config)}
        target = folders.pop() if len(folders) == 1 else None
        pushed = target is not None and (name == target or name.startswith(f"{target}-"))
        if name not in new_names and not (pushed and (target in replaced or target not in new_names)):
            yield config


def paths_of(config: Any) -> Iterator[str]:
    """The paths in the entry of a config, or of its files, in any of the forms that `datasets` accepts."""
    match config:
        case str():
            yield config
        case list():
            for entry in config:
                yield from paths_of(entry)
        case {"data_files": files}:
            yield from paths_of(files)
        case {"path": path}:
            yield from paths_of(path)
        case dict():
            yield from paths_of(list(config.values()))


Key = tuple[str | None, int]  # a heading (None: above the first one), and how many equal headings come before it
TOP: Key = (None, 0)


def _merge_bodies(new: str, old: str, gone: Collection[str], ranks: Sequence[int]) -> str:
    """The sections of the new text, each merged with its older version, and those that only the old text has."""
    if not ranks:
        return new
    new_sections, old_sections = sections(new, ranks[0]), sections(old, ranks[0])
    old_only_after: dict[Key, list[str]] = {key: [] for key in new_sections}  # by the section that they stood behind
    last: Key = TOP
    for key, section in old_sections.items():
        config = CONFIG.search(key[0] or "")
        if key in new_sections:
            last = key
        elif not config or config[1] not in gone:
            old_only_after[last].append(_closed(section))
    text = ""
    for key, section in new_sections.items():
        text += section if key == TOP else _merge_bodies(section, old_sections.get(key, ""), gone, ranks[1:])
        for old_section in old_only_after[key]:
            text = text.rstrip("\n") + f"\n\n{old_section}\n\n"
    return text.rstrip("\n") + new[len(new.rstrip("\n")) :]


def sections(text: str, rank: int) -> dict[Key, str]:
    """A text, cut before each heading of this rank (2: `##`) or a higher one, but not before a title at its top."""
    tokens = _parser().parse(text)
    headings = [
        (int(token.tag[1:]), token.map[0], inline.content)
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    if headings and headings[0][0] < rank:
        del headings[0]
    lines = re.findall("[^\n]*\n|[^\n]+", text)
    starts = [(None, 0), *((heading, line) for level, line, heading in headings if level <= rank)]
    ends = [*(line for _, line in starts[1:]), len(lines)]
    by_heading: dict[Key, str] = {}
    seen: Counter[str | None] = Counter()
    for (heading, start), end in zip(starts, ends, strict=True):
        by_heading[heading, seen[heading]] = "".join(lines[start:end])
        seen[heading] += 1
    return by_heading


def _closed(section: str) -> str:
    """A section that can stand anywhere: an open block, such as a block of code, would swallow the next section."""
    section = section.lstrip(" ").rstrip("\n")  # an indented heading may become a part of a list before it
    last = _parser().parse(section)[-1]
    for end in ("", last.markup, "-->", "?>", "]]>", "</pre>", ">"):
        closed = f"{section}\n{end}".rstrip("\n")
        if len(sections(f"{closed}\n\n## Next", 2)) > len(sections(closed, 2)):
            return closed
    return section


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")
