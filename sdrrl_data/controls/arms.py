"""Controls: datasets that differ from the transfer set in one thing, so that a gain can be laid to it."""

from collections.abc import Collection, Mapping

import polars as pl
from pydantic import BaseModel, ValidationError

from sdrrl_data.controls.equal_tokens import Arm, Equal
from sdrrl_data.run import Manifest, Run
from sdrrl_data.steps import answer_rows, transfer_set
from sdrrl_data.steps.prompts import Asking

ABLATIONS = {  # what each takes away from the transfer set
    "no-code-switch": "code-switched rows",
    "no-crossing": "rows with question and answer in different languages",
    "no-parallel": "rows of a parallel corpus",
    "no-self-answers": "answers of the model's own",
}
ARMS = ("sft", "t-sft", "sdrrl", *ABLATIONS)
REFERENCES = {"sft", "t-sft", "no-self-answers"}  # those that are made of reference answers
TRANSLATED = {"t-sft", "no-self-answers"}  # and of these, in the target language too

FILE = "controls.json"


class Controls(BaseModel):
    """The controls of one target: what they were made of, and their figures."""

    signature: str  # of the transfer set
    tokenizer: str
    seed: int  # of the order in which rows were taken
    equal: Equal
    budget: dict[str, int]  # split -> completion tokens
    seeds: int  # whose rows went into the controls, before these were cut
    arms: dict[str, Arm]
    transfer_set: dict[str, str]  # its files as they were: path in the run -> SHA-256
    fingerprint: str  # stands for everything that shaped the rows


def folder(tag: str, name: str) -> str:
    """Where a control of a target lies in the run."""
    return f"{tag}/controls-{name}"


def files(manifest: Manifest, tag: str) -> dict[str, str]:
    """The files of a target's transfer set: path in the run -> SHA-256."""
    return {path: digest for path, digest in manifest.files.items() if path.startswith(f"{tag}/transfer_set/")}


def read(run: Run, manifest: Manifest, tag: str) -> Controls | None:
    """The controls of a target; None where there are none, or where the transfer set was mixed anew since."""
    path = run.path / tag / FILE
    try:
        found = Controls.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return found if found.transfer_set == files(manifest, tag) else None


def common(tables: Mapping[str, pl.DataFrame], rows: pl.DataFrame, arms: Collection[str]) -> dict[str, pl.DataFrame]:
    """The tables of those seeds alone of which every control can be made: they are in the transfer set.

    Where one of the controls is made of references, they have one as well; where one is so in the target language, too,
    their translated question was kept, and the reference could be translated.

    Args:
        tables: as `from_references` takes them, of all seeds.
        rows: of the transfer set.
        arms: names of the controls.
    """
    seeds = tables["seeds"].join(_answers(rows), left_on="id", right_on="seed_id", how="semi", maintain_order="left")
    if REFERENCES & {*arms}:
        seeds = seeds.filter(pl.col("reference").is_not_null())
    if TRANSLATED & {*arms}:
        for wanted in (tables["verdicts"].filter(pl.col("question_tgt") > 0), tables["references"]):
            seeds = seeds.join(wanted, on="id", how="semi", maintain_order="left")
    return {name: table.join(seeds, on="id", how="semi", maintain_order="left") for name, table in tables.items()}


def from_transfer_set(rows: pl.DataFrame, seeds: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """`sdrrl`: the transfer set itself, as far as it is of these seeds; and what three ablations leave of it.

    Rows of a parallel corpus, which are of no seed, become fewer in the same measure, so that the mix stays. Without
    crossings, they still ask in one language for a translation into the other.
    """
    answers = pl.col("task") == "answer"
    ours = pl.col("seed_id").is_in(seeds["id"].to_list())
    share = _answers(rows).filter(ours).height / max(_answers(rows).height, 1)
    group = ("task", "split")
    early = pl.int_range(pl.len()).over(group) < (pl.len().over(group) * share).round()
    sdrrl = rows.filter(pl.when(answers).then(ours).otherwise(early))
    asked, answered = (pl.col("direction").str.split("->").list.get(side) for side in (0, 1))
    return {
        "sdrrl": sdrrl,
        "no-code-switch": sdrrl.filter(~pl.col("code_switched")),
        "no-crossing": sdrrl.filter(~answers | (asked == answered)),
        "no-parallel": sdrrl.filter(answers),
    }


def from_references(
    tables: Mapping[str, pl.DataFrame],
    rows: pl.DataFrame,
    asking: Asking,
    translators: Mapping[str, str],
    src: str,
    tgt: str,
    seed: int,
) -> dict[str, pl.DataFrame]:
    """The controls in which the seeds' references stand for the model's answers.

    `sft`: questions and references in the source language. `t-sft`: both translated. `no-self-answers`: the rows of
    `sdrrl` with these answers, in its order; of the code-switched ones those alone whose question is switched.

    Judged were the questions: none is here that the verdicts dropped, and a row weighs what its question does. The
    references were not: the translator's own checks stand behind their translations, but no scores.

    Args:
        tables: of the common seeds: seeds, translations, verdicts; references (without them there is only `sft`) and
            code_switched, where there are any.
        rows: of `sdrrl`.
        asking: the words in which a crossed row says which language to answer in.
        translators: what translated, by the names that the translations know them by.
        src: tag of the source language.
        tgt: tag of the target language.
        seed: the recipe's.
    """
    own = _answers(rows)
    seeds = own.unique("seed_id", maintain_order=True)
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
        # The answers that were scored are not these.
        "scores": seeds.select("scores", id="seed_id")
        .unnest("scores")
        .with_columns(pl.when(pl.lit(False)).then(pl.col("^answer_.*$"))),
    }
    if "code_switched" in tables:
        replaced["code_switched"] = _questions_switched(tables["code_switched"], replaced)
    signature = str(own["signature"].first())
    candidates = transfer_set.split(answer_rows.make(replaced, asking, src, tgt), 0, seed)

    def finished(rows: pl.DataFrame, translations: pl.DataFrame, translators: Mapping[str, str]) -> pl.DataFrame:
        made = transfer_set.finish(rows, replaced | {"translations": translations}, "", translators, signature)
        return made.drop("split").join(seeds.select("seed_id", "split"), on="seed_id", maintain_order="left")

    untranslated = translations.with_columns(pl.when(pl.lit(False)).then(pl.col("^.*_translator$")))
    arms = {"sft": finished(candidates.filter(kind="src->src"), untranslated, {})}
    if "references" in tables:
        arms["t-sft"] = finished(candidates.filter(kind="tgt->tgt"), translations, translators)
        same = candidates.join(own, on="id", how="semi", maintain_order="left")
        parallel = rows.filter(pl.col("task") != "answer")
        others = pl.concat([finished(same, translations, translators), parallel])
        arms["no-self-answers"] = rows.select("id").join(others, on="id", maintain_order="left")
    return arms


def _answers(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that seeds gave."""
    return rows.filter(task="answer")


def _questions_switched(switched: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The code-switched texts with references for answers, in which nothing is switched."""
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
