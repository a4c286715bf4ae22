"""Languages, found by any of their tags, codes and names.

`languages.tsv` has the 204 languages of FLORES-200, one per line: the code in the spelling of NLLB's tokenizer (so
Santali is `sat_Beng`), our tag, the label of fastText's lid.176, the English name, then the codes and names that
langcodes does not know or uses for something else, and the names of FLORES-200. langcodes knows the rest. If a language
has two scripts, the row whose tag names no script is used for queries that name no script.

The table has English names because langcodes needs a second and 340 MB to name its first language.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UnknownLanguage
from sdrrl_data.suggestions import closest, listed

RELATED = 15  # langcodes' distance: a language of the same macrolanguage, or one that most of its readers can read
# Characters of a tag or name. The longest name in langcodes has 77; its parser calls itself for every part of a tag.
LONGEST = 200


@dataclass(frozen=True)
class Language:
    """A language, or one script of it."""

    tag: str  # BCP 47, as short as possible: "pt", "zh-Hant"
    flores: str  # FLORES-200 and NLLB: "por_Latn"
    fasttext: str | None  # label in lid.176, without "__label__"; None if that model does not know the language
    name: str  # in English: "Portuguese"

    def name_in(self, other: "Language") -> str:
        """Its name in another language, such as "portugais"; its English name if that is not known."""
        import langcodes

        return self.name if other.tag == "en" else str(langcodes.get(self.tag).display_name(other.tag))


def find(query: str) -> Language:
    """The language with this tag, code or name; the name may be in any language.

    A region only matters if it distinguishes two languages or scripts: `pt-BR` is `pt`, but `zh-TW` is `zh-Hant`.

    Raises:
        UserError: there is no such language in the table; the message names the nearest languages.
    """
    language = _exact(query)
    if language:
        return language
    nearest = (_related(query) or search(query))[:3] if _key(query) else []
    names = [f"{language.name} ({language.tag})" for language in nearest]
    hint = f"did you mean {listed(names, 'or')}?" if names else "`sdrrl-data languages` lists them all"
    raise UnknownLanguage(f"there is no language {query!r} here: {hint}")


def reading(query: str) -> str | None:
    """A sentence that says which language a name is taken for; None where that is no question.

    That is where it is the tag, a code or the English name of a language; any other word may be a slip.

    Raises:
        UserError: as `find`.
    """
    language = find(query)
    plain = {language.tag, language.flores, language.flores.partition("_")[0], language.fasttext or "", language.name}
    if _key(query) in map(_key, plain):
        return None
    return f"{query} is taken for {language.name} ({language.tag})"


def search(query: str) -> list[Language]:
    """The languages that an incomplete or misspelt name may mean, best first; all languages for an empty query.

    First the language that `find` returns, then those with a code or name that starts with the query, then those with a
    word that starts with it. If there are none of these, related languages, or else those with a similar name.
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
    """The query if it is a tag, or langcodes' tag for this name, if there is one.

    langcodes also has names for codes that are not tags: the range `qaa..qtz` for private use, and Wiktionary's codes,
    which may contain the code of another language (`mkh-vie-pro` is Proto-Vietic, not Vietnamese).
    """
    import langcodes

    tag = _clean(query)
    if len(tag) > LONGEST:
        return None
    if langcodes.tag_is_valid(tag):
        return tag
    tag_of_name = _tag_of_name(tag)
    return tag_of_name if tag_of_name and langcodes.tag_is_valid(tag_of_name) else None


def _tag_of_name(name: str) -> str | None:
    # Without langcodes.find, which takes "Portuguese Creole" for Portuguese because it starts with that name.
    from language_data.names import normalize_name

    name = normalize_name(unicodedata.normalize("NFC", name))
    for names in _names():
        if name in names:
            return str(names[name][0].decode())
    return _plain_names().get(name)


def _of_tag(tag: str) -> Language | None:
    import langcodes

    parsed = langcodes.get(tag)
    script = parsed.script
    if parsed.territory and not script:  # a region matters if the language is written in another script there
        usual_script = langcodes.Language.make(language=parsed.language).maximize().script
        script_there = parsed.maximize().script
        script = script_there if script_there != usual_script else None
    for language in parsed.extlangs or (parsed.language, parsed.prefer_macrolanguage().language):
        for key in (f"{language}-{parsed.territory}", f"{language}-{script}" if script else str(language)):
            if _key(key) in _index():
                return _index()[_key(key)]
    return None


def _related(query: str) -> list[Language]:
    """For a language that FLORES-200 does not have: related ones, also in another script; for "jp", Japan's."""
    import langcodes

    tag = _tag(query)
    if tag:
        distances = {row: langcodes.tag_distance(tag, row.tag, ignore_script=True) for row in _index().values()}
        related = sorted((row for row in distances if distances[row] < RELATED), key=distances.__getitem__)
        if related:
            return related
    country = langcodes.get(f"und-{query}") if re.fullmatch("[A-Za-z]{2}", query) else None
    language = (
        _of_tag(str(country.maximize().language)) if country and "Unknown" not in country.territory_name() else None
    )
    return [language] if language else []


def _similar(query: str) -> list[Language]:
    """Languages with a similar name in the table; or else in langcodes, among names with the same first two letters."""
    key = _key(query)
    matches = closest(key, _index(), cutoff=0.72)
    if matches:
        return [_index()[name] for name in matches]
    names = {_key(name): name for name in _names()[-1].keys(_clean(query).casefold()[:2])}
    languages = (_exact(names[name]) for name in closest(key, names, cutoff=0.72))
    return [language for language in languages if language]


def _clean(query: str) -> str:
    """The query without NUL and lone surrogates, which the lookup of names cannot process."""
    return re.sub("[\0\ud800-\udfff]", "", query).strip()


def _key(name: str) -> str:
    """The form in which names are compared: without accents and case, a single space between words."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", letters.casefold()).strip()


@functools.cache
def _index() -> dict[str, Language]:
    """Every key in the table, with its language."""
    lines = Path(__file__).with_name("languages.tsv").read_text(encoding="utf-8").splitlines()
    index = {}
    for line in lines[1:]:
        flores, tag, fasttext, name, codes, names = line.split("\t")
        language = Language(tag, flores, fasttext or None, name)
        first, script = flores.split("_")
        keys = [name, *names.split("; ")] if names else [name]
        for code in (first, tag.split("-")[0], *codes.split()):
            if "-" in code:  # a code with a script or region for exactly this language: "fa-AF"
                keys.append(code)
            else:
                keys.append(f"{code}-{script}")
                if "-" not in tag:  # the language for queries that name no script
                    keys.append(code)
        index.update({_key(key): language for key in keys})
    return index


@functools.cache
def _names() -> list[Any]:
    """langcodes' names of all languages with their tags: the English names, then the names in all languages.

    English comes first because a word may name two languages: "Fala" is a language of Spain, and French in Kwasio.
    """
    from language_data.names import load_trie
    from language_data.util import data_filename

    return [load_trie(data_filename(f"trie/{language}/name_to_language.marisa")) for language in ("en", "und")]


@functools.cache
def _plain_names() -> dict[str, str | None]:
    """Tags by the names in any language that have plain letters and accents, without the accents: "espanol"."""
    tags: dict[str, str | None] = {}
    for name, code in _names()[-1].items():
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        if len(plain) == len(name) and plain != name:
            tag = code.decode()
            tags[plain] = tag if tags.get(plain, tag) == tag else None  # the name of two languages is ambiguous
    return tags
