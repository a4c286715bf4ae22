"""One language under every name it goes by.

`languages.tsv` holds the 204 languages of FLORES-200, one a line: the code as NLLB's tokenizer spells it (so
Santali is `sat_Beng`), our tag, the label of fastText's lid.176, the English name, then the codes and names that
langcodes does not know or knows as something else, and FLORES-200's own names. langcodes knows the rest. Of a
language in two scripts, the row whose tag names no script is the one that is meant where no script is named.

The English names are our own because langcodes needs a second and 340 MB to name its first language.
"""

import difflib
import functools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UnknownLanguage

RELATED = 15  # langcodes' distance: a language of the same macrolanguage, or one that its readers read as well
# Characters of a tag or name. The longest that langcodes has is 77; its parser calls itself for every part of a tag.
LONGEST = 200


@dataclass(frozen=True)
class Language:
    """A language, or one script of it."""

    tag: str  # BCP 47, as short as it can be: "pt", "zh-Hant"
    flores: str  # FLORES-200 and NLLB: "por_Latn"
    fasttext: str | None  # label in lid.176, without "__label__"; None where that model does not know the language
    name: str  # in English: "Portuguese"

    def name_in(self, other: "Language") -> str:
        """What it is called in another language: "portugais"; its English name where that is not known."""
        import langcodes

        return self.name if other.tag == "en" else str(langcodes.get(self.tag).display_name(other.tag))


def find(query: str) -> Language:
    """The language that goes by this tag, code or name; the name may be in any language.

    A region counts only where it tells two languages or scripts apart: `pt-BR` is `pt`, but `zh-TW` is `zh-Hant`.

    Raises:
        UserError: FLORES-200 has no language that goes by it; the sentence names the nearest ones.
    """
    language = _exact(query)
    if language:
        return language
    near = (_related(query) or search(query))[:3] if _key(query) else []
    names = [f"{language.name} ({language.tag})" for language in near]
    hint = f"did you mean {_either(names)}?" if names else "`sdrrl-data languages` lists them all"
    raise UnknownLanguage(f"there is no language {query!r} in FLORES-200: {hint}")


def search(query: str) -> list[Language]:
    """The languages that a half-known name may mean, best first; all of them for an empty query.

    First the one that `find` finds, then those with a code or name that starts with the query, then those
    with a word that does. Where there is none of these, those that are related to it or have a similar name.
    """
    key = _key(query)
    exact = _exact(query)
    names = sorted(_index().items(), key=lambda item: item[1].name)
    matches = [
        *([exact] if exact else []),
        *(language for name, language in names if name.startswith(key)),
        *(language for name, language in names if f" {key}" in name),
    ]
    return list(dict.fromkeys(matches or _related(query) or _similar(query)))


def _exact(query: str) -> Language | None:
    language = _index().get(_key(query))
    tag = None if language else _tag(query)
    return _of_tag(tag) if tag else language


def _tag(query: str) -> str | None:
    """The tag that this is, or that langcodes has for this name, if any.

    langcodes has names for codes too that are not tags: the range `qaa..qtz` for private use, and Wiktionary's codes,
    in which the code of another language may stand (`mkh-vie-pro` is Proto-Vietic, not Vietnamese).
    """
    import langcodes

    tag = _clean(query)
    if len(tag) > LONGEST:
        return None
    if langcodes.tag_is_valid(tag):
        return tag
    named = _tag_of_name(tag)
    return named if named and langcodes.tag_is_valid(named) else None


def _tag_of_name(name: str) -> str | None:
    # Not by langcodes.find: to it "Portuguese Creole" is Portuguese, because it starts with that name.
    from language_data.names import normalize_name

    name = normalize_name(unicodedata.normalize("NFC", name))
    for names in _names():
        if name in names:
            return str(names[name][0].decode())
    return _plain_names().get(name)


def _of_tag(tag: str) -> Language | None:
    import langcodes

    asked = langcodes.get(tag)
    script = asked.script
    if asked.territory and not script:  # a region counts where the language is written in another script
        usual = langcodes.Language.make(language=asked.language).maximize().script
        likely = asked.maximize().script
        script = likely if likely != usual else None
    for language in asked.extlangs or (asked.language, asked.prefer_macrolanguage().language):
        for key in (f"{language}-{asked.territory}", f"{language}-{script}" if script else str(language)):
            if _key(key) in _index():
                return _index()[_key(key)]
    return None


def _related(query: str) -> list[Language]:
    """For a language that FLORES-200 does not have: it in another script, and its like; for "jp", that of Japan."""
    import langcodes

    tag = _tag(query)
    if tag:
        distances = {row: langcodes.tag_distance(tag, row.tag, ignore_script=True) for row in _index().values()}
        related = sorted((row for row in distances if distances[row] < RELATED), key=distances.__getitem__)
        if related:
            return related
    country = langcodes.get(f"und-{query}") if re.fullmatch("[A-Za-z]{2}", query) else None
    language = _of_tag(str(country.maximize().language)) if country and country.is_valid() else None
    return [language] if language else []


def _similar(query: str) -> list[Language]:
    """Those with a similar name in the table; else, of the names in any language that begin alike, the similar ones."""
    key = _key(query)
    near = difflib.get_close_matches(key, _index(), cutoff=0.7)
    if near:
        return [_index()[name] for name in near]
    names = {_key(name): name for name in _names()[-1].keys(_clean(query).casefold()[:2])}
    languages = (_exact(names[name]) for name in difflib.get_close_matches(key, names, cutoff=0.7))
    return [language for language in languages if language]


def _clean(query: str) -> str:
    """Without NUL and lone surrogates, which the lookup of names cannot take."""
    return re.sub("[\0\ud800-\udfff]", "", query).strip()


def _key(name: str) -> str:
    """What names are compared by: letters without accents and case, a single space for what lies between."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", letters.casefold()).strip()


@functools.cache
def _index() -> dict[str, Language]:
    """Every key by which the table itself knows a language."""
    lines = Path(__file__).with_name("languages.tsv").read_text(encoding="utf-8").splitlines()
    index = {}
    for line in lines[1:]:
        flores, tag, fasttext, name, codes, names = line.split("\t")
        language = Language(tag, flores, fasttext or None, name)
        first, script = flores.split("_")
        keys = [name, *names.split("; ")] if names else [name]
        for code in (first, tag.split("-")[0], *codes.split()):
            if "-" in code:  # a script or region that means this very language: "fa-AF"
                keys.append(code)
            else:
                keys.append(f"{code}-{script}")
                if "-" not in tag:  # what is meant where no script is given
                    keys.append(code)
        index.update({_key(key): language for key in keys})
    return index


@functools.cache
def _names() -> list[Any]:
    """langcodes' names of all languages with their tags: those in English, then those in any language.

    English comes first because one word may name two languages: "Fala" is one of Spain, and French in Kwasio.
    """
    from language_data.names import load_trie
    from language_data.util import data_filename

    return [load_trie(data_filename(f"trie/{language}/name_to_language.marisa")) for language in ("en", "und")]


@functools.cache
def _plain_names() -> dict[str, str | None]:
    """Tags by the names in any language that only accents keep from plain letters, without these: "espanol"."""
    tags: dict[str, str | None] = {}
    for name, code in _names()[-1].items():
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        if len(plain) == len(name) and plain != name:
            tag = code.decode()
            tags[plain] = tag if tags.get(plain, tag) == tag else None  # a name of two languages means neither
    return tags


def _either(choices: list[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last
