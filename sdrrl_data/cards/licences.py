"""The licence under which a dataset may be passed on, from the licences of its ingredients."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import permutations
from typing import Any, NamedTuple

import yaml

from sdrrl_data.cards.markdown import join_names
from sdrrl_data.protocols import Ingredient
from sdrrl_data.scoring import compared_sets, item_sets
from sdrrl_data.suggestions import closest

COMPARED = {compared_sets.ROLE, item_sets.ROLE}  # the rows hold nothing of these
DATA = {"seeds", "parallel corpus"}
NOT_A_NAME = {"", "unknown", "other"}  # what a card may write instead of a licence's name
CREATIVE_COMMONS = re.compile(r"cc-by(?P<nc>-nc)?(?P<sa>-sa)?(?P<nd>-nd)?-(?P<version>\d\.\d)(-[a-z]+)?")


class Terms(NamedTuple):
    """What a card says of the licence of its dataset."""

    licence: str  # the Hub's name for it; "unknown", or "other" if the Hub has no name for it
    name: str | None  # of the licence if it is "other": the head's `license_name`
    sentences: list[str]  # plain text, not Markdown


class Asks(NamedTuple):
    """What a licence asks of people who pass on what they made with the work."""

    attribution: bool = False
    share_alike: bool = False
    non_commercial: bool = False
    no_derivatives: bool = False


def of(ingredient: Ingredient) -> list[str]:
    """The licences of an ingredient, in lower case: those that it states, else the one that is known for its name.

    Of an ingredient with several licences, each is taken to apply to a part of it. If one is not known, none is.

    A directory is recognised by the last part of a model's name, such as `nllb-200-distilled-600M`, if that part has a
    hyphen: a single word could be the name of anything.
    """
    name = ingredient.name.partition(":")[0]
    known = _facts().known.get(name) or _facts().directories.get(name)
    return _names(ingredient.licence) or ([known] if known else [])


def unknown(ingredients: Iterable[Ingredient]) -> list[str]:
    """The names of the ingredients of a dataset whose licence is not known."""
    return list(dict.fromkeys(part.name for part in ingredients if _binds(part) and not of(part)))


def doubts(chosen: str | None) -> Iterator[str]:
    """What to say to a publisher whose licence the Hub has no name for."""
    for name in _names(chosen):
        if _on_hub(name) != (name, None):
            similar = closest(name, _facts().hub, most=1)
            instead = f"; did you mean {similar[0]}?" if similar else ""
            yield f"{name} is no licence that the Hub knows: the card says `other`, with this name{instead}"


def combined(ingredients: Sequence[Ingredient], chosen: str | None = None, stated: str | None = None) -> Terms:
    """The licence of a dataset: the strictest of its ingredients' licences.

    Models count as data does: the licence of a model is taken to apply to what it wrote, translated, aligned or chose.
    Only licences for software ask nothing of texts. If there are several Creative Commons licences, the dataset asks
    what any of them asks; if they do not fully agree, the sentences say so. A licence with its own terms (Llama, Gemma,
    OpenRAIL) is used alone if the others ask for no more than that authors be named. Otherwise the licence is "other",
    with all names: the Hub has no licence with the terms of both, and to name only one of them would hide the other.

    Args:
        ingredients: of a manifest. Test sets, and sets that the texts were only compared with, do not count.
        chosen: the licence that the publisher chose. It is used whatever the ingredients are; the sentences still
            describe their licences.
        stated: the licence in the card that is there: it is used where those of the ingredients say nothing.
    """
    parts = [part for part in ingredients if _binds(part)]
    binding = list(dict.fromkeys(licence for part in parts for licence in of(part) if _applies_to_texts(licence, part)))
    sentences = [*_each(parts), *_disagreements(binding)]
    licence, name = "unknown", None
    if chosen_name := ", ".join(_names(chosen) or (_names(stated) if unknown(parts) else [])):
        licence, name = _on_hub(chosen_name)
        sentences.append(f"The publisher of this dataset gives it the licence {chosen_name}.")
    elif unknown(parts):
        sentences.append(
            "So the licence of this dataset is unknown: ask the people who made it before you use it or pass it on."
        )
    elif binding:
        licence, name = _strictest(sorted(binding))
        sentences += _outcome(licence, name)
    return Terms(licence, name, [*sentences, "This is a summary of the licences and not legal advice."])


def _names(licences: str | None) -> list[str]:
    """Names of licences, separated by commas; none if one of them is not a name."""
    names = [name.strip().lower() for name in (licences or "").split(",")]
    return [] if NOT_A_NAME & {*names} else list(dict.fromkeys(names))


def _binds(part: Ingredient) -> bool:
    if part.role in COMPARED:
        return False
    if part.role == "scorer" and ":" in part.name:
        return False  # a function that the user wrote
    # Questions that the generator wrote are under its licence, and the generator is an ingredient itself.
    return not (part.role == "seeds" and part.name == "magpie" and not of(part))


def _applies_to_texts(licence: str, part: Ingredient) -> bool:
    """Whether a licence applies to the texts that were made with this ingredient."""
    return part.role in DATA or licence not in _facts().software


def _asks(licence: str) -> Asks | None:
    """What a licence asks; None: it has its own terms."""
    if match := CREATIVE_COMMONS.fullmatch(licence):
        return Asks(True, *(bool(match[name]) for name in ("sa", "nc", "nd")))
    if licence == "odc-by":
        return Asks(attribution=True)
    return Asks() if licence in _facts().permissive else None


def _strictest(licences: Sequence[str]) -> tuple[str, str | None]:
    """The licence that asks everything that these ask, as the Hub names it, and its name if that is "other"."""
    open_licences = {licence: asks for licence in licences if (asks := _asks(licence))}
    special_licences = [licence for licence in licences if licence not in open_licences]
    together = Asks(*map(any, zip(*open_licences.values(), strict=True)))
    if not special_licences:
        return _open(open_licences, together), None
    alone = not any(together._replace(attribution=False))
    return _on_hub("-and-".join(special_licences if alone else [*special_licences, _open(open_licences, together)]))


def _open(licences: Mapping[str, Asks], together: Asks) -> str:
    """One of these that asks everything, if no other has a newer version; else the Creative Commons 4.0 that does."""
    complete = [licence for licence, asks in licences.items() if asks == together and licence in _facts().hub]
    if not together.attribution:
        return min(complete, key=_facts().permissive.index)
    newest = max(complete, key=_version, default="")
    if _version(newest) == max(map(_version, licences)):
        return newest
    non_commercial = "-nc" if together.non_commercial else ""
    alike = "-nd" if together.no_derivatives else "-sa" if together.share_alike else ""
    return f"cc-by{non_commercial}{alike}-4.0"


def _version(licence: str) -> str:
    match = CREATIVE_COMMONS.fullmatch(licence)
    return match["version"] if match else ""


def _on_hub(licence: str) -> tuple[str, str | None]:
    return (licence, None) if licence in _facts().hub else ("other", licence)


def _each(parts: Sequence[Ingredient]) -> Iterator[str]:
    """What each licence asks, with the ingredients that have it."""
    groups: dict[tuple[str | None, str], dict[str, dict[str, None]]] = {}  # -> name of an ingredient -> its roles
    for part in parts:
        licences: list[str | None] = [*of(part)]
        for licence in licences or [None]:
            meaning = _meaning(licence, part) if licence else ""
            groups.setdefault((licence, meaning), {}).setdefault(part.name, {})[part.role] = None
    for (licence, meaning), roles_of_names in groups.items():
        names = [f"{name} ({join_names(list(roles))})" for name, roles in roles_of_names.items()]
        if licence:
            yield f"{join_names(names)} {'has' if len(names) == 1 else 'have'} the licence {licence}: {meaning}."
        else:
            yield f"The licence of {join_names(names)} is not known."


def _meaning(licence: str, part: Ingredient) -> str:
    if not _applies_to_texts(licence, part):
        return "its terms apply to the model itself, not to the texts that the model made"
    asks = _asks(licence)
    if asks is None:
        return _facts().terms.get(licence, "it has its own terms; read them before you use the dataset")
    meanings = {
        "no commercial use": asks.non_commercial,
        "changed versions may not be passed on, and a translation is a changed version": asks.no_derivatives,
        "what is made from it must be passed on under the same terms": asks.share_alike,
        "its authors must be named": asks.attribution,
        "any use is allowed if its notices stay": not any(asks),
    }
    return "; ".join(meaning for meaning, holds in meanings.items() if holds)


def _disagreements(licences: Sequence[str]) -> Iterator[str]:
    """A share-alike licence allows only its own terms for what is made from the work; another licence may add more."""
    for alike, other in permutations(licences, 2):
        alike_asks, other_asks = _asks(alike), _asks(other)
        if alike_asks is None or not alike_asks.share_alike:
            continue
        if other_asks is None or any(
            more and not allowed for allowed, more in zip(alike_asks, other_asks, strict=True)
        ):
            yield (
                f"{alike} and {other} do not fully agree: {alike} allows only its own terms for what is made from it, "
                f"and {other} has more terms. If this matters to you, ask the owners."
            )


def _outcome(licence: str, name: str | None) -> Iterator[str]:
    if name and "-and-" in name:
        yield f"No single licence has all of these terms ({name}): if you use this dataset, follow each of them."
    else:
        yield f"The licence of this dataset has the strictest of these terms: {name or licence}."
    if "-nd-" in (name or licence):
        yield "This dataset is such a changed version: it may not be passed on without permission."


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
    content: dict[str, Any] = yaml.safe_load(text)
    known = {name: licence for licence, forms in content["known"].items() for form in forms for name in _forms(form)}
    return _Facts(
        frozenset(content["hub"].split()),
        content["permissive"].split(),
        frozenset(content["software"].split()),
        content["terms"],
        known,
        {last: licence for name, licence in known.items() if "-" in (last := name.rpartition("/")[2])},
    )


def _forms(pattern: str) -> Iterator[str]:
    """The names that a name with braces stands for: `ab` and `ac` for `a{b,c}`."""
    braces = re.search(r"\{([^}]*)\}", pattern)
    if not braces:
        yield pattern
        return
    for choice in braces[1].split(","):
        yield from _forms(pattern[: braces.start()] + choice + pattern[braces.end() :])
