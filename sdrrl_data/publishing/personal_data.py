"""Warns of what looks like personal data in a run, before it leaves the machine."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

import polars as pl

from sdrrl_data.publishing import staging
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.scoring import personal
from sdrrl_data.steps import samples
from sdrrl_data.steps.native_texts import NATIVE_TEXTS

SHOWN = 3  # ids in a sentence
# If a source text is dropped, its translation is dropped too.
DROP = "drop such rows with --set thresholds.src_personal.max=0 (of the recipe's scorer `personal`)"
STAY = (
    "`pull` needs this table, so all of it is published, whatever the thresholds drop: remove such rows from the seeds"
)


def warnings(run: Run, manifest: Manifest) -> Iterator[str]:
    """A sentence for each transfer set that has any, and for the tables of seeds and answers."""
    for tag in manifest.counts.targets:
        folder = f"{tag}/transfer_set"
        columns = ("prompt", "completion")
        yield from _warning(folder, map(_texts, run.dataset(folder).read_each(["id", *columns])), DROP)
    read: dict[str, tuple[str, ...]] = {
        NATIVE_TEXTS: ("text",),
        "seeds": ("messages", "reference"),
        "answers": ("answer", "reasoning"),
    }
    for name, of_row in read.items():
        if not (table := run.table(name)).parts():
            continue
        aside = (table.set_aside(part, ["id", "row"]) for part in range(table.parts()))
        yield from _warning(f"the table {name}", map(_texts, chain(table.read_batches(["id", *of_row]), aside)), STAY)
    for name in staging.sample_tables(run, samples.tables(recipe_of(run, manifest)).values()):
        batches = run.table(name).read_batches(["id", "samples"])
        written = (rows.explode("samples").unnest("samples") for rows in batches)
        texts = (rows.select("id", "text", "reasoning") for rows in written)
        yield from _warning(f"the table {name}", map(_texts, texts), STAY)


def _texts(rows: pl.DataFrame) -> pl.DataFrame:
    """The id of each row, and the text of its other columns (texts, or messages)."""
    contents = pl.element().struct.field("content")
    texts = [
        pl.col(name) if rows.schema[name] == pl.String else pl.col(name).list.eval(contents).list.join("\n")
        for name in rows.columns
        if name != "id"
    ]
    return rows.select("id", text=pl.concat_str(texts, separator="\n", ignore_nulls=True))


def _warning(where: str, tables: Iterable[pl.DataFrame], advice: str) -> Iterator[str]:
    counts: Counter[str] = Counter()
    ids: list[str] = []
    rows = 0
    for table in tables:
        rows += table.height
        for id, text in table.iter_rows():
            kinds = {match.kind for match in personal.found(text)}
            counts.update(kinds)
            ids += [id] * bool(kinds)
    if ids:
        counted = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
        shown = ", ".join(ids[:SHOWN]) + (", …" if len(ids) > SHOWN else "")
        yield (
            f"{len(ids)} of {rows} rows of {where} hold what looks like an e-mail address or a key "
            f"({counted}; ids {shown}): {advice}"
        )
