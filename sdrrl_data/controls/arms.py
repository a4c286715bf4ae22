"""Controls: datasets that differ from the transfer set in one thing, so that a gain can be attributed to it."""

from collections.abc import Collection

import polars as pl
from pydantic import BaseModel, ValidationError

from sdrrl_data.controls.equal_tokens import ControlFigures, Equal
from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps.transfer_set import OF_PAIRS

ABLATIONS = {  # what each removes from the transfer set
    "no-code-switch": "code-switched rows",
    "no-crossing": "rows with question and answer in different languages",
    "no-parallel": "rows of a parallel corpus",
    "no-self-answers": "answers of the model itself",
    "no-tgt-src": "questions in the target language that are answered in the source language",
    "no-complete": "sentences to complete",
}
ADDITIONS = ("pivot", "contrast")  # kinds of rows that each adds to the transfer set
ARMS = ("sft", "t-sft", "respond", "sdrrl", *ABLATIONS, *ADDITIONS)
REFERENCES = {"sft", "t-sft", "no-self-answers"}  # they are made from reference answers
TRANSLATED = {"t-sft", "no-self-answers"}  # they also need these answers in the target language
FROM_TRANSLATED = {"pivot", "contrast", "no-tgt-src"}  # with native texts as answers, they would learn translations
DIRECT = {"respond"}  # they are made from the model's answers to the translated questions

FILE = "controls.json"


class Controls(BaseModel):
    """The controls of one target: what they were made from, and their figures."""

    signature: str  # of the transfer set
    tokenizer: str
    seed: int  # for the order in which rows were taken
    equal: Equal
    budget: dict[str, int]  # split -> completion tokens
    seeds: int  # whose rows the controls had before they were cut
    arms: dict[str, ControlFigures]
    transfer_set: dict[str, str]  # its files at that time: path in the run -> SHA-256
    fingerprint: str  # of everything that shaped the rows


def folder(tag: str, name: str) -> str:
    """The folder of a control in the run."""
    return f"{tag}/controls-{name}"


def files(manifest: Manifest, tag: str) -> dict[str, str]:
    """The files of a target's transfer set: path in the run -> SHA-256."""
    return {path: digest for path, digest in manifest.files.items() if path.startswith(f"{tag}/transfer_set/")}


def read(run: Run, manifest: Manifest, tag: str) -> Controls | None:
    """The controls of a target; None if there are none, or if the transfer set has changed since."""
    path = run.path / tag / FILE
    try:
        controls = Controls.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return controls if controls.transfer_set == files(manifest, tag) else None


def common(run: Run, tag: str, arms: Collection[str]) -> pl.Series:
    """The ids of the seeds from which every control can be made: they are in the transfer set.

    If a control is made from references, these seeds also have a reference. If it needs the references in the target
    language, their translated question was kept, and their reference could be translated. If it is made from direct
    answers, their translated question was kept, and the model answered it without a fault.

    Args:
        run: has the tables of the target.
        tag: of the target.
        arms: names of the controls.
    """
    rows = run.dataset(f"{tag}/transfer_set").read_each(["seed_id", "task"])
    in_rows = pl.concat(
        of_file.filter(~pl.col("task").is_in(OF_PAIRS)).select(id="seed_id").unique() for of_file in rows
    )
    needed = [in_rows]
    seeds = run.table("seeds").read_batches(["id", "reference"])
    if REFERENCES & {*arms}:
        ids = pl.concat(batch.filter(pl.col("reference").is_not_null()).select("id") for batch in seeds)
    else:
        ids = pl.concat(batch.select("id") for batch in seeds)
    if (TRANSLATED | DIRECT) & {*arms}:
        verdicts = run.table(f"{tag}/verdicts").read_all(columns=["id", "question_tgt"])
        needed.append(verdicts.filter(pl.col("question_tgt") > 0))
    if TRANSLATED & {*arms}:
        needed.append(run.table(f"{tag}/references").read_all(columns=["id"]))
    if DIRECT & {*arms}:
        direct = run.table(f"{tag}/direct_answers").read_all(columns=["id", "faults"])
        needed.append(direct.filter(pl.col("faults").list.len() == 0))
    for table in needed:
        ids = ids.join(table, on="id", how="semi", maintain_order="left")
    return ids["id"]
