"""Taking measures: those that are missing are taken, and kept in the evaluation's folder."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from sdrrl_data import generation, recipe
from sdrrl_data.evaluation import measures
from sdrrl_data.evaluation.arms import Arm, whole
from sdrrl_data.evaluation.generating import greedy
from sdrrl_data.evaluation.judge import Judge, by_judge
from sdrrl_data.evaluation.likelihood import Likelihood
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.settings import EvaluationConfig
from sdrrl_data.models.locating import Located
from sdrrl_data.protocols import Advance, Reporter
from sdrrl_data.run import Run, fingerprint
from sdrrl_data.run.disk import fingerprint_of, write_parquet

VERSION = 1  # of how items are measured; a new one has all be measured anew
LONGEST_CONTEXT = 4096  # tokens of question and answer: what more a model could read would only take memory


class Measuring:
    """The measures in an evaluation's folder: takes those that are missing, reads those that are finished."""

    def __init__(
        self,
        config: EvaluationConfig,
        engine: str,
        scored_by: Mapping[str, Sequence[object]],
        run: Run,
        reporter: Reporter,
    ) -> None:
        """Take nothing yet.

        Args:
            config: of the evaluation.
            engine: that generates.
            scored_by: what stands for COMET ("comet") and for the judge ("judge"), in their measures' fingerprints.
            run: the evaluation's folder, which is locked.
            reporter: is told which measure is taken, and how far it is.
        """
        self._config, self._engine, self._scored_by, self._reporter = config, engine, scored_by, reporter
        self.run = run

    def read(self, arm: Arm, measure: Measure) -> pl.DataFrame:
        """The rows of a finished measure."""
        return pl.read_parquet(self._path(arm, measure))

    def measure(self, arm: Arm, wanted: Sequence[Measure]) -> None:
        """Take the measures of a model that are missing, with one copy of it in memory at a time."""
        missing = [measure for measure in wanted if not self._done(arm, measure)]
        by_likelihood = [measure for measure in missing if measure.kind.by == "likelihood"]
        by_generation = [measure for measure in missing if measure.kind.by == "generation"]
        if not by_likelihood and not by_generation:
            return
        with whole(arm, self.run.path / ".merged") as located:
            if by_likelihood:
                with closing(Likelihood(located)) as model:
                    for measure in by_likelihood:
                        self._write(arm, measure, measures.by_likelihood(measure, model, self._start(arm, measure)))
            if by_generation:
                with closing(generation.build(generator_config(self._config, located))) as generator:
                    for measure in by_generation:
                        advance = self._start(arm, measure)
                        rows = measures.by_generation(measure, generator, self._config.max_tokens, advance)
                        self._write(arm, measure, rows)

    def count(self, arms: Sequence[Arm], wanted: Sequence[Measure]) -> None:
        """Count the loops in every model's answers, where they are not counted."""
        for arm, measure in self._missing(arms, wanted, "answers"):
            answers = self._texts(arm, measure, "fidelity", wanted)
            self._write(arm, measure, measures.by_answers(measure, answers, self._start(arm, measure)))

    def score(self, arms: Sequence[Arm], wanted: Sequence[Measure], config: recipe.CometConfig) -> None:
        """Have COMET score every model's translations that it has not scored."""
        from sdrrl_data.scoring.comet import CometScorer

        missing = self._missing(arms, wanted, "comet")
        if not missing:
            return
        with closing(CometScorer(config)) as scorer:
            for arm, measure in missing:
                texts = self._texts(arm, measure, "chrf", wanted)
                self._write(arm, measure, measures.by_comet(measure, scorer, texts, self._start(arm, measure)))

    def judge(self, arms: Sequence[Arm], wanted: Sequence[Measure], judge: Judge) -> None:
        """Have the judge compare every model's answers with the base's, where it has not."""
        missing = self._missing(arms, wanted, "judge")
        if not missing:
            return
        with closing(generation.build(judge.settings)) as generator:
            for arm, measure in missing:
                before, after = (self._texts(side, measure, "fidelity", wanted) for side in (arms[0], arm))
                self._write(arm, measure, by_judge(measure, generator, before, after, self._start(arm, measure)))

    def _texts(self, arm: Arm, measure: Measure, kind: str, wanted: Sequence[Measure]) -> list[str]:
        """What a model wrote for the measure of a kind in the same language."""
        (written,) = (other for other in wanted if (other.kind.name, other.language) == (kind, measure.language))
        return self.read(arm, written)["text"].to_list()

    def _missing(self, arms: Sequence[Arm], wanted: Sequence[Measure], by: str) -> list[tuple[Arm, Measure]]:
        return [
            (arm, measure)
            for arm in arms
            for measure in wanted
            if measure.kind.by == by and not self._done(arm, measure)
        ]

    def _start(self, arm: Arm, measure: Measure) -> Advance:
        self._reporter.start(f"{arm.name} {measure.name}", len(measure.items), 0)
        return self._reporter.advance

    def _done(self, arm: Arm, measure: Measure) -> bool:
        return fingerprint_of(self._path(arm, measure)) == self._fingerprint(arm, measure)

    def _write(self, arm: Arm, measure: Measure, rows: pl.DataFrame) -> None:
        write_parquet(rows, self._path(arm, measure), self._fingerprint(arm, measure))

    def _path(self, arm: Arm, measure: Measure) -> Path:
        return self.run.path / "measures" / arm.name / f"{measure.name}.parquet"

    def _fingerprint(self, arm: Arm, measure: Measure) -> str:
        kind = measure.kind
        generated = [self._engine, self._config.max_tokens] if kind.by != "likelihood" else []
        scored_by = self._scored_by.get(kind.by, [])
        names = [kind.name, measure.language.tag, measure.other.tag]
        return fingerprint(VERSION, names, arm.identity(), measure.items, generated, scored_by)


def generator_config(config: EvaluationConfig, located: Located) -> recipe.GeneratorConfig:
    """How a model of the evaluation generates.

    Raises:
        UserError: its context is too short.
    """
    return greedy(located, config.engine, config.max_tokens, LONGEST_CONTEXT, "give fewer with --max-tokens")
