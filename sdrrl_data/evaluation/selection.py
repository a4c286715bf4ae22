"""Which measures an evaluation takes, and which it leaves out."""

import os
from collections.abc import Sequence
from pathlib import Path

from sdrrl_data.chat.template import has_template
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation import measures
from sdrrl_data.evaluation.choices import BELEBELE, Choices, of_belebele, of_folder, read_choices
from sdrrl_data.evaluation.compared_models import ComparedModel, tokenizer_of
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.settings import EvaluationConfig
from sdrrl_data.evaluation.texts import Pair, Question, one_or_two, read_parallel, read_questions
from sdrrl_data.languages import Language, find


def select(config: EvaluationConfig, models: Sequence[ComparedModel]) -> tuple[list[Measure], list[str]]:
    """The measures to take, and a sentence for each that is left out.

    Raises:
        UserError: the settings contradict each other, a file or a language cannot be found or used, or there is nothing
            to measure.
    """
    src, tgt = find(config.src), find(config.tgt)
    _refuse_contradictions(config, src, tgt)
    limit = config.limit
    parallel: list[Pair] = read_parallel(config.parallel, limit) if config.parallel else []
    questions: dict[str, list[Question]] = {}
    if config.questions:
        questions = read_questions(config.questions, src, tgt, limit)
    choices = _choices(config.choices, src, tgt, limit) if config.choices else {}
    selected = measures.measures(src, tgt, parallel, questions, choices, bool(config.comet), bool(config.judge))
    without_template = [model.name for model in models if not has_template(tokenizer_of(model))]
    left_out = []
    if without_template:
        titles = dict.fromkeys(measure.kind.title for measure in selected if measure.kind.chat)
        left_out = [f"{title}: no chat template in {', '.join(without_template)}" for title in titles]
        selected = [measure for measure in selected if not measure.kind.chat]
    if not selected:
        raise UserError(
            "there is nothing to measure: give --parallel, --questions or --choices"
            if not without_template
            else f"{without_template[0]} has no chat template, which --questions needs: give --parallel or --choices"
        )
    return selected, left_out


def _refuse_contradictions(config: EvaluationConfig, src: Language, tgt: Language) -> None:
    if src == tgt:
        raise UserError(f"{src.tag} is both --src and --tgt: give the language the models were tuned for with --tgt")
    if config.comet and not config.parallel:
        raise UserError("--comet scores translations of a parallel file: give one with --parallel")
    if config.judge and not config.questions:
        raise UserError("--judge compares answers to questions: give some with --questions")
    if config.judge_url and not config.judge:
        raise UserError("--judge-url is the judge's server: name the model there with --judge")


def _choices(files: str, src: Language, tgt: Language, limit: int | None) -> dict[str, Choices]:
    if files == BELEBELE or Path(os.path.expanduser(files)).is_dir():
        return _by_name(files, src, tgt, limit)
    paths = one_or_two("choices", files)
    languages = [tgt] if len(paths) == 1 else [src, tgt]
    return {language.tag: read_choices(path, language, limit) for language, path in zip(languages, paths, strict=True)}


def _by_name(given: str, src: Language, tgt: Language, limit: int | None) -> dict[str, Choices]:
    """The questions in both languages, or in the target language where there are no others."""
    languages = [src, tgt]
    if given == BELEBELE:
        choices = of_belebele(languages, limit)
    else:
        choices = of_folder(Path(os.path.expanduser(given)), languages, limit)
    if choices[1] is None:
        raise UserError(f"--choices: {given} has no questions in {tgt.name} ({tgt.flores})")
    return {
        language.tag: choices_of_language
        for language, choices_of_language in zip(languages, choices, strict=True)
        if choices_of_language
    }
