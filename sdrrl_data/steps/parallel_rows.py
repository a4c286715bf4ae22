"""Rows of the transfer set made from an external parallel corpus: translation both ways, sentence completion."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import SetAside
from sdrrl_data.recipe import draws
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, sort_out
from sdrrl_data.sources.row_sources import on_hub
from sdrrl_data.sources.sentence_pairs import CorpusRow, pairs
from sdrrl_data.steps.prompts import PromptChooser
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.transfer_set import CANDIDATES
from sdrrl_data.text.words import HYPHENS, words

SCHEMA: Schema = {"id": pl.String, "source": pl.String, "src": pl.String, "tgt": pl.String}
FROM_HUB = 20_000  # pairs; ten times what the mix of a common set of 15,000 questions can use
# The beginning of a shorter sentence says too little about its end.
SHORTEST = 6  # words


def read(parallel: recipe.ParallelConfig | None, src: Language, tgt: Language) -> Part:
    """The sentence pairs for these two languages: the first ones of the corpus, as many as its `limit` says.

    Without a limit, all pairs of a file are read, and `FROM_HUB` pairs of a dataset on the Hub, of which no more is
    fetched. A row that is not a pair, or repeats an earlier pair, is set aside and not counted. A corpus of the same
    two languages can be used in both directions; a corpus of other languages gives no pairs.

    Raises:
        UserError: the corpus cannot be read, or has no pairs.
    """
    corpus_languages = _languages(parallel, src, tgt) if parallel else None
    if parallel is None or corpus_languages not in ((src, tgt), (tgt, src)):
        return Part(pl.DataFrame(schema=SCHEMA), NOTHING_SET_ASIDE)
    limit = parallel.limit or (FROM_HUB if on_hub(parallel.source) else None)
    written: list[tuple[str, str]] = []
    results: list[dict[str, str] | SetAside] = []
    seen: set[str] = set()
    for row in pairs(parallel, *corpus_languages):
        written.append((row.place, row.written))
        results.append(_pair(row, seen))
        if len(seen) == limit:
            break
    part = sort_out(pl.DataFrame(written, schema=["id", "line"], orient="row"), results, SCHEMA)
    if part.rows.is_empty():
        reason = next(iter(part.set_aside["reason"]), "it has no rows")
        raise UserError(f"parallel.source: no line of {parallel.source} is a pair of texts ({reason})")
    return (
        part if corpus_languages == (src, tgt) else part._replace(rows=part.rows.rename({"src": "tgt", "tgt": "src"}))
    )


def _languages(parallel: recipe.ParallelConfig, src: Language, tgt: Language) -> tuple[Language, Language]:
    """The first and the second language of a corpus; if one is not named, it is the run's other language."""
    first, second = (find(name) if name else None for name in (parallel.src, parallel.tgt))
    return first or (tgt if second == src else src), second or (src if first == tgt else tgt)


def _pair(row: CorpusRow, seen: set[str]) -> dict[str, str] | SetAside:
    if isinstance(row.sides, SetAside):
        return row.sides
    id = hashlib.blake2b("\t".join(row.sides).encode(), digest_size=8).hexdigest()
    if id in seen:
        return SetAside("the same pair stands in an earlier line")
    seen.add(id)
    return {"id": id, "source": row.place, "src": row.sides[0], "tgt": row.sides[1]}


def make(pairs: pl.DataFrame, choose_prompt: PromptChooser, src: str, tgt: str, seed: int) -> pl.DataFrame:
    """Each pair translated both ways, and each side completed if it is long enough."""
    rows: list[dict[str, Any]] = []
    for pair in pairs.iter_rows(named=True):
        rows += _translate(pair, choose_prompt, {"src": src, "tgt": tgt})
        rows += _complete(pair, choose_prompt, {"src": src, "tgt": tgt}, seed)
    return pl.DataFrame(rows, schema=CANDIDATES)


def _translate(
    pair: Mapping[str, str], choose_prompt: PromptChooser, tags: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for side, other in (("src", "tgt"), ("tgt", "src")):
        request = choose_prompt("translate", tags[side], f"{pair['id']}/{tags[side]}")
        yield _row(pair, "translate", tags[side], tags[other], f"{request}\n\n{pair[side]}", pair[other])


def _complete(
    pair: Mapping[str, str], choose_prompt: PromptChooser, tags: Mapping[str, str], seed: int
) -> Iterator[dict[str, Any]]:
    for side, tag in tags.items():
        text = pair[side]
        # Places where words begin, but not the second part of "sexta-feira".
        starts = [start for start, _ in words(text, tag) if not text.endswith(HYPHENS, 0, start)]
        if len(starts) < SHORTEST:
            continue
        # Cut between one third and two thirds of the words, so that both parts have enough words.
        place = 1 / 3 + draws.share(seed, "complete", pair["id"], tag) / 3
        cut = starts[round(place * len(starts))]
        request = choose_prompt("complete", tag, f"{pair['id']}/{tag}")
        yield _row(pair, "complete", tag, tag, f"{request}\n\n{text[:cut].rstrip()}", text[cut:])


def _row(
    pair: Mapping[str, str], task: str, prompt_tag: str, completion_tag: str, prompt: str, completion: str
) -> dict[str, Any]:
    direction = f"{prompt_tag}->{completion_tag}"
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
