"""Controls: datasets that differ from the transfer set in one thing, so that a gain can be attributed to it."""

from collections.abc import Collection, Mapping

import polars as pl
from pydantic import BaseModel, ValidationError

from sdrrl_data.controls.equal_tokens import ControlFigures, Equal
from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps import answer_rows, transfer_set
from sdrrl_data.steps.prompts import PromptChooser

ABLATIONS = {  # what each removes from the transfer set
    "no-code-switch": "code-switched rows",
    "no-crossing": "rows with question and answer in different languages",
    "no-parallel": "rows of a parallel corpus",
    "no-self-answers": "answers of the model itself",
}
ARMS = ("sft", "t-sft", "sdrrl", *ABLATIONS)
REFERENCES = {"sft", "t-sft", "no-self-answers"}  # they are made from reference answers
TRANSLATED = {"t-sft", "no-self-answers"}  # they also need these answers in the target language

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


def common(tables: Mapping[str, pl.DataFrame], rows: pl.DataFrame, arms: Collection[str]) -> dict[str, pl.DataFrame]:
    """The tables, with only those seeds from which every control can be made: they are in the transfer set.

    If a control is made from references, these seeds also have a reference. If it needs the references in the target
    language, their translated question was kept, and their reference could be translated.

    Args:
        tables: of all seeds, as `from_references` takes them.
        rows: of the transfer set.
        arms: names of the controls.
    """
    seeds = tables["seeds"].join(_answers(rows), left_on="id", right_on="seed_id", how="semi", maintain_order="left")
    if REFERENCES & {*arms}:
        seeds = seeds.filter(pl.col("reference").is_not_null())
    if TRANSLATED & {*arms}:
        for required in (tables["verdicts"].filter(pl.col("question_tgt") > 0), tables["references"]):
            seeds = seeds.join(required, on="id", how="semi", maintain_order="left")
    return {name: table.join(seeds, on="id", how="semi", maintain_order="left") for name, table in tables.items()}


def from_transfer_set(rows: pl.DataFrame, seeds: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """`sdrrl`, which is the transfer set with only the rows of these seeds, and the same without one ingredient.

    Rows of a parallel corpus belong to no seed. They are reduced by the same share, so that the mix stays the same.
    `no-crossing` keeps them, although they ask in one language for a translation into the other.
    """
    from_seed = pl.col("task") == "answer"
    of_these_seeds = pl.col("seed_id").is_in(seeds["id"].to_list())
    share = _answers(rows).filter(of_these_seeds).height / max(_answers(rows).height, 1)
    group = ("task", "split")
    first_rows = pl.int_range(pl.len()).over(group) < (pl.len().over(group) * share).round()
    sdrrl = rows.filter(pl.when(from_seed).then(of_these_seeds).otherwise(first_rows))
    question_language, answer_language = (pl.col("direction").str.split("->").list.get(side) for side in (0, 1))
    return {
        "sdrrl": sdrrl,
        "no-code-switch": sdrrl.filter(~pl.col("code_switched")),
        "no-crossing": sdrrl.filter(~from_seed | (question_language == answer_language)),
        "no-parallel": sdrrl.filter(from_seed),
    }


def from_references(
    tables: Mapping[str, pl.DataFrame],
    rows: pl.DataFrame,
    asking: PromptChooser,
    translators: Mapping[str, str],
    src: str,
    tgt: str,
    seed: int,
) -> dict[str, pl.DataFrame]:
    """The controls in which the seeds' references replace the model's answers.

    `sft`: questions and references in the source language. `t-sft`: both translated. `no-self-answers`: the rows of
    `sdrrl` with references as answers, in the same order; of its code-switched rows, only those whose question is
    switched.

    The questions were judged: a question that the verdicts dropped is not used, and a row has the weight of its
    question. The references were not judged: their translations passed the translator's checks, but have no scores.

    Args:
        tables: of the common seeds: seeds, translations, verdicts; if they exist, references (without them there is
            only `sft`) and code_switched.
        rows: of `sdrrl`.
        asking: gives the sentence with which a crossed row says in which language to answer.
        translators: name in the tables -> description of the translator.
        src: tag of the source language.
        tgt: tag of the target language.
        seed: the recipe's.
    """
    answers = _answers(rows)
    seeds = answers.unique("seed_id", maintain_order=True)
    references = tables.get("references", tables["translations"].clear())
    translations = (
        tables["translations"]
        .select("id", "question", "question_translator")
        .join(references.select("id", "answer", "answer_translator"), on="id", how="left", maintain_order="left")
    )
    replaced = {
        **tables,
        "answers": tables["seeds"].select("id", answer="reference", author=pl.lit("reference")),
        "translations": translations,
        "verdicts": tables["verdicts"].with_columns(answer_src=1.0, answer_tgt=1.0),
        # The scores of answers belong to other answers.
        "scores": seeds.select("scores", id="seed_id")
        .unnest("scores")
        .with_columns(pl.when(pl.lit(False)).then(pl.col("^answer_.*$"))),
    }
    if "code_switched" in tables:
        replaced["code_switched"] = _questions_switched(tables["code_switched"], replaced)
    signature = str(answers["signature"].first())
    keys = answer_rows.keys(replaced["verdicts"], replaced.get("code_switched"), src, tgt)
    candidates = transfer_set.split(answer_rows.make(replaced, keys, asking, src, tgt), 0, seed)

    def finished(rows: pl.DataFrame, translations: pl.DataFrame, translators: Mapping[str, str]) -> pl.DataFrame:
        complete = transfer_set.finish(rows, replaced | {"translations": translations}, "", translators, signature)
        return complete.drop("split").join(seeds.select("seed_id", "split"), on="seed_id", maintain_order="left")

    untranslated = translations.with_columns(pl.when(pl.lit(False)).then(pl.col("^.*_translator$")))
    arms = {"sft": finished(candidates.filter(kind="src->src"), untranslated, {})}
    if "references" in tables:
        arms["t-sft"] = finished(candidates.filter(kind="tgt->tgt"), translations, translators)
        same = candidates.join(answers, on="id", how="semi", maintain_order="left")
        parallel = rows.filter(pl.col("task") != "answer")
        others = pl.concat([finished(same, translations, translators), parallel])
        arms["no-self-answers"] = rows.select("id").join(others, on="id", maintain_order="left")
    return arms


def _answers(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that were made from seeds."""
    return rows.filter(task="answer")


def _questions_switched(switched: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The code-switched texts with references as answers. In these answers, nothing is switched."""
    answers = (
        tables["answers"].select("id", src="answer").join(tables["translations"].select("id", tgt="answer"), on="id")
    )
    of_question = pl.element().filter(pl.element().struct.field("text") == "prompt")
    return (
        switched.drop("answer")
        .join(answers, on="id", maintain_order="left")
        .with_columns(
            answer=pl.when(matrix="src").then("src").otherwise("tgt"),
            switched=pl.col("switched").list.eval(of_question),
        )
    )
