"""Reads what a page shows of a run. Of a large run, only some parts are read, so that a page never takes long."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data.recipe import Recipe, score_tables
from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps import scores
from sdrrl_data.steps.verdicts import TEXTS

READ = 12_000  # seeds whose parts are read; of a longer run, these are spread over all of it
SEARCHED = 200  # further parts of a longer run that are searched for pairs which a rare filter fails
FIRST = 4_000  # rows of each split of a transfer set that are read; their order is random
FILES = 40  # of set-aside rows of a table that are read

Row = Mapping[str, Any]


class Scope(NamedTuple):
    """The parts of a target that are read: all parts of a small run."""

    parts: list[int]
    pairs: int  # in these parts
    of: int  # all pairs that were judged


def scope(run: Run, manifest: Manifest, tag: str) -> Scope:
    """Parts that are spread over the run, and parts that have examples of each filter which a text failed."""
    step = max(1, -(-sum(chain(*manifest.growths)) // READ))
    parts = sorted(_judged(run, manifest, tag))
    chosen = parts[::step]
    verdicts = run.table(f"{tag}/verdicts")
    if step > 1:
        target = manifest.counts.targets[tag]
        missing = {count.filter for count in target.filters}.difference(*(_filters(verdicts, part) for part in chosen))
        for part in [part for part in parts if part not in chosen][:: max(1, len(parts) // SEARCHED)]:
            if missing and (present := missing & _filters(verdicts, part)):
                missing -= present
                chosen.append(part)
    return Scope(sorted(chosen), sum(map(verdicts.rows, chosen)), manifest.counts.targets[tag].pairs)


def _judged(run: Run, manifest: Manifest, tag: str) -> set[int]:
    """The parts of which everything is there that a judged pair has: all of them, if the run is finished."""
    read = ("seeds", "answers", f"{tag}/translations")
    tables = [table for table in manifest.tables if table in read or table.startswith(f"{tag}/scores-")]
    return set.intersection(*(run.table(table).existing() for table in [*tables, f"{tag}/verdicts"]))


def _filters(verdicts: Any, part: int) -> set[str]:
    failures = verdicts.read(part)["failures"].explode().struct.field("filter")
    return set(failures.drop_nulls())


def choose(run: Run, tag: str, parts: Sequence[int], most: int, first: Collection[str]) -> list[str]:
    """Ids of pairs: first these, then in turn one that each filter has failed and one that none has.

    An id is a digest, so that the order of ids is random.
    """
    verdicts = pl.concat([run.table(f"{tag}/verdicts").read(part).select("id", "failures") for part in parts])
    failed = pl.col("failures").list.eval(pl.element().sort_by(pl.element().struct.field("weight"))).list.first()
    groups = (
        verdicts.select("id", filter=failed.struct.field("filter"))
        .sort("id")
        .group_by("filter", maintain_order=True)
        .agg("id")
    )
    return list(islice(dict.fromkeys([*first, *in_turn(groups["id"].to_list())]), most))


def in_turn(groups: Iterable[Iterable[str]]) -> Iterator[str]:
    """The first of each group, then the second of each, and so on."""
    return (item for turn in zip_longest(*groups) for item in turn if item is not None)


def pairs(run: Run, tag: str, recipe: Recipe, parts: Sequence[int], ids: Collection[str]) -> dict[str, Row]:
    """Everything that a run knows of some judged pairs, by id.

    Columns: `messages` of the seed; `source_answer`, `author`, `faults` of the answer; `question`, `question_units`,
    `answer`, `answer_units` of the translations; the weight of each text (`question_src_weight` and so on) and
    `failures` of the verdict; `scores`, a struct; `code_switched`, a list of rows of that table, if there is one.
    """
    found: dict[str, Row] = {}
    for part in parts:

        def of(table: str, part: int = part) -> pl.DataFrame:
            return run.table(table).read(part).filter(pl.col("id").is_in(list(ids)))

        verdicts = of(f"{tag}/verdicts")
        if verdicts.is_empty():
            continue
        scored = scores.joined([of(f"{tag}/{table}") for table in score_tables(recipe.scorers)])
        rows = verdicts.rename({text: f"{text}_weight" for text in TEXTS})
        for table in (
            of("seeds").select("id", "messages"),
            of("answers").select("id", "author", "faults", source_answer="answer"),
            of(f"{tag}/translations").select("id", "question", "question_units", "answer", "answer_units"),
            scored.select("id", scores=pl.struct(pl.exclude("id"))),
        ):
            rows = rows.join(table, on="id", how="left", maintain_order="left")
        switched: dict[str, list[Row]] = {}
        if run.table(f"{tag}/code_switched").has(part):
            for row in of(f"{tag}/code_switched").iter_rows(named=True):
                switched.setdefault(row["id"], []).append(row)
        found |= {row["id"]: row | {"code_switched": switched.get(row["id"], [])} for row in rows.iter_rows(named=True)}
    return found


def transfer_rows(run: Run, tag: str, seeds: Collection[str]) -> Iterator[Row]:
    """Rows of a transfer set: of each task, direction and kind in turn; those of these seeds first."""
    dataset = run.dataset(f"{tag}/transfer_set")
    rows = dataset.first(FIRST) if dataset.existing() else pl.DataFrame()
    if rows.is_empty():
        return iter(())
    rows = rows.with_row_index("place").sort(~pl.col("seed_id").is_in(list(seeds)), "place")
    in_group = pl.int_range(pl.len()).over("task", "direction", "code_switched")
    return rows.with_columns(turn=in_group).sort("turn", "place").iter_rows(named=True)


def set_aside(run: Run, table: str, parts: int, most: int) -> Iterator[Row]:
    """Rows that a table set aside: of each reason in turn."""
    read: list[pl.DataFrame] = []
    for part in range(parts):
        rows = run.table(table).set_aside(part)
        if not rows.is_empty():
            read.append(rows)
        if len(read) == FILES:
            break
    if not read:
        return iter(())
    rows = pl.concat(read).with_columns(turn=pl.int_range(pl.len()).over("reason"))
    return rows.sort("turn", maintain_order=True).head(most).iter_rows(named=True)


def characters(run: Run, tag: str, parts: Sequence[int]) -> dict[str, pl.Series]:
    """The lengths of texts in characters: by "question_src" and so on; of a question, its last turn."""
    columns: dict[str, list[pl.Series]] = {text: [] for text in TEXTS}
    last = pl.element().struct.field("content")
    for part in parts:
        translations = run.table(f"{tag}/translations").read(part)
        sources = run.table("seeds").read(part).join(run.table("answers").read(part), on="id")
        sources = sources.join(translations.select("id"), on="id", how="semi")
        for side, rows, question in (("src", sources, "messages"), ("tgt", translations, "question")):
            texts = rows.select(
                question=pl.col(question).list.eval(last).list.last().str.len_chars(),
                answer=pl.col("answer").str.len_chars(),
            )
            for text in texts.columns:
                columns[f"{text}_{side}"].append(texts[text])
    return {text: pl.concat(lengths) for text, lengths in columns.items() if lengths}


def switched(run: Run, tag: str, parts: Sequence[int]) -> pl.DataFrame:
    """The `ratio` of switched words that each row of `code_switched` reached, and its `shortfall`."""
    table = run.table(f"{tag}/code_switched")
    read = [table.read(part).select("ratio", "shortfall") for part in parts if table.has(part)]
    return pl.concat(read) if read else pl.DataFrame(schema={"ratio": pl.Float32, "shortfall": pl.String})
