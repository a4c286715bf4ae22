"""What is measured on: parallel texts, and questions with their answers, from files and from a run."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Message
from sdrrl_data.run import Manifest, Run, opened, refuse_unfinished
from sdrrl_data.sources.row_files import ENDINGS, lines_of
from sdrrl_data.sources.separated import records
from sdrrl_data.steps import seeds
from sdrrl_data.stores import address_of

TWO_FILES = "two files are separated by a comma, source language first"


class Pair(NamedTuple):
    """The same text in both languages."""

    src: str
    tgt: str


class Question(NamedTuple):
    """A question in one language, and answers to it in the same language, where there are any."""

    messages: list[Message]
    reference: str | None
    own: str | None  # the base model's own answer, or its translation


def read_parallel(given: str, limit: int | None) -> list[Pair]:
    """The pairs of a TSV file (source<TAB>target), or of two text files of the same number of lines.

    Lines with an empty side, or of a TSV file with other than two fields, are left out.

    Raises:
        UserError: a file cannot be read, there is no pair, or the files are of unequal length.
    """
    paths = one_or_two("parallel", given)
    if len(paths) == 1:
        fields = [record.fields for record in records(paths[0], "--parallel", "\t") if not record.problem]
        pairs = [Pair(sides[0].strip(), sides[1].strip()) for sides in fields if len(sides) == 2]
    else:
        lines = [lines_of(path, "--parallel") for path in paths]
        if len(lines[0]) != len(lines[1]):
            raise UserError(
                f"--parallel: {paths[0]} has {len(lines[0])} lines and {paths[1]} has {len(lines[1])}: "
                "line N of one must be the translation of line N of the other"
            )
        pairs = [Pair(src.strip(), tgt.strip()) for src, tgt in zip(*lines, strict=True)]
    pairs = [pair for pair in pairs if pair.src and pair.tgt]
    if not pairs:
        raise UserError(f"--parallel: no line of {given} is source<TAB>target ({TWO_FILES})")
    return pairs[:limit]


def read_questions(given: str, src: Language, tgt: Language, limit: int | None) -> dict[str, list[Question]]:
    """Questions by the tag of their language: of a run's test split, or of files.

    One file is of questions in the target language; of two, the first has those in the source language. Their columns
    are those of seeds, with references where they have them.

    Raises:
        UserError: a file or a run cannot be read, or has no question to test with.
    """
    if Path(os.path.expanduser(given)).is_dir() or (
        address_of(given) and not given.lower().endswith(ENDINGS) and "," not in given
    ):
        return _of_run(Run(os.path.expanduser(given)).path, src, tgt, limit)
    paths = one_or_two("questions", given)
    languages = [tgt] if len(paths) == 1 else [src, tgt]
    return {
        language.tag: [
            Question(messages, reference, None)
            for messages, reference in seeds.read((recipe.SeedsConfig(source=str(path)),), limit)
            .rows.select("messages", "reference")
            .iter_rows()
        ]
        for language, path in zip(languages, paths, strict=True)
    }


def _of_run(path: Path, src: Language, tgt: Language, limit: int | None) -> dict[str, list[Question]]:
    """The rows of the test split that stay within a language.

    References come from the seeds, and in the target language from the table `references`, where a control had it made.
    """
    run, manifest = opened(path)
    _check(run, manifest, src, tgt)
    rows = run.dataset(f"{tgt.tag}/transfer_set").read().filter(split="test", task="answer", code_switched=False)
    references = {src.tag: _column(run.table("seeds").read_all(), "reference")}
    if run.table(f"{tgt.tag}/references").parts():
        references[tgt.tag] = _column(run.table(f"{tgt.tag}/references").read_all(), "answer")
    questions = {}
    for language in (src, tgt):
        same_language = rows.filter(direction=f"{language.tag}->{language.tag}")
        questions[language.tag] = [
            Question(
                row["prompt"],
                references.get(language.tag, {}).get(row["seed_id"]),
                # Where a reference stands in for an answer, there is no generator.
                row["completion"][-1]["content"] if row["generator"] else None,
            )
            for row in same_language[:limit].iter_rows(named=True)
        ]
    if not any(questions.values()):
        raise UserError(
            f"--questions: the test split of {run.path} has no row to test with: give it a larger test_share"
        )
    return questions


def _check(run: Run, manifest: Manifest, src: Language, tgt: Language) -> None:
    refuse_unfinished(run, manifest)
    if manifest.recipe["src"] != src.tag or tgt.tag not in manifest.signatures:
        pairs = ", ".join(f"--src {manifest.recipe['src']} --tgt {tag}" for tag in manifest.signatures)
        raise UserError(f"--questions: the run {run.path} is not from {src.tag} to {tgt.tag}, it has {pairs}")


def _column(table: pl.DataFrame, name: str) -> Mapping[str, str | None]:
    return dict(table.select("id", name).iter_rows())


def one_or_two(option: str, given: str) -> list[Path]:
    """The files that an option names.

    Raises:
        UserError: there are none, or more than two.
    """
    paths = [Path(os.path.expanduser(part.strip())) for part in given.split(",") if part.strip()]
    if len(paths) not in (1, 2):
        raise UserError(f"--{option} takes one or two files, not {len(paths)}: {TWO_FILES}")
    return paths
