"""What in a run looks like personal data, told before it leaves the machine."""

from collections import Counter
from collections.abc import Iterator

import polars as pl

from sdrrl_data.run import Manifest, Run
from sdrrl_data.scoring import personal

SHOWN = 3  # ids in a sentence
# A source text that is dropped takes its translation with it.
DROP = "drop such rows with --set thresholds.src_personal.max=0 (of the recipe's scorer `personal`)"
STAY = "`pull` needs this table, so it goes along whatever the thresholds drop: take such rows out of the seeds"


def warnings(run: Run, manifest: Manifest) -> Iterator[str]:
    """A sentence for each transfer set, and for the tables of seeds and answers, that holds any."""
    for tag in manifest.counts.targets:
        folder = f"{tag}/transfer_set"
        yield from _warning(folder, _texts(run.read_dataset(folder), "prompt", "completion"), DROP)
    for name, columns in {"seeds": ("messages", "reference"), "answers": ("answer", "reasoning")}.items():
        table = run.table(name)
        aside = table.set_aside().select("id", text="row")
        yield from _warning(f"the table {name}", pl.concat([_texts(table.read_all(), *columns), aside]), STAY)


def _texts(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The id of each row, with all that stands in these columns (texts, or messages)."""
    contents = pl.element().struct.field("content")
    own = [
        pl.col(name) if rows.schema[name] == pl.String else pl.col(name).list.eval(contents).list.join("\n")
        for name in columns
    ]
    return rows.select("id", text=pl.concat_str(own, separator="\n", ignore_nulls=True))


def _warning(where: str, rows: pl.DataFrame, mend: str) -> Iterator[str]:
    kinds: Counter[str] = Counter()
    ids = []
    for id, text in rows.iter_rows():
        found = {own.kind for own in personal.found(text)}
        kinds.update(found)
        ids += [id] * bool(found)
    if ids:
        counted = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        shown = ", ".join(ids[:SHOWN]) + (", …" if len(ids) > SHOWN else "")
        yield (
            f"{len(ids)} of {rows.height} rows of {where} hold what looks like an e-mail address or a key "
            f"({counted}; ids {shown}): {mend}"
        )
