"""One language under every name it goes by.

`languages.tsv` holds the 204 languages of FLORES-200, one a line: the code as NLLB's tokenizer spells it (so
Santali is `sat_Beng`), the label of fastText's lid.176, names from ISO 639-3 and CLDR. Of a language in two
scripts, the row whose tag names no script is the one that is meant where no script is named.
"""

import difflib
import functools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from sdrrl_data.errors import UserError


@dataclass(frozen=True)
class Language:
    """A language, or one script of it."""

    tag: str  # BCP 47, as short as it can be: "pt", "zh-Hant"
    flores: str  # FLORES-200 and NLLB: "por_Latn"
    fasttext: str | None  # label in lid.176, without "__label__"; None where that model does not know the language
    name: str  # in English: "Portuguese"


def find(query: str) -> Language:
    """The language that goes by this tag, code or name.

    A region counts only where it tells two languages apart: `pt-BR` is `pt`, but `zh-TW` is `zh-Hant`.

    Raises:
        UserError: no language goes by it; the sentence names the nearest ones.
    """
    key = _key(query)
    language = _exact(key)
    if language:
        return language
    near = [f"{language.name} ({language.tag})" for language in search(query)[:3]] if key else []
    hint = f"did you mean {_either(near)}?" if near else "`sdrrl-data languages` lists them all"
    raise UserError(f"there is no language {query!r}: {hint}")


def search(query: str) -> list[Language]:
    """The languages that a half-known name may mean, best first; all of them for an empty query.

    First the one that `find` finds, then those with a code or name that starts with the query, then those
    with a word that does. Where there is none of these, those with a similar name.
    """
    key = _key(query)
    names = sorted(_index().items(), key=lambda item: item[1].name)
    found = [
        *filter(None, [_exact(key)]),
        *(language for name, language in names if name.startswith(key)),
        *(language for name, language in names if f" {key}" in name),
    ]
    return list(dict.fromkeys(found or _similar(key)))


def _similar(key: str) -> list[Language]:
    index = _index()
    code, *_ = key.split()
    if code in index:  # a language in a script that the table does not know: "sr-Latn"
        return [index[code]]
    return [index[name] for name in difflib.get_close_matches(key, index, cutoff=0.7)]


def _exact(key: str) -> Language | None:
    index = _index()
    with_region = re.fullmatch("([a-z]{2,3}(?: [a-z]{4})?) (?:[a-z]{2}|[0-9]{3})", key)
    return index.get(key) or (index.get(with_region[1]) if with_region else None)


def _key(name: str) -> str:
    """What names are compared by: letters without accents and case, a single space for what lies between."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", letters.casefold()).strip()


@functools.cache
def _index() -> dict[str, Language]:
    """Every key that means a language."""
    lines = Path(__file__).with_name("languages.tsv").read_text(encoding="utf-8").splitlines()
    index = {}
    for line in lines[1:]:
        flores, tag, fasttext, name, codes, names = line.split("\t")
        language = Language(tag, flores, fasttext or None, name)
        first, script = flores.split("_")
        keys = [name, *names.split("; ")] if names else [name]
        for code in (first, tag.split("-")[0], *codes.split()):
            if "-" in code:  # a script or region that means this very language: "zh-TW"
                keys.append(code)
            else:
                keys.append(f"{code}-{script}")
                if "-" not in tag:  # what is meant where no script is given
                    keys.append(code)
        index.update({_key(key): language for key in keys})
    return index


def _either(choices: list[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last
