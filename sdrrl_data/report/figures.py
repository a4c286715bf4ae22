"""The figures of a page, as the manifest and the tables have them: what each step got, lost, and took."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import polars as pl

from sdrrl_data.cards import meanings
from sdrrl_data.pipeline.status import Status
from sdrrl_data.recipe import Score, of_both_texts
from sdrrl_data.run import Count, Manifest, Run, TargetCount
from sdrrl_data.steps.native_texts import NATIVE_TEXTS, TEXT_TRANSLATIONS
from sdrrl_data.steps.reasons import Reasons

TASKS = {
    "answer": "answer a question",
    "translate": "translate a sentence",
    "complete": "complete a sentence",
    "pivot": "answer in the source language first",
    "contrast": "answer in the language that is asked for",
}
_STEPS = {
    NATIVE_TEXTS: "native texts read",
    TEXT_TRANSLATIONS: "texts translated",
    "seeds": "questions",
    "answers": "answered by the model",
    "translations": "translated",
    "parallel": "sentence pairs of the corpus",
}


class Stage(NamedTuple):
    """What a step left of the rows that it got."""

    name: str
    table: str
    rows_in: int
    rows_out: int
    share: float  # of the rows that came out, of the largest number in the list

    @property
    def lost(self) -> int:
        """Rows that did not come out."""
        return self.rows_in - self.rows_out


class Reason(NamedTuple):
    """Rows that a step set aside, or pairs of which a filter drops a text."""

    where: str  # a table; of a filter, its target
    why: str
    rows: int
    share: float  # of the rows that came there
    of_pairs: bool = False  # whether it is a filter's
    says: str = ""  # what the filter's score means


class Filter(NamedTuple):
    """What a filter does in one target."""

    name: str
    weight: float  # of a text that fails
    texts: list[int]  # that fail: question and answer in the source language, then in the target language
    pairs: int  # that lose a text by it
    only: int  # that lose a text by it and by no other filter


class Mixed(NamedTuple):
    """The rows of one kind in a transfer set."""

    kind: str
    says: str
    asked: float
    reached: float
    rows: int
    available: int


class Group(NamedTuple):
    """The rows of one task and direction in a transfer set."""

    task: str
    direction: str
    train: int
    test: int
    share: float  # of the rows of the largest group


class Time(NamedTuple):
    """How long a step took, in all calls of `generate`."""

    step: str
    seconds: float
    rows: int
    share: float  # of the time of the slowest step


class Tokens(NamedTuple):
    """The tokens of the answers, as far as the engine told them."""

    prompt: int
    completion: int


def stages(manifest: Manifest, tag: str) -> list[Stage]:
    """What became of the rows of a target, step by step."""
    target = manifest.counts.targets[tag]
    named = [(table, count) for table, count in manifest.counts.steps.items() if table.rpartition("/")[0] in ("", tag)]
    rows = [(_name(table), table, count.rows_in, count.rows_out) for table, count in named if "parallel" not in table]
    rows.append(("kept by every filter, in both languages", f"{tag}/verdicts", target.pairs, target.kept))
    most = max([1, *(rows_out for *_, rows_out in rows)])
    return [Stage(*row, row[-1] / most) for row in rows]


def _name(table: str) -> str:
    step = table.rpartition("/")[2]
    return _STEPS.get(step, step.replace("translations-", "translated by "))


def reasons(manifest: Manifest, scores: Mapping[str, Score]) -> list[Reason]:
    """Every reason for which rows were set aside, or pairs lose a text; the largest first.

    Args:
        manifest: of the run.
        scores: by column.
    """
    rows: list[Reason] = []
    for table, count in manifest.counts.steps.items():
        named = dict(count.set_aside)
        if others := _aside(count) - sum(named.values()):
            named["other reasons"] = others
        rows += [
            Reason(table, reason.removesuffix(": …"), number, number / max(count.rows_in, 1))  # texts that differ
            for reason, number in named.items()
        ]
    in_words = Reasons.of(manifest, scores)
    for tag, target in manifest.counts.targets.items():
        thresholds = manifest.target_recipe(tag).get("thresholds", {})
        for filter in target.filters:
            pairs, score = filter.alone["tgt->tgt"], scores.get(of_both_texts(filter.filter))
            why = in_words.of_filter(filter, thresholds.get(filter.filter))
            says = score.says.replace("`", "") if score else ""
            rows.append(Reason(tag, why, pairs, pairs / max(target.pairs, 1), True, says))
    return sorted((row for row in rows if row.rows), key=lambda row: -row.rows)


def _aside(count: Count) -> int:
    return count.rows_in - count.rows_out


def filters(target: TargetCount) -> list[Filter]:
    """What each filter does that a text failed; first those that drop most pairs."""
    rows = [
        Filter(
            count.filter,
            count.weight,
            [count.texts[text] for text in ("question_src", "answer_src", "question_tgt", "answer_tgt")],
            count.alone["tgt->tgt"],
            count.only["tgt->tgt"],
        )
        for count in target.filters
    ]
    return sorted(rows, key=lambda row: (-row.pairs, -sum(row.texts)))


def mix(target: TargetCount) -> list[Mixed]:
    """The kinds of rows of a transfer set, with the shares asked for."""
    taken = max(sum(kind.taken for kind in target.mix), 1)
    return [
        Mixed(kind.kind, meanings.KINDS.get(kind.kind, ""), kind.asked, kind.taken / taken, kind.taken, kind.available)
        for kind in target.mix
    ]


def groups(run: Run, tag: str) -> list[Group]:
    """The rows of a transfer set by task and direction."""
    dataset = run.dataset(f"{tag}/transfer_set")
    if not dataset.existing():
        return []
    rows = dataset.read_columns(["task", "direction", "code_switched", "split"])
    counted = (
        rows.group_by("task", "direction", "code_switched")
        .agg(train=(pl.col("split") == "train").sum(), test=(pl.col("split") == "test").sum())
        .sort("task", "code_switched", "direction")
    )
    largest = (counted["train"] + counted["test"]).max()
    return [
        Group(
            TASKS.get(row["task"], row["task"]) + (", code-switched" if row["code_switched"] else ""),
            row["direction"],
            row["train"],
            row["test"],
            (row["train"] + row["test"]) / largest,
        )
        for row in counted.iter_rows(named=True)
    ]


def times(run: Run) -> list[Time]:
    """How long each step took, in the order in which they began first."""
    steps = run.timings().group_by("step", maintain_order=True).agg(pl.col("seconds").sum(), pl.col("rows").sum())
    slowest = max([1e-9, *steps["seconds"]])
    return [Time(step, seconds, rows, seconds / slowest) for step, seconds, rows in steps.iter_rows()]


def tokens(run: Run) -> Tokens | None:
    """The tokens of all answers; None if the engine told none."""
    counted = run.table("answers").read_columns(["prompt_tokens", "completion_tokens"])
    sums = [int(counted[name].sum()) for name in counted.columns]
    return Tokens(*sums) if len(sums) == 2 and any(sums) else None


def duration(seconds: float) -> str:
    """A time in words: "3 h 20 min", "45 s", "0.3 s"."""
    if seconds < 0.05:
        return "< 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    first = next(number for number, (value, _) in enumerate(parts) if value)
    return " ".join(f"{value} {unit}" for value, unit in parts[first : first + 2] if value)


def missing(status: Status) -> str:
    """What an unfinished run lacks, in words: "answers (120 of 1,000 rows), pt/verdicts"."""
    tables = (table for table in status.tables if table.parts < table.of)
    return ", ".join(
        f"{table.table} ({table.rows:,} of {table.rows_wanted:,} rows)" if table.rows else table.table
        for table in tables
    )


def shortfalls(reasons_given: pl.Series) -> list[tuple[str, int]]:
    """Why texts have fewer switched words than asked for, with numbers left out; the most frequent first."""
    alike = reasons_given.drop_nulls().str.replace_all(r"\d+ of \d+", "too few").str.replace("^it has ", "")
    return [(reason, rows) for reason, rows in alike.value_counts(sort=True).iter_rows()]


def all_rows(targets: Sequence[TargetCount]) -> int:
    """The rows of all transfer sets."""
    return sum(chain.from_iterable(target.rows.values() for target in targets))
