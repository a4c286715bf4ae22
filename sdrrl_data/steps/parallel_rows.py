"""Rows of the transfer set that an external parallel corpus gives: translation both ways, sentence completion."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data import draws, recipe
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import SetAside
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, sort_out
from sdrrl_data.steps.prompts import Asking
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.transfer_set import CANDIDATES
from sdrrl_data.text.words import HYPHENS, words

SCHEMA: Schema = {"id": pl.String, "source": pl.String, "src": pl.String, "tgt": pl.String}
# A shorter sentence has no beginning from which its end could follow.
SHORTEST = 6  # words


def read(parallel: recipe.Parallel | None, src: Language, tgt: Language) -> Part:
    """The sentence pairs for these two languages; a line of the corpus that is no pair is set aside.

    A corpus of the same two languages serves in either direction, one of other languages gives no pairs.

    Raises:
        UserError: the file is missing, not UTF-8, or has no pair.
    """
    languages = [find(parallel.src), find(parallel.tgt)] if parallel else []
    if parallel is None or languages not in ([src, tgt], [tgt, src]):
        return Part(pl.DataFrame(schema=SCHEMA), NOTHING_SET_ASIDE)
    path = Path(parallel.source).expanduser()
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise UserError(f"parallel.source: {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UserError(f"parallel.source: {path} is not UTF-8, save it as UTF-8") from None
    places = [(f"{path.name}:{number}", line) for number, line in enumerate(lines, 1) if line.strip()]
    seen: set[str] = set()
    results = [_pair(place, line, seen) for place, line in places]
    part = sort_out(pl.DataFrame(places, schema=["id", "line"], orient="row"), results, SCHEMA)
    if part.rows.is_empty():
        raise UserError(f"parallel.source: no line of {path} is source<TAB>target")
    return part if languages == [src, tgt] else part._replace(rows=part.rows.rename({"src": "tgt", "tgt": "src"}))


def _pair(place: str, line: str, seen: set[str]) -> dict[str, str] | SetAside:
    fields = [field.strip() for field in line.split("\t")]
    if len(fields) != 2 or not all(fields):
        return SetAside("not source<TAB>target")
    id = hashlib.blake2b("\t".join(fields).encode(), digest_size=8).hexdigest()
    if id in seen:
        return SetAside("the same pair stands in an earlier line")
    seen.add(id)
    return {"id": id, "source": place, "src": fields[0], "tgt": fields[1]}


def make(pairs: pl.DataFrame, asking: Asking, src: str, tgt: str, seed: int) -> pl.DataFrame:
    """Each pair translated both ways, and each side of it completed where it is long enough."""
    rows: list[dict[str, Any]] = []
    for pair in pairs.iter_rows(named=True):
        rows += _translate(pair, asking, {"src": src, "tgt": tgt})
        rows += _complete(pair, asking, {"src": src, "tgt": tgt}, seed)
    return pl.DataFrame(rows, schema=CANDIDATES)


def _translate(pair: Mapping[str, str], asking: Asking, tags: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for asked, answered in (("src", "tgt"), ("tgt", "src")):
        ask = asking("translate", tags[asked], f"{pair['id']}/{tags[asked]}")
        yield _row(pair, "translate", tags[asked], tags[answered], f"{ask}\n\n{pair[asked]}", pair[answered])


def _complete(pair: Mapping[str, str], asking: Asking, tags: Mapping[str, str], seed: int) -> Iterator[dict[str, Any]]:
    for side, tag in tags.items():
        text = pair[side]
        # Where words begin, but not the second part of "sexta-feira".
        starts = [start for start, _ in words(text, tag) if not text.endswith(HYPHENS, 0, start)]
        if len(starts) < SHORTEST:
            continue
        # Cut between a third and two thirds of the words, so that something is given and something is left.
        place = 1 / 3 + draws.share(seed, "complete", pair["id"], tag) / 3
        cut = starts[round(place * len(starts))]
        ask = asking("complete", tag, f"{pair['id']}/{tag}")
        yield _row(pair, "complete", tag, tag, f"{ask}\n\n{text[:cut].rstrip()}", text[cut:])


def _row(pair: Mapping[str, str], task: str, asked: str, answered: str, prompt: str, completion: str) -> dict[str, Any]:
    direction = f"{asked}->{answered}"
    return {
        "id": f"{pair['id']}/{task}/{direction}",
        "seed_id": pair["id"],
        "kind": task,
        "task": task,
        "direction": direction,
        "prompt": [{"role": "user", "content": prompt}],
        "completion": [{"role": "assistant", "content": completion}],
        "code_switched": False,
        "switched": [],
        "weight": 1.0,
        "source": pair["source"],
    }
