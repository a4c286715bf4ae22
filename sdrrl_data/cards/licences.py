"""Under which licence a transfer set may be passed on, going by those of its ingredients."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import permutations
from typing import Any, NamedTuple

import yaml

from sdrrl_data.cards.markdown import listed
from sdrrl_data.protocols import Ingredient
from sdrrl_data.scoring import compared_sets, item_sets

COMPARED = {compared_sets.ROLE, item_sets.ROLE}  # nothing of these goes into the rows
DATA = {"seeds", "parallel corpus"}
SAYS_NOTHING = {"", "unknown", "other"}  # what a card may call a licence without naming one
CREATIVE_COMMONS = re.compile(r"cc-by(?P<nc>-nc)?(?P<sa>-sa)?(?P<nd>-nd)?-(?P<version>\d\.\d)(-[a-z]+)?")


class Terms(NamedTuple):
    """What the head of a card says of a set's licence, and what its readers should know."""

    licence: str  # as the Hub names it; "unknown", or "other" where it has no name for it
    name: str | None  # of the licence where it is "other": the head's `license_name`
    sentences: list[str]  # plain text, not Markdown


class Asks(NamedTuple):
    """What a licence asks of those who pass on what was made with the work."""

    attribution: bool = False
    share_alike: bool = False
    non_commercial: bool = False
    no_derivatives: bool = False


def of(ingredient: Ingredient) -> str | None:
    """The licence of an ingredient, in lower case: what it says itself, else what is known of its name.

    A directory is known by the last part of a model's name, such as `nllb-200-distilled-600M`, if that has a hyphen in
    it: a single word could be the name of anything.
    """
    name = ingredient.name.partition(":")[0]
    return _named(ingredient.licence) or _facts().known.get(name) or _facts().directories.get(name)


def unknown(ingredients: Iterable[Ingredient]) -> list[str]:
    """The names of those that go into a set and whose licence nobody knows."""
    return list(dict.fromkeys(part.name for part in ingredients if _binds(part) and of(part) is None))


def combined(ingredients: Sequence[Ingredient], told: str | None = None) -> Terms:
    """The licence of a set: the strictest of those of its ingredients.

    Models count as data does: a model's licence is taken to hold for what it wrote, translated, aligned or chose;
    only those made for software ask nothing of texts. What several Creative Commons licences ask is asked together,
    also where they do not fully agree; the sentences then say so. Terms of their own (Llama, Gemma, OpenRAIL) stand
    alone, or beside what asks no more than that authors be named. Beside anything else the licence is "other", with
    all names: the Hub has no licence that holds both, and to name one of them would hide the other.

    Args:
        ingredients: of a manifest; test sets and sets that the texts were only compared with do not count.
        told: by who publishes the set; it wins, and the sentences still say what the ingredients are.
    """
    parts = [part for part in ingredients if _binds(part)]
    reaching = {licence: None for part in parts if (licence := of(part)) and _reaches(licence, part)}
    said = [*_each(parts), *_disagreements(list(reaching))]
    licence, name = "unknown", None
    if chosen := _named(told):
        licence, name = _on_hub(chosen)
        said.append(f"Who publishes this set gives it the licence {chosen}.")
    elif unknown(parts):
        said.append("So the licence of this set is unknown: ask who made it before you use it or pass it on.")
    elif reaching:
        licence, name = _strictest(sorted(reaching))
        said += _outcome(licence, name)
    return Terms(licence, name, [*said, "This is a summary of licences, and no legal advice."])


def _named(licence: str | None) -> str | None:
    clean = (licence or "").strip().lower()
    return None if clean in SAYS_NOTHING else clean


def _binds(part: Ingredient) -> bool:
    if part.role in COMPARED:
        return False
    if part.role == "scorer" and ":" in part.name:
        return False  # a function of the user's own
    # Questions that the generator wrote are under its licence, which is there already.
    return not (part.role == "seeds" and part.name == "magpie" and of(part) is None)


def _reaches(licence: str, part: Ingredient) -> bool:
    """Whether a licence asks something of the texts that were made with this ingredient."""
    return part.role in DATA or licence not in _facts().software


def _asks(licence: str) -> Asks | None:
    """What a licence asks; None: it has terms of its own."""
    if found := CREATIVE_COMMONS.fullmatch(licence):
        return Asks(True, *(bool(found[name]) for name in ("sa", "nc", "nd")))
    if licence == "odc-by":
        return Asks(attribution=True)
    return Asks() if licence in _facts().permissive else None


def _strictest(licences: Sequence[str]) -> tuple[str, str | None]:
    """The licence that asks all that these ask, as the Hub names it, and its name where that is "other"."""
    open_ones = {licence: asks for licence in licences if (asks := _asks(licence))}
    own = [licence for licence in licences if licence not in open_ones]
    together = Asks(*map(any, zip(*open_ones.values(), strict=True)))
    if not own:
        return _open(open_ones, together), None
    stands_alone = not any(together._replace(attribution=False))
    return _on_hub("-and-".join(own if stands_alone else [*own, _open(open_ones, together)]))


def _open(licences: Mapping[str, Asks], together: Asks) -> str:
    """One of these that asks everything, where none has a newer version; else the Creative Commons 4.0 that does."""
    whole = [licence for licence, asks in licences.items() if asks == together and licence in _facts().hub]
    if not together.attribution:
        return min(whole, key=_facts().permissive.index)
    newest = max(whole, key=_version, default="")
    if _version(newest) == max(map(_version, licences)):
        return newest
    non_commercial = "-nc" if together.non_commercial else ""
    alike = "-nd" if together.no_derivatives else "-sa" if together.share_alike else ""
    return f"cc-by{non_commercial}{alike}-4.0"


def _version(licence: str) -> str:
    found = CREATIVE_COMMONS.fullmatch(licence)
    return found["version"] if found else ""


def _on_hub(licence: str) -> tuple[str, str | None]:
    return (licence, None) if licence in _facts().hub else ("other", licence)


def _each(parts: Sequence[Ingredient]) -> Iterator[str]:
    """What each licence asks, with the ingredients that are under it."""
    groups: dict[tuple[str | None, str], dict[str, dict[str, None]]] = {}
    for part in parts:
        licence = of(part)
        meaning = _meaning(licence, part) if licence else ""
        groups.setdefault((licence, meaning), {}).setdefault(part.name, {})[part.role] = None
    for (licence, meaning), roles in groups.items():
        names = [f"{name} ({listed(list(own))})" for name, own in roles.items()]
        if licence:
            yield f"{listed(names)} {'is' if len(names) == 1 else 'are'} {licence}: {meaning}."
        else:
            yield f"The licence of {listed(names)} is not known."


def _meaning(licence: str, part: Ingredient) -> str:
    if not _reaches(licence, part):
        return "whoever passes on the model keeps to its terms; they ask nothing of texts that it made"
    asks = _asks(licence)
    if asks is None:
        return _facts().terms.get(licence, "it has terms of its own, to be read before use")
    meanings = {
        "no commercial use": asks.non_commercial,
        "altered versions, translations too, may not be passed on": asks.no_derivatives,
        "what is made from it is passed on under the same terms": asks.share_alike,
        "its authors are named": asks.attribution,
        "any use, as long as its notices stay": not any(asks),
    }
    return "; ".join(meaning for meaning, holds in meanings.items() if holds)


def _disagreements(licences: Sequence[str]) -> Iterator[str]:
    """Share-alike wants no terms but its own for what is made from it; another licence may have more of them."""
    for alike, other in permutations(licences, 2):
        asks, others = _asks(alike), _asks(other)
        if asks is None or not asks.share_alike:
            continue
        if others is None or any(theirs and not ours for ours, theirs in zip(asks, others, strict=True)):
            yield (
                f"{alike} and {other} do not fully agree: {alike} wants no terms but its own for what is made from it, "
                "the other has more of them. Ask their owners where it matters."
            )


def _outcome(licence: str, name: str | None) -> Iterator[str]:
    if name and "-and-" in name:
        yield f"No single licence holds all of these terms ({name}): who uses this set keeps to each of them."
    else:
        yield f"The licence of this set follows the strictest terms among these: {name or licence}."
    if "-nd-" in (name or licence):
        yield "This set is such an altered version: it may not be passed on without a permission."


class _Facts(NamedTuple):
    hub: frozenset[str]
    permissive: list[str]
    software: frozenset[str]
    terms: dict[str, str]
    known: dict[str, str]  # name -> licence
    directories: dict[str, str]  # last part of the name -> licence


@cache
def _facts() -> _Facts:
    text = (files("sdrrl_data.cards") / "licences.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    known = {name: licence for licence, forms in read["known"].items() for form in forms for name in _forms(form)}
    return _Facts(
        frozenset(read["hub"].split()),
        read["permissive"].split(),
        frozenset(read["software"].split()),
        read["terms"],
        known,
        {last: licence for name, licence in known.items() if "-" in (last := name.rpartition("/")[2])},
    )


def _forms(pattern: str) -> Iterator[str]:
    """What a name with braces stands for: `a{b,c}` for `ab` and `ac`."""
    found = re.search(r"\{([^}]*)\}", pattern)
    if not found:
        yield pattern
        return
    for choice in found[1].split(","):
        yield from _forms(pattern[: found.start()] + choice + pattern[found.end() :])
