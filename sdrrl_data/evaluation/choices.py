"""Multiple choice by likelihood, as Belebele has it: a passage, a question, four answers, one of them right.

Source: Bandarkar et al. 2024, https://aclanthology.org/2024.acl-long.44.
"""

import itertools
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import UnknownLanguage, UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.models.hub import HubRequest
from sdrrl_data.scoring.item_sets import KNOWN
from sdrrl_data.sources import hub_rows
from sdrrl_data.sources.hub_rows import HubDataset
from sdrrl_data.sources.row_files import Row, open_file

BELEBELE = "belebele"  # its name in commands and recipes
LETTERS = "ABCD"
# Variants of Belebele that are not in FLORES-200, by its README.
ROMANIZED = {"ben_Latn", "hin_Latn", "npi_Latn", "sin_Latn", "urd_Latn"}
COLUMNS = ("flores_passage", "question", *(f"mc_answer{number}" for number in range(1, 5)))


class Choices(NamedTuple):
    """Questions in one language."""

    language: Language
    questions: Sequence["Choice"]


class Choice(NamedTuple):
    """A question with four answers."""

    passage: str
    question: str
    answers: tuple[str, ...]
    right: int  # its index among the answers


def read_choices(path: Path, language: Language, limit: int | None) -> Choices:
    """The questions of a file with Belebele's columns.

    Belebele has five languages in the Latin script, too, that FLORES-200 has in their own script alone. Such a file is
    read for the language, and its figures say the script.

    Raises:
        UserError: the file cannot be read, a row is not such a question, or is in another language.
    """
    return _choices(str(path), islice(open_file(path, "choices").rows, limit), language)


def of_folder(folder: Path, languages: Sequence[Language], limit: int | None) -> list[Choices | None]:
    """The questions of the files that are named after the languages, as Belebele names them; None where there is none.

    Raises:
        UserError: a file cannot be read.
    """
    paths = [folder / f"{language.flores}.jsonl" for language in languages]
    return [
        read_choices(path, language, limit) if path.is_file() else None
        for path, language in zip(paths, languages, strict=True)
    ]


def of_belebele(languages: Sequence[Language], limit: int | None) -> list[Choices | None]:
    """The questions of Belebele on the Hub; None where it does not have the language.

    Raises:
        HubUnavailable: the Hub cannot be reached, and Belebele was not fetched before.
        UserError: it cannot be read.
    """
    known = KNOWN[BELEBELE]
    request = HubRequest(
        "dataset",
        known.dataset,
        None,
        "choices",
        "the name given with --choices",
        "give Belebele's files with --choices",
    )
    dataset = hub_rows.find(request)
    return [_of_hub(dataset, known.config(language), language, limit) for language in languages]


def _of_hub(dataset: HubDataset, config: str, language: Language, limit: int | None) -> Choices | None:
    if config not in dataset.repository.configs:
        return None
    rows = itertools.chain.from_iterable(hub_rows.load(dataset, config).values())
    numbered = (Row(number, content) for number, content in enumerate(islice(rows, limit), 1))
    return _choices(f"{dataset.request.name}:{config}", numbered, language)


def _choices(name: str, rows: Iterable[Row], language: Language) -> Choices:
    questions: list[Choice] = []
    dialects: dict[str, int] = {}
    for row in rows:
        questions.append(_choice(name, row))
        dialects.setdefault(str(row.content.get("dialect") or ""), row.number)
    if not questions:
        raise UserError(f"choices {name}: there is no question in it")
    variants = {_variant(name, number, dialect, language) for dialect, number in dialects.items()}
    if len(variants) > 1:
        raise UserError(f"choices {name}: its rows are in {' and in '.join(sorted(dialects))}: give a file of each")
    return Choices(variants.pop(), questions)


def by_letter(choice: Choice) -> list[tuple[str, str]]:
    """What stands before, and the answer, for each answer: the answers are shown, and their letters are compared."""
    shown = "\n".join(f"{letter}. {answer}" for letter, answer in zip(LETTERS, choice.answers, strict=True))
    before = f"{choice.passage}\n\n{choice.question}\n{shown}\n\nAnswer:"
    return [(before, f" {letter}") for letter in LETTERS]


def by_text(choice: Choice) -> list[tuple[str, str]]:
    """What stands before, and the answer, for each answer: none is shown, and their own words are compared.

    Models too small to choose a letter can be told apart this way.

    Source: Gu et al. 2024 (OLMES), https://arxiv.org/abs/2406.08446.
    """
    return [(f"{choice.passage}\n\n{choice.question}\n", answer) for answer in choice.answers]


def is_right(answers: Sequence[str], right: int, sums: Sequence[float | None]) -> float | None:
    """1 where the right answer is the likeliest a byte, else 0; None where one of them did not fit.

    Args:
        answers: as they were scored.
        right: the index of the right one.
        sums: the log-probability of each.
    """
    likely = [
        log_probability / len(text.encode())
        for log_probability, text in zip(sums, answers, strict=True)
        if log_probability is not None
    ]
    return float(max(range(len(likely)), key=likely.__getitem__) == right) if len(likely) == len(answers) else None


def _variant(name: str, number: int, dialect: str, language: Language) -> Language:
    """The language of a row's dialect: the wanted one, or it in the Latin script.

    Raises:
        UserError: it is another language.
    """
    code, _, script = dialect.partition("_")
    if not dialect:
        return language
    if dialect in ROMANIZED and find(code) == language:
        return Language(f"{language.tag}-{script}", dialect, None, f"{language.name} in the Latin script")
    try:
        if dialect not in ROMANIZED and find(dialect) == language:
            return language
    except UnknownLanguage:
        pass
    raise UserError(
        f"choices {name}: row {number} is in {dialect}, not in {language.name}: give a file of that language"
    )


def _choice(name: str, row: Row) -> Choice:
    where = f"choices {name}: row {row.number}"
    if row.problem or not isinstance(row.content, dict):
        raise UserError(f"{where} {row.problem or 'is not an object with named fields'}")
    content: dict[str, Any] = row.content
    missing = [column for column in COLUMNS if not str(content.get(column) or "").strip()]
    if missing:
        raise UserError(f"{where} has no {missing[0]}: Belebele's columns are expected")
    right = str(content.get("correct_answer_num") or "").strip()
    if right not in {"1", "2", "3", "4"}:
        raise UserError(f"{where} has no correct_answer_num from 1 to 4")
    passage, question, *answers = (str(content[column]).strip() for column in COLUMNS)
    return Choice(passage, question, tuple(answers), int(right) - 1)
