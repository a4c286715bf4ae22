"""The figures of a run, counted from its tables."""

from collections.abc import Mapping, Sequence

import polars as pl

from sdrrl_data.recipe import ContaminationConfig, Recipe, translator_names
from sdrrl_data.run import Contaminated, Count, Counts, Kind, Run, TargetCount
from sdrrl_data.scoring import contamination
from sdrrl_data.steps import filter_report
from sdrrl_data.steps.verdicts import TEXTS

MOST_REASONS = 10  # the others are in the tables


def count(run: Run, mixes: Mapping[str, Sequence[Kind]], recipe: Recipe) -> Counts:
    """The rows in and out of each step, and what became of them in each target.

    Args:
        run: a run that has all its tables.
        mixes: target -> how its rows were mixed.
        recipe: of the run.
    """
    translators = translator_names(recipe.translator)
    seeds, answers = run.table("seeds"), run.table("answers")
    counts = Counts()
    seed_rows = seeds.count()
    counts.steps["seeds"] = _count(seed_rows + seeds.set_aside().height, seed_rows, seeds.set_aside())
    answer_rows = answers.count()
    counts.steps["answers"] = _count(seed_rows, answer_rows, answers.set_aside())
    counts.answers = _marked(answers.read_all())
    for tag, kinds in mixes.items():
        several = [f"translations-{name}" for name in translators] if len(translators) > 1 else []
        for name in (*several, "translations"):
            table = run.table(f"{tag}/{name}")
            counts.steps[table.name] = _count(answer_rows, table.count(), table.set_aside())
        parallel = run.table(f"{tag}/parallel")
        if not parallel.set_aside().is_empty():
            bad = parallel.set_aside()
            counts.steps[f"{tag}/parallel"] = _count(parallel.count() + bad.height, parallel.count(), bad)
        counts.targets[tag] = _target(run, tag, kinds)
        if several:
            counts.targets[tag].translators = _chosen(run.table(f"{tag}/translations").read_all())
        if any(isinstance(scorer_config, ContaminationConfig) for scorer_config in recipe.scorers):
            counts.targets[tag].contamination = _contaminated(run.table(f"{tag}/scores-contamination").read_all())
    return counts


def _count(rows_in: int, rows_out: int, set_aside: pl.DataFrame) -> Count:
    # Reasons that differ only in an id or a number count as one.
    alike = set_aside.with_columns(alike=pl.col("reason").str.replace_all(r"\b([0-9a-f]{16}|\d+)\b|“.*”", "…"))
    reasons = (
        alike.group_by("alike")
        .agg(
            pl.when(pl.col("reason").n_unique() == 1).then(pl.col("reason").first()).otherwise(pl.col("alike").first()),
            rows=pl.len(),
        )
        .sort("rows", "reason", descending=[True, False])
        .head(MOST_REASONS)
    )
    return Count(rows_in=rows_in, rows_out=rows_out, set_aside=dict(reasons.select("reason", "rows").iter_rows()))


def _marked(answers: pl.DataFrame) -> dict[str, int]:
    """How many answers have each fault, and how many were replaced by the source's own answer."""
    faults = answers["faults"].explode().drop_nulls().value_counts(sort=True)
    replaced = answers.filter(author="reference").height
    return dict(faults.iter_rows()) | ({"from the reference": replaced} if replaced else {})


def _chosen(translations: pl.DataFrame) -> dict[str, int]:
    """How many questions and answers each translator translated."""
    names = pl.concat([translations["question_translator"], translations["answer_translator"]])
    return dict(
        names.value_counts(sort=True).sort("count", "question_translator", descending=[True, False]).iter_rows()
    )


def _contaminated(scores: pl.DataFrame) -> list[Contaminated]:
    return [Contaminated(**row) for row in contamination.found(scores).iter_rows(named=True)]


def _target(run: Run, tag: str, kinds: Sequence[Kind]) -> TargetCount:
    verdicts = run.table(f"{tag}/verdicts").read_all()
    passes = verdicts.select(pl.col(TEXTS) > 0)
    rows = run.read_dataset(f"{tag}/transfer_set")
    return TargetCount(
        pairs=verdicts.height,
        kept=passes.filter(*TEXTS).height,
        kept_texts={text: int(passes[text].sum()) for text in TEXTS},
        filters=filter_report.report(verdicts),
        removed=filter_report.removed(verdicts),
        mix=list(kinds),
        rows={split: rows.filter(split=split).height for split in ("train", "test")},
    )
