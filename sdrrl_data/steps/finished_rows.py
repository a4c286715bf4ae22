"""Rows of a step that are finished already, so that no model is asked for them again."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property, lru_cache, partial
from typing import Any

import polars as pl

from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, fingerprint, together
from sdrrl_data.run.marks import is_lacking
from sdrrl_data.steps.step import EarlierPart, Job

# What a step reads of a seed and of an answer; of other tables it may read everything.
CONTENT = {"seeds": ["id", "messages"], "answers": ["id", "answer"], "texts": ["id", "text"]}


class FinishedRows:
    """Finds the finished rows of each part: its own, and those that the run has kept in other parts.

    A row of another part is used again if what it was made from is the same. (The settings are: see `Job.earlier`.)

    Args:
        run: has the parts.
        job: the step.
    """

    def __init__(self, run: Run, job: Job) -> None:
        self._run = run
        self._job = job
        self._content = lru_cache(maxsize=64)(partial(_content, job))

    def of(self, part: int, tables: Sequence[pl.DataFrame]) -> Part | None:
        """The finished rows of a part and its refused rows that are not asked for again; None if there are none.

        Args:
            part: its number.
            tables: this part of each table that the step reads.
        """
        if not self._job.step.reuses_rows:
            return None
        if not self._job.step.inputs:
            return self._first_rows(part)
        ids = tables[0]["id"].to_list()
        rows_of_part = self._job.finished_rows(self._run, part)
        contents = [] if rows_of_part is None else [Part(rows_of_part, NOTHING_SET_ASIDE)]
        finished_ids = set() if rows_of_part is None else set(rows_of_part["id"])
        if self._job.earlier:
            ids_of = defaultdict(list)
            for id, digest in self._digests(tables).items():
                earlier = self._places.get((id, digest))
                if earlier and id not in finished_ids:
                    ids_of[earlier].append(id)
            for earlier, wanted_ids in ids_of.items():
                is_wanted = pl.col("id").is_in(wanted_ids)
                content = self._content(earlier)
                contents.append(Part(content.rows.filter(is_wanted), content.set_aside.filter(is_wanted)))
        return together(contents, ids) if contents else None

    def journal(self, part: int, tables: Sequence[pl.DataFrame]) -> dict[str, Any]:
        """What the journals of unfinished earlier parts have that share seeds with this part.

        Of a step that reads nothing, also what a shorter earlier part with the same number had.
        """
        ids = set(tables[0]["id"]) if tables else set()
        rows: dict[str, Any] = {}
        for earlier in self._job.earlier:
            state, name = Run(earlier.folder), self._job.step.table
            if not self._job.step.inputs and part == earlier.part and state.table(name).has(part):
                rows |= self._job.step.journaled(state.table(name).part(part))
            _, path = state.table(name).files(earlier.part)
            if not path.exists():
                continue
            shares_seeds = (
                bool(ids & set(state.table(self._job.step.inputs[0]).read(earlier.part)["id"]))
                if self._job.step.inputs
                else part == earlier.part
            )
            if shares_seeds:
                rows |= state.table(name).unfinished_rows(earlier.part)
        return rows

    def is_complete(self, content: Part, tables: Sequence[pl.DataFrame]) -> bool:
        """Whether no row of a part is missing from its finished rows.

        Args:
            content: what `of` returned.
            tables: this part of each table that the step reads.
        """
        if not self._job.step.inputs:
            return True
        return self._job.step.wanted(tables) <= {*content.rows["id"], *content.set_aside["id"]}

    @cached_property
    def _places(self) -> dict[tuple[str, str], EarlierPart]:
        """Where the latest finished row is, by its id and a digest of what it was made from."""
        places: dict[tuple[str, str], EarlierPart] = {}
        for earlier in self._job.earlier:
            state = Run(earlier.folder)
            read = (self._job.step.table, *self._job.step.inputs)
            if not all(state.table(name).has(earlier.part) for name in read):  # answers of old have no samples
                continue
            content = self._content(earlier)
            digests = self._digests([state.table(name).read(earlier.part) for name in self._job.step.inputs])
            for id in (*content.rows["id"], *content.set_aside["id"]):
                places.setdefault((id, digests[id]), earlier)
        return places

    def _digests(self, tables: Sequence[pl.DataFrame]) -> dict[str, str]:
        """For each id a digest of what a row with this id is made from."""
        rows_of: dict[str, list[Any]] = defaultdict(list)
        for name, table in zip(self._job.step.inputs, tables, strict=True):
            columns = CONTENT.get(name, table.columns)
            if name == "seeds" and self._job.step.reads_references:
                columns = [*columns, "reference"]
            for row in table.select("id", pl.exclude("id")).select(columns).iter_rows():
                rows_of[row[0]].append([name, row])
        return {id: fingerprint(rows) for id, rows in rows_of.items()}

    def _first_rows(self, part: int) -> Part | None:
        """The first rows of an earlier part with the same number, for a step that reads nothing."""
        step = self._job.step
        for earlier in self._job.earlier:
            table = Run(earlier.folder).table(step.table)
            if earlier.part == part and table.has(part) and table.rows(part) >= step.sizes[part]:
                return step.shortened(table.part(part), step.sizes[part])
        return None


def _content(job: Job, earlier: EarlierPart) -> Part:
    """A part with its refused rows, if they are not asked for again."""
    table = Run(earlier.folder).table(job.step.table)
    content = table.part(earlier.part)
    if job.asks_again or is_lacking(table.written(earlier.part) or ""):
        return content._replace(set_aside=NOTHING_SET_ASIDE)
    return content
