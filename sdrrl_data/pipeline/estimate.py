"""What a run will take, before it is spent: tokens by counting, hours by measuring a few dozen rows."""

import json
import tempfile
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import polars as pl

from sdrrl_data import generation
from sdrrl_data.chat.conversations import conversation, sampling
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.protocols import Reporter, Request
from sdrrl_data.recipe import MagpieConfig, Recipe, SeedsConfig, draws
from sdrrl_data.run import Run
from sdrrl_data.steps.model_pool import Models

COUNTED = 2000  # prompts; of more, an even sample is counted
PROBED = 48  # rows


class Tokens(NamedTuple):
    """What the answers that are still missing will take. Numbers of tokens are for all of them."""

    prompts: int
    tokens_in: int | None  # None where only a server knows its tokenizer
    longest: int | None
    too_long: int | None  # prompts that will be set aside
    most_out: int  # if every answer were as long as it may be


class Cost(NamedTuple):
    """What a step will take, going by the rows that were measured."""

    step: str
    rows: int  # still to be done
    rows_per_second: float
    loading: float  # seconds

    @property
    def hours(self) -> float:
        """All in all."""
        return (self.loading + self.rows / self.rows_per_second) / 3600

    @property
    def target(self) -> str | None:
        """The tag of the target that it is for; None where all targets share it."""
        tag, slash, _ = self.step.partition("/")
        return tag if slash else None


class Probe(NamedTuple):
    """A few dozen rows, measured."""

    rows: int
    tokens_out: float | None  # the mean of an answer; None where a server does not report it
    costs: list[Cost]


def tokens(plan: Plan) -> Tokens:
    """Count the prompts of the answers that are missing, and their tokens, without loading the model."""
    settings, samples = plan.recipe.generator, plan.recipe.answers.samples
    missing = _missing_seeds(plan)
    prompts = sum(plan.sizes[part] for part in plan.missing("answers")) if missing is None else missing.height
    most_out = prompts * samples * settings.max_tokens
    uncounted = Tokens(prompts, None, None, None, most_out)
    if missing is None or missing.is_empty():
        return uncounted
    every = -(-missing.height // COUNTED)
    how = sampling(settings)
    requests = [
        Request("", conversation(messages, settings), 0, how) for messages in missing.gather_every(every)["messages"]
    ]
    lengths = generation.prompt_lengths(settings, requests)
    if lengths is None:
        return uncounted
    fitting = [length for length in lengths if isinstance(length, int)]
    scale = missing.height / len(lengths)
    return Tokens(
        prompts,
        round(sum(fitting) * scale) * samples,
        max(fitting, default=None),
        round((len(lengths) - len(fitting)) * scale),
        most_out,
    )


def probe(plan: Plan, models: Models, reporter: Reporter) -> Probe:
    """Run a few dozen of the rows that are missing, in a folder of their own, and time every step."""
    with tempfile.TemporaryDirectory(prefix="sdrrl-data-probe-") as folder:
        recipe, rows = _small(plan, Path(folder))
        run = Run(Path(folder) / "run")
        generate(recipe, run.path, models, reporter)
        timings = run.timings()
        lengths = run.table("answers").read_all()["completion_tokens"].drop_nulls().to_list()
    return Probe(rows, fmean(lengths) if lengths else None, _costs(plan, timings))


def _costs(plan: Plan, timings: pl.DataFrame) -> list[Cost]:
    costs = []
    for table, job in plan.tables.jobs.items():
        step, planned = job.step, job.step.planned_rows()
        missing = sum(planned[part] for part in plan.missing(table))
        timed = [row for row in timings.iter_rows(named=True) if row["step"] == step.table]
        work = [row for row in timed if row["part"] is not None]
        if not (missing and work):
            continue
        seconds = sum(row["seconds"] for row in work)
        loading = sum(row["seconds"] for row in timed) - seconds
        costs.append(Cost(step.table, missing, sum(row["rows"] for row in work) / max(seconds, 1e-6), loading))
    return costs


def _small(plan: Plan, folder: Path) -> tuple[Recipe, int]:
    """The plan's recipe on a few dozen of its missing rows."""
    changes = {"part_rows": PROBED, "limit": None}
    missing = _missing_seeds(plan)
    if missing is None:
        return plan.recipe.model_copy(update=changes | {"limit": PROBED}), PROBED
    drawn = pl.Series([draws.number(plan.recipe.seed, "probe", id) for id in missing["id"]], dtype=pl.Int64)
    chosen = missing.with_columns(drawn=drawn).sort("drawn").head(PROBED)
    path = folder / "seeds.jsonl"
    lines = (
        json.dumps({"messages": messages, "reference": reference})
        for messages, reference in chosen.select("messages", "reference").iter_rows()
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    seeds = SeedsConfig.model_validate(
        {"source": str(path), "fields": {"messages": "messages", "reference": "reference"}}
    )
    return plan.recipe.model_copy(update=changes | {"seeds": (seeds,)}), chosen.height


def _missing_seeds(plan: Plan) -> pl.DataFrame | None:
    """The seeds whose answers are missing; None where the model has yet to write them."""
    if isinstance(plan.recipe.seeds, MagpieConfig):
        return None
    seeds, job = plan.tables.given["seeds"], plan.tables.jobs["answers"]
    parts = []
    for part in plan.missing("answers"):
        answered = job.finished_rows(plan.run, part)
        rows = seeds[part].rows
        parts.append(rows if answered is None else rows.filter(~pl.col("id").is_in(answered["id"].to_list())))
    return pl.concat(parts) if parts else seeds[0].rows.clear()
