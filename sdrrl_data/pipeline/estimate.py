"""An estimate of what a run will cost: tokens are counted, and hours are estimated from a few dozen rows."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import polars as pl

from sdrrl_data import generation
from sdrrl_data.chat.conversations import conversation, sampling
from sdrrl_data.pipeline import previews
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import Plan
from sdrrl_data.protocols import Reporter, Request
from sdrrl_data.recipe import GeneratorConfig, Recipe, SeedsConfig, draws
from sdrrl_data.run import Run
from sdrrl_data.steps import samples
from sdrrl_data.steps.finished_rows import FinishedRows
from sdrrl_data.steps.model_pool import Models

COUNTED = 2000  # prompts; if there are more, an even sample is counted
PROBED = 48  # rows


class Tokens(NamedTuple):
    """The tokens of what the generator has still to write, all together."""

    prompts: int
    tokens_in: int | None  # None if only a server knows the tokenizer
    longest: int | None  # tokens of the longest prompt
    too_long: int | None  # prompts that will be set aside
    most_out: int  # if every answer had the maximal length
    written: str = "answers"  # or the questions of native texts


class Cost(NamedTuple):
    """The estimated time of a step, from the rows that were measured."""

    step: str
    rows: int  # that are still missing
    rows_per_second: float
    loading: float  # seconds

    @property
    def hours(self) -> float:
        """The time of loading and of all missing rows."""
        return (self.loading + self.rows / self.rows_per_second) / 3600

    @property
    def target(self) -> str | None:
        """The tag of the step's target; None if the step is for all targets."""
        tag, slash, _ = self.step.partition("/")
        return tag if slash else None


class Probe(NamedTuple):
    """The measurements of a few dozen rows."""

    folder: Path  # a run that has them
    rows: int
    tokens_out: float | None  # mean per answer; None if a server does not report it
    costs: list[Cost]


def tokens(plan: Plan) -> Tokens:
    """Count the prompts of the missing answers, and their tokens, without loading the model."""
    if native := plan.recipe.native:  # what the generator will be asked has first to be translated
        prompts = sum(plan.sizes[part] for part in plan.missing("seeds"))
        return Tokens(prompts, None, None, None, prompts * native.max_tokens, "questions")
    tables = samples.tables(plan.recipe) or {name: "answers" for name in plan.recipe.answering}
    counted = [_tokens(plan, table, plan.recipe.answering[name]) for name, table in tables.items()]
    longest = [of_model.longest for of_model in counted if of_model.longest is not None]
    return Tokens(
        sum(of_model.prompts for of_model in counted),
        _sum(of_model.tokens_in for of_model in counted),
        max(longest, default=None),
        _sum(of_model.too_long for of_model in counted),
        sum(of_model.most_out for of_model in counted),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    """The sum; None if one of the numbers is not known."""
    known = list(numbers)
    return None if None in known else sum(number for number in known if number is not None)


def _tokens(plan: Plan, table: str, settings: GeneratorConfig) -> Tokens:
    """The tokens of the answers of one model that are still missing in its table."""
    wanted, missing = plan.recipe.answers.samples, _missing_seeds(plan, table)
    prompts = sum(plan.sizes[part] for part in plan.missing(table)) if missing is None else missing.height
    most_out = prompts * wanted * settings.max_tokens
    uncounted = Tokens(prompts, None, None, None, most_out)
    if missing is None or missing.is_empty():
        return uncounted
    every = -(-missing.height // COUNTED)
    parameters = sampling(settings)
    requests = [
        Request("", conversation(messages, settings), 0, parameters)
        for messages in missing.gather_every(every)["messages"]
    ]
    lengths = generation.prompt_lengths(settings, requests)
    if lengths is None:
        return uncounted
    fitting = [length for length in lengths if isinstance(length, int)]
    scale = missing.height / len(lengths)
    return Tokens(
        prompts,
        round(sum(fitting) * scale) * wanted,
        max(fitting, default=None),
        round((len(lengths) - len(fitting)) * scale),
        most_out,
    )


def probe(plan: Plan, models: Models, reporter: Reporter) -> Probe:
    """Make a few dozen of the missing rows, and time every step. They stay beside the run, for it to use."""
    with tempfile.TemporaryDirectory(prefix="sdrrl-data-probe-") as folder:
        recipe, rows, ids = _small(plan, Path(folder))
        run = Run(previews.probe_folder(plan.run.path, dict(plan.resolved), ids))
        generate(recipe, run.path, models, reporter)
    lengths = run.table("answers").read_all()["completion_tokens"].drop_nulls().to_list()
    return Probe(run.path, rows, fmean(lengths) if lengths else None, _costs(plan, run.timings()))


def _costs(plan: Plan, timings: pl.DataFrame) -> list[Cost]:
    costs = []
    for table, job in plan.tables.jobs.items():
        step, planned = job.step, job.step.planned_rows()
        missing = sum(planned[part] for part in plan.missing(table))
        step_timings = [row for row in timings.iter_rows(named=True) if row["step"] == step.table]
        part_timings = [row for row in step_timings if row["part"] is not None]
        if not (missing and part_timings):
            continue
        seconds = sum(row["seconds"] for row in part_timings)
        loading = sum(row["seconds"] for row in step_timings) - seconds
        costs.append(Cost(step.table, missing, sum(row["rows"] for row in part_timings) / max(seconds, 1e-6), loading))
    return costs


def _small(plan: Plan, folder: Path) -> tuple[Recipe, int, list[str]]:
    """The plan's recipe for a few dozen of its missing rows, their number, and the ids of their seeds."""
    changes = {"part_rows": PROBED, "limit": None, "keep": None}
    missing = _missing_seeds(plan, next(iter(samples.tables(plan.recipe).values()), "answers"))
    if missing is None:
        return plan.recipe.model_copy(update=changes | {"limit": PROBED}), PROBED, []
    random_numbers = pl.Series([draws.number(plan.recipe.seed, "probe", id) for id in missing["id"]], dtype=pl.Int64)
    chosen = missing.with_columns(random=random_numbers).sort("random").head(PROBED)
    path = folder / "seeds.jsonl"
    lines = (
        json.dumps({"messages": messages, "reference": reference})
        for messages, reference in chosen.select("messages", "reference").iter_rows()
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    seeds = SeedsConfig.model_validate(
        {"source": str(path), "fields": {"messages": "messages", "reference": "reference"}}
    )
    return plan.recipe.model_copy(update=changes | {"seeds": (seeds,)}), chosen.height, chosen["id"].to_list()


def _missing_seeds(plan: Plan, table: str) -> pl.DataFrame | None:
    """The seeds whose answers are missing in a table that a model makes; None if the model writes the seeds."""
    if "seeds" not in plan.tables.sources:
        return None
    seeds, job = plan.tables.sources["seeds"], plan.tables.jobs[table]
    parts = []
    finished_rows = FinishedRows(plan.run, job)
    for part in plan.missing(table):
        rows = seeds[part].rows
        content = finished_rows.of(part, [rows])
        ids = [*content.rows["id"], *content.set_aside["id"]] if content else []
        parts.append(rows.filter(~pl.col("id").is_in(ids)))
    return pl.concat(parts) if parts else seeds[0].rows.clear()
