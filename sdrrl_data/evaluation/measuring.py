"""Taking the measures that are missing, and keeping them in the evaluation's folder."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from sdrrl_data import generation, recipe
from sdrrl_data.evaluation import measures
from sdrrl_data.evaluation.compared_models import ComparedModel, whole
from sdrrl_data.evaluation.generating import greedy
from sdrrl_data.evaluation.judge import Judge, by_judge
from sdrrl_data.evaluation.likelihood import Likelihood
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.settings import EvaluationConfig
from sdrrl_data.models.locating import Located
from sdrrl_data.protocols import Advance, Reporter
from sdrrl_data.run import Run, fingerprint
from sdrrl_data.run.disk import fingerprint_of, read_parquet, write_parquet
from sdrrl_data.run.marks import lacking
from sdrrl_data.scoring.comet import CometConfig, CometScorer
from sdrrl_data.steps.server_failures import ServerFailures

LONGEST_CONTEXT = 4096  # tokens of question and answer; a longer context would only need more memory


class Measuring:
    """The measures in an evaluation's folder: takes missing ones, reads finished ones."""

    def __init__(
        self,
        config: EvaluationConfig,
        engine: str,
        scored_by: Mapping[str, Sequence[object]],
        run: Run,
        reporter: Reporter,
    ) -> None:
        """Take no measure yet.

        Args:
            config: the evaluation's.
            engine: runs the models.
            scored_by: identifies COMET ("comet") and the judge ("judge") in the fingerprints of their measures.
            run: the evaluation's folder, locked by the caller.
            reporter: is told about the progress.
        """
        self._config, self._engine, self._scored_by, self._reporter = config, engine, scored_by, reporter
        self.run = run

    def read(self, model: ComparedModel, measure: Measure) -> pl.DataFrame:
        """The rows of a finished measure."""
        return read_parquet([self._path(model, measure)])

    def measure(self, model: ComparedModel, wanted: Sequence[Measure]) -> None:
        """Take the missing measures of a model, with one copy of it in memory at a time."""
        missing = [measure for measure in wanted if not self._done(model, measure)]
        by_likelihood = [measure for measure in missing if measure.kind.by == "likelihood"]
        by_generation = [measure for measure in missing if measure.kind.by == "generation"]
        if not by_likelihood and not by_generation:
            return
        with whole(model, self.run.path / ".merged") as located:
            if by_likelihood:
                with closing(Likelihood(located, self._config.rendering)) as likelihood:
                    for measure in by_likelihood:
                        self._write(
                            model, measure, measures.by_likelihood(measure, likelihood, self._start(model, measure))
                        )
            if by_generation:
                with closing(generation.build(generator_config(self._config, located))) as generator:
                    for measure in by_generation:
                        advance = self._start(model, measure)
                        rows = measures.by_generation(measure, generator, self._config.max_tokens, advance)
                        self._write(model, measure, rows)

    def count(self, models: Sequence[ComparedModel], wanted: Sequence[Measure]) -> None:
        """Count the loops in every model's answers, and those in the right language throughout, if this is missing."""
        for model, measure in self._missing(models, wanted, "answers"):
            answers = self._texts(model, measure, wanted)
            self._write(model, measure, measures.by_answers(measure, answers, self._start(model, measure)))

    def prepare(self, models: Sequence[ComparedModel], wanted: Sequence[Measure], config: CometConfig) -> None:
        """Have COMET fetch what it needs before the work of hours that its scores come after, if any are missing.

        Raises:
            UserError: COMET's environment or the model cannot be had.
        """
        if self._missing(models, wanted, "comet"):
            config.prepare(self._reporter.say)

    def score(self, models: Sequence[ComparedModel], wanted: Sequence[Measure], config: CometConfig) -> None:
        """Score every model's translations with COMET, if this is missing."""
        missing = self._missing(models, wanted, "comet")
        if not missing:
            return
        with closing(CometScorer(config)) as scorer:
            for model, measure in missing:
                texts = self._texts(model, measure, wanted)
                self._write(model, measure, measures.by_comet(measure, scorer, texts, self._start(model, measure)))

    def judge(self, models: Sequence[ComparedModel], wanted: Sequence[Measure], judge: Judge) -> None:
        """Let the judge compare every model's answers with the base's, if this is missing."""
        missing = self._missing(models, wanted, "judge")
        if not missing:
            return
        with closing(generation.build(judge.config)) as generator:
            for model, measure in missing:
                before, after = (self._texts(side, measure, wanted) for side in (models[0], model))
                failures = ServerFailures()
                judging = failures.watched(generator)
                rows = by_judge(measure, judging, before, after, self._start(model, measure))
                failed = failures.take()
                self._write(model, measure, rows, failed)
                if failed:
                    self._reporter.say(
                        f"the judge's server failed at {len(failed)} of its replies to {model.name} {measure.name}, "
                        "which are left out; the same command asks again"
                    )

    def texts(self, model: ComparedModel, measure: Measure, wanted: Sequence[Measure]) -> pl.DataFrame:
        """What a model wrote, of which a finished measure is: the columns `text` and `cut`."""
        source_name = (measure.kind.texts, measure.language)
        (source,) = (other for other in wanted if (other.kind.name, other.language) == source_name)
        return self.read(model, source).select("text", "cut")

    def _texts(self, model: ComparedModel, measure: Measure, wanted: Sequence[Measure]) -> list[str]:
        return self.texts(model, measure, wanted)["text"].to_list()

    def _missing(
        self, models: Sequence[ComparedModel], wanted: Sequence[Measure], by: str
    ) -> list[tuple[ComparedModel, Measure]]:
        return [
            (model, measure)
            for model in models
            for measure in wanted
            if measure.kind.by == by and not self._done(model, measure)
        ]

    def _start(self, model: ComparedModel, measure: Measure) -> Advance:
        self._reporter.start(f"{model.name} {measure.name}", len(measure.items), 0)
        return self._reporter.advance

    def _done(self, model: ComparedModel, measure: Measure) -> bool:
        return fingerprint_of(self._path(model, measure)) == self._fingerprint(model, measure)

    def _write(self, model: ComparedModel, measure: Measure, rows: pl.DataFrame, failed: Sequence[str] = ()) -> None:
        """Keep a measure; one in which a server failed is taken again next time."""
        write_parquet(rows, self._path(model, measure), lacking(self._fingerprint(model, measure), failed))

    def _path(self, model: ComparedModel, measure: Measure) -> Path:
        return self.run.path / "measures" / model.name / f"{measure.name}.parquet"

    def _fingerprint(self, model: ComparedModel, measure: Measure) -> str:
        kind = measure.kind
        generated = [self._engine, self._config.max_tokens] if kind.by != "likelihood" else []
        rendered = self._config.rendering if kind.chat else []
        scored_by = self._scored_by.get(kind.by, [])
        names = [kind.name, measure.language.tag, measure.other.tag]
        return fingerprint(kind.version, names, model.identity(), measure.items, generated, rendered, scored_by)


def generator_config(config: EvaluationConfig, located: Located) -> recipe.GeneratorConfig:
    """The settings with which a model of the evaluation generates.

    Raises:
        UserError: its context is too short.
    """
    return greedy(located, config.engine, config.max_tokens, LONGEST_CONTEXT, "lower --max-tokens", config.rendering)
