"""The other sets with which a run's texts are compared: earlier runs, and datasets on the Hub."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from sdrrl_data.errors import NotARun, UserError
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import Ingredient
from sdrrl_data.run import Manifest, Run, fingerprint
from sdrrl_data.sources import text_sets

ROLE = "compared set"
Kind = Literal["question", "answer"]

# The usual names of columns, and of speakers.
CONVERSATIONS = ("messages", "conversations", "prompt", "completion")
QUESTIONS = ("instruction", "prompt", "question")
ABOUT = ("input", "context")  # what an instruction is about
ANSWERS = ("output", "response", "answer", "completion")
SPEAKERS = {"user": "question", "human": "question", "assistant": "answer", "gpt": "answer"}


def identify(source: str) -> Ingredient:
    """Identify a set: the folder of a run, or a dataset on the Hub.

    Raises:
        UserError: it does not exist, or may not be read.
    """
    if not _is_run(source):
        return text_sets.find(source, ROLE).ingredient()
    run, manifest = _run(source)
    tables = ["seeds", "answers", *(f"{find(tag).tag}/translations" for tag in manifest.recipe["tgt"])]
    parts = {name: run.table(name).fingerprints(run.table(name).parts()) for name in tables}
    return Ingredient(ROLE, run.path.name, fingerprint(parts), None)


def texts(source: str, kind: Kind, *languages: Language) -> Iterator[tuple[Language, str, str]]:
    """The questions or the answers of a set: the language, the place ("RUN:id", or "NAME:row" of a dataset), the text.

    From a run come the texts in these languages, the turns of a question as one text. In a dataset, every text counts
    for each of the languages, because its language is unknown, and each turn of a conversation is a text.

    Raises:
        UserError: it cannot be read.
    """
    if _is_run(source):
        run, manifest = _run(source)
        for language in languages:
            yield from ((language, place, text) for place, text in _of_run(run, manifest, kind, language))
        return
    text_set = text_sets.find(source, ROLE)
    for place, row in text_sets.rows(text_set, text_sets.every):
        for text in _of_row(row, kind):
            yield from ((language, f"{text_set.name}:{place}", text) for language in languages)


def _is_run(source: str) -> bool:
    return os.path.isdir(os.path.expanduser(source))


def _run(source: str) -> tuple[Run, Manifest]:
    run = Run(Path(os.path.expanduser(source)).resolve())
    try:
        manifest = run.manifest()
    except UserError:
        manifest = None
    if manifest is None:
        raise NotARun(
            f"{ROLE} {source}: this directory does not hold a run that this sdrrl-data can read: name another"
        )
    return run, manifest


def _of_run(run: Run, manifest: Manifest, kind: Kind, language: Language) -> Iterator[tuple[str, str]]:
    if find(manifest.recipe["src"]) == language:
        name, column = ("seeds", "messages") if kind == "question" else ("answers", "answer")
    elif language in map(find, manifest.recipe["tgt"]):
        name, column = f"{language.tag}/translations", kind
    else:
        return
    table = run.table(name)
    for part in range(table.parts()):
        for id, text in table.read(part).select("id", column).iter_rows():
            if isinstance(text, list):
                text = "\n\n".join(message["content"] for message in text)
            if text:
                yield f"{run.path.name}:{id}", text


def _of_row(row: Any, kind: Kind) -> Iterator[str]:
    if not isinstance(row, dict):
        return
    for column in CONVERSATIONS:
        if isinstance(turns := row.get(column), list):
            yield from (text for speaker, text in map(_turn, turns) if SPEAKERS.get(speaker) == kind)
    for column in QUESTIONS if kind == "question" else ANSWERS:
        if isinstance(text := row.get(column), str):
            about = next((row[name] for name in ABOUT if isinstance(row.get(name), str) and row[name]), None)
            yield f"{text.rstrip()}\n\n{about}" if column == "instruction" and about else text


def _turn(turn: Any) -> tuple[str, str]:
    """Who speaks, and what they say: TRL's `role` and `content`, or ShareGPT's `from` and `value`."""
    if not isinstance(turn, dict):
        return "", ""
    return str(turn.get("role") or turn.get("from")), str(turn.get("content") or turn.get("value") or "")
