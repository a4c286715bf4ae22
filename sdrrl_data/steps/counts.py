"""The figures of a run, counted from its tables."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import BaseModel

from sdrrl_data.protocols import Advance
from sdrrl_data.recipe import Recipe, translator_names
from sdrrl_data.run import (
    NOTHING_SET_ASIDE,
    Contaminated,
    Count,
    Counts,
    DirectCount,
    Kind,
    PairCount,
    Part,
    Run,
    TargetCount,
    Task,
)
from sdrrl_data.run.dataset import DISTILLATION, PREFERENCES, SPLITS, Dataset
from sdrrl_data.scoring import contamination
from sdrrl_data.steps import filter_report, transfer_set_step
from sdrrl_data.steps.model_pool import ModelPool
from sdrrl_data.steps.native_texts import NATIVE_TEXTS, TEXT_TRANSLATIONS
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.step import Step, Work, each
from sdrrl_data.steps.verdicts import TEXTS

MOST_REASONS = 10  # the others are in the tables
SCHEMA: Schema = {"of": pl.String, "figures": pl.String}  # a table, "faults", "chosen" or "target"; its figures as JSON
IN_LANGUAGE = 0.5  # a direct answer counts as in the target language from this probability on
FAULTS, CHOSEN, TARGET = "faults", "chosen", "target"
_VARYING = re.compile(r"\b[0-9a-f]{16}\b|\b\d+(?:\.\d+)*\b|“.*”")  # in reasons that count as one: ids, numbers, texts


class Faults(BaseModel):
    """The faults of the model's answers: fault, or "from the reference" -> answers."""

    answers: dict[str, int]


class Chosen(BaseModel):
    """From which model the answers were taken, if several answer: name -> answers."""

    answers: dict[str, int]


Figures = Iterator[tuple[str, BaseModel]]


@dataclass(frozen=True, kw_only=True)
class CountsStep(Step):
    """Counts the rows of one target at each step; or the rows of the tables that all targets share."""

    # 2: how many texts are beyond each bound
    # 3: numbers in which reasons differ are named by their range
    version: ClassVar[int] = 3
    makes: ClassVar[Literal["table"]] = "table"

    tag: str  # of the target; "" for the tables that all targets share

    @property
    def settings(self) -> Any:
        """None: it only counts what it reads."""
        return None

    @property
    def schema(self) -> Schema:
        """See `SCHEMA`."""
        return SCHEMA

    @contextmanager
    def open(self, run: Run, models: ModelPool, advance: Advance) -> Iterator[Work]:
        """Nothing has to be loaded."""

        def count_tables(_: Task) -> Part:
            figures = _of_target(run, self.tag, self._mix(run), self.recipe) if self.tag else _shared(run)
            rows = pl.DataFrame(list(_as_json(figures)), schema=SCHEMA, orient="row")
            advance(1)
            return Part(rows, NOTHING_SET_ASIDE)

        yield each(count_tables)

    def _mix(self, run: Run) -> list[Kind]:
        """How the transfer set was mixed. Version 0.1.0 kept no figures with it."""
        figures = run.dataset(f"{self.tag}/transfer_set").figures()
        if not figures:
            return transfer_set_step.mix_of(run, self.recipe, self.tag)
        return [Kind(**kind) for kind in figures["mix"]]


def read(run: Run, tables: Iterable[str]) -> Counts:
    """The figures that the counting steps wrote.

    Args:
        run: the run with the tables.
        tables: the paths of the counting steps' tables; missing ones are left out.
    """
    counts = Counts()
    for table in tables:
        if run.table(table).has(0):
            _add(counts, table.rpartition("/")[0], run.table(table).read(0).iter_rows())
    return counts


def count(run: Run, recipe: Recipe, tags: Sequence[str]) -> Counts:
    """Count everything again, even if the run has figures already.

    Args:
        run: a run whose tables all exist.
        recipe: the run's recipe.
        tags: the tags of its targets.
    """
    counts = Counts()
    _add(counts, "", _as_json(_shared(run)))
    for tag in tags:
        kinds = transfer_set_step.mix_of(run, recipe, tag)
        _add(counts, tag, _as_json(_of_target(run, tag, kinds, recipe)))
    return counts


def so_far(run: Run, recipe: Recipe, tags: Sequence[str]) -> Counts:
    """Count what an unfinished run has. A row that no step has made or set aside yet counts nowhere.

    Args:
        run: the run.
        recipe: the run's recipe.
        tags: the tags of its targets; those of which no pair is judged yet have no figures.
    """
    translators = translator_names(recipe.translator)
    candidates = [f"translations-{name}" for name in translators] if len(translators) > 1 else []
    native = [NATIVE_TEXTS, TEXT_TRANSLATIONS] if recipe.native else []
    names = [*native, "seeds", "answers", *(f"{tag}/{name}" for tag in tags for name in (*candidates, "translations"))]
    counts = Counts()
    for name in names:
        table, rows = run.table(name), run.table(name).count()
        refused = table.set_aside(columns=["reason"])
        counts.steps[name] = _count(rows + refused.height, rows, refused)
    if run.table("answers").parts():
        counts.answers = _marked(run.table("answers").read_columns(["faults", "author"]))
    judged = [tag for tag in tags if run.table(f"{tag}/verdicts").parts()]
    counts.targets = {tag: _target(run, tag, [], _rows(run, tag)) for tag in judged}
    return counts


def _add(counts: Counts, tag: str, rows: Iterable[tuple[str, str]]) -> None:
    """Put the figures of one counting step into their place in the counts."""
    for subject, figures in rows:
        if subject == FAULTS:
            counts.answers = Faults.model_validate_json(figures).answers
        elif subject == CHOSEN:
            counts.chosen = Chosen.model_validate_json(figures).answers
        elif subject == TARGET:
            counts.targets[tag] = TargetCount.model_validate_json(figures)
        else:
            counts.steps[subject] = Count.model_validate_json(figures)


def _as_json(figures: Figures) -> Iterator[tuple[str, str]]:
    return ((subject, model.model_dump_json()) for subject, model in figures)


def _shared(run: Run) -> Figures:
    answers, rows_in = run.table("answers"), None
    for name in (NATIVE_TEXTS, TEXT_TRANSLATIONS, "seeds", "answers"):
        if (table := run.table(name)).parts():
            rows, refused = table.count(), table.set_aside(columns=["reason"])
            yield name, _count(rows + refused.height if rows_in is None else rows_in, rows, refused)
            rows_in = rows
    yield FAULTS, Faults(answers=_marked(answers.read_all(columns=["faults", "author"])))
    if "generator" in answers.columns():
        by_model = answers.read_all(columns=["generator", "author"]).filter(author="model")
        taken = by_model.group_by("generator").len().sort("len", "generator", descending=[True, False])
        yield CHOSEN, Chosen(answers=dict(taken.iter_rows()))


def _of_target(run: Run, tag: str, kinds: Sequence[Kind], recipe: Recipe) -> Figures:
    translators = translator_names(recipe.translator)
    answers = run.table("answers").count()
    candidate_tables = [f"translations-{name}" for name in translators] if len(translators) > 1 else []
    for name in (*candidate_tables, "translations"):
        table = run.table(f"{tag}/{name}")
        yield table.name, _count(answers, table.count(), table.set_aside(columns=["reason"]))
    parallel = run.table(f"{tag}/parallel")
    refused = parallel.set_aside(columns=["reason"])
    if not refused.is_empty():
        yield parallel.name, _count(parallel.count() + refused.height, parallel.count(), refused)
    target = _target(run, tag, kinds, run.dataset(f"{tag}/transfer_set").rows())
    if recipe.direct_answers:
        direct = run.table(f"{tag}/direct_answers")
        asked = run.table(f"{tag}/translations").count()
        yield direct.name, _count(asked, direct.count(), direct.set_aside(columns=["reason"]))
        target.direct = _direct(run, tag)
    if candidate_tables:
        names = ["question_translator", "answer_translator"]
        target.translators = _chosen(run.table(f"{tag}/translations").read_all(columns=names))
    if any(isinstance(scorer, contamination.ContaminationConfig) for scorer in recipe.scorers):
        scores = run.table(f"{tag}/scores-contamination")
        found = [name for name in scores.columns() if name.removesuffix("_in").endswith("contamination")]
        target.contamination = _contaminated(scores.read_all(columns=found))
    yield TARGET, target


def _count(rows_in: int, rows_out: int, set_aside: pl.DataFrame) -> Count:
    reasons = (
        set_aside.group_by(alike=pl.col("reason").str.replace_all(_VARYING.pattern, "\0"))
        .agg(pl.col("reason").unique(), rows=pl.len())
        .sort("rows", "alike", descending=[True, False])
        .head(MOST_REASONS)
    )
    named = {_in_common(alike): rows for alike, rows in reasons.select("reason", "rows").iter_rows()}
    return Count(rows_in=rows_in, rows_out=rows_out, set_aside=named)


def _in_common(reasons: Sequence[str]) -> str:
    """One reason for several that differ only in what varies: with the range of each number, and … for all else."""
    places = zip(*(_VARYING.findall(reason) for reason in reasons), strict=True)
    texts = map(_range, places)
    return _VARYING.sub(lambda _: next(texts), reasons[0])


def _range(values: Collection[str]) -> str:
    numbers = sorted({*values}, key=lambda value: (len(value), value))  # which have no leading zero
    if len(numbers) == 1 or not all(map(str.isdecimal, values)):
        return numbers[0] if len(numbers) == 1 else "…"
    return f"{numbers[0]} to {numbers[-1]}"


def _marked(answers: pl.DataFrame) -> dict[str, int]:
    """How many answers have each fault, and how many were replaced by the reference answer."""
    faults = answers["faults"].explode().drop_nulls().value_counts(sort=True)
    replaced = answers.filter(author="reference").height
    return dict(faults.iter_rows()) | ({"from the reference": replaced} if replaced else {})


def _chosen(translations: pl.DataFrame) -> dict[str, int]:
    """How many questions and answers come from each translator."""
    names = pl.concat([translations["question_translator"], translations["answer_translator"]]).drop_nulls()
    return dict(
        names.value_counts(sort=True).sort("count", "question_translator", descending=[True, False]).iter_rows()
    )


def _contaminated(scores: pl.DataFrame) -> list[Contaminated]:
    return [Contaminated(**row) for row in contamination.found(scores).iter_rows(named=True)]


def _rows(run: Run, tag: str) -> dict[str, int]:
    """The rows of a transfer set that may not be there, or not whole."""
    transfer_set = run.dataset(f"{tag}/transfer_set")
    return transfer_set.rows() if transfer_set.existing() else dict.fromkeys(SPLITS, 0)


def _direct(run: Run, tag: str) -> DirectCount:
    reasons = run.table(f"{tag}/direct_answers").read_all(columns=["finish_reason"])
    scores = run.table(f"{tag}/direct_scores").read_all(columns=["language", "chrf"])
    return DirectCount(
        answers=reasons.height,
        finished=reasons.filter(finish_reason="stop").height,
        told=scores["language"].count(),
        in_language=scores.filter(pl.col("language") >= IN_LANGUAGE).height,
        chrf=float(scores["chrf"].mean() or 0.0),  # type: ignore[arg-type]
    )


def _target(run: Run, tag: str, kinds: Sequence[Kind], rows: dict[str, int]) -> TargetCount:
    preferences, distillation = (run.dataset(f"{tag}/{name}") for name in (PREFERENCES, DISTILLATION))
    pairs = kept = 0
    kept_texts, reports, removed = [], [], []
    for verdicts in run.table(f"{tag}/verdicts").read_batches():
        passed = verdicts.select(pl.col(TEXTS) > 0)
        pairs += verdicts.height
        kept += passed.filter(*TEXTS).height
        kept_texts.append({text: int(passed[text].sum()) for text in TEXTS})
        reports.append(filter_report.report(verdicts))
        removed.append(filter_report.removed(verdicts))
    return TargetCount(
        pairs=pairs,
        kept=kept,
        kept_texts=filter_report.summed(kept_texts),
        filters=filter_report.added(reports),
        removed=filter_report.summed(removed),
        mix=list(kinds),
        rows=rows,
        preferences=_pairs(preferences) if preferences.exists() else None,
        distillation=distillation.rows() if distillation.exists() else {},
    )


def _pairs(preferences: Dataset) -> PairCount:
    kinds: dict[str, dict[str, int]] = {}
    counted = preferences.read_columns(["direction", "rejected_kind"]).group_by("direction", "rejected_kind").len()
    for direction, kind, rows in counted.sort("direction", "rejected_kind").iter_rows():
        kinds.setdefault(direction, {})[kind] = rows
    return PairCount(rows=preferences.rows(), kinds=kinds, same=preferences.figures()["left_out"])
