"""What each filter keeps out of the transfer set, counted from the verdicts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import polars as pl

from sdrrl_data.run import FilterCount
from sdrrl_data.steps.transfer_set import CROSSINGS
from sdrrl_data.steps.verdicts import TEXTS


def added(reports: Iterable[Sequence[FilterCount]]) -> list[FilterCount]:
    """The reports of different verdicts as one, by the names of the filters."""
    by_filter: dict[str, list[FilterCount]] = {}
    for count in chain.from_iterable(reports):
        by_filter.setdefault(count.filter, []).append(count)
    return [
        FilterCount(
            filter=name,
            weight=counts[0].weight,
            texts=summed(count.texts for count in counts),
            alone=summed(count.alone for count in counts),
            only=summed(count.only for count in counts),
            bounds=summed(count.bounds for count in counts),
        )
        for name, counts in sorted(by_filter.items())
    ]


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Each figure added up; a mapping may lack some of them."""
    total: Counter[str] = Counter()
    for figures in counts:
        total.update(figures)
    return dict(total)


def report(verdicts: pl.DataFrame) -> list[FilterCount]:
    """The figures of each filter that a text failed, by name.

    A pair of question and answer is removed from a crossing if a text that the crossing needs is dropped.
    """
    failed = (
        verdicts.with_row_index("row")
        .select("row", "failures")
        .filter(pl.col("failures").list.len() > 0)
        .explode("failures")
        .unnest("failures")
    )
    bounds = failed.group_by("filter", "threshold").len().sort("threshold", descending=True)
    filters = failed.group_by("filter").agg(
        pl.col("weight").first(), texts=pl.struct((pl.col("text") == text).sum().alias(text) for text in TEXTS)
    )
    dropping = failed.filter(weight=0).group_by("row", "filter").agg(pl.col("text"))
    alone, only = {}, {}
    for kind in CROSSINGS:
        failing = dropping.filter(pl.col("text").list.eval(pl.element().is_in(_needed(kind))).list.any())
        alone[kind] = _by_filter(failing)
        only[kind] = _by_filter(failing.filter(pl.len().over("row") == 1))
    return [
        FilterCount(
            filter=name,
            weight=weight,
            texts=texts,
            alone={kind: alone[kind].get(name, 0) for kind in CROSSINGS},
            only={kind: only[kind].get(name, 0) for kind in CROSSINGS},
            bounds=dict(bounds.filter(filter=name).select("threshold", "len").iter_rows()),
        )
        for name, weight, texts in filters.sort("filter").iter_rows()
    ]


def removed(verdicts: pl.DataFrame) -> dict[str, int]:
    """How many pairs of question and answer all filters together remove from each crossing."""
    return {kind: verdicts.filter(pl.min_horizontal(_needed(kind)) == 0).height for kind in CROSSINGS}


def _needed(kind: str) -> list[str]:
    """The texts that a crossing needs: its question and answer, and their sources if they are translations."""
    question_side, answer_side = kind.split("->")
    return ["question_src", f"question_{question_side}", "answer_src", f"answer_{answer_side}"]


def _by_filter(rows: pl.DataFrame) -> dict[str, int]:
    return dict(rows.group_by("filter").len().iter_rows())
