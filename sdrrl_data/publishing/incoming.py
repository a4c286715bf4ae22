"""Tables of a run that somebody else published: what no step can use is refused before a run is made of it.

Their fingerprints and digests do not help here: whoever published the tables wrote these, too.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from sdrrl_data.errors import UserError
from sdrrl_data.publishing.packing import PART
from sdrrl_data.run import SET_ASIDE, Run
from sdrrl_data.sources.row_files import parquet_table
from sdrrl_data.steps import (
    aligner,
    answers,
    code_switching,
    counts,
    distillation,
    native_texts,
    parallel_rows,
    preferences,
    prompts,
    samples,
    seeds,
    text_translations,
    transfer_set,
    translations,
    usual,
    verdicts,
)
from sdrrl_data.steps.schemas import MESSAGES, Schema

# Kind of table -> its columns, the same since sdrrl-data 0.1.0. The names of score columns are up to the scorers.
_SCHEMAS: Mapping[str, Schema] = {
    native_texts.NATIVE_TEXTS: native_texts.SCHEMA,
    native_texts.TEXT_TRANSLATIONS: text_translations.SCHEMA,
    "seeds": seeds.SCHEMA,
    "answers": answers.SCHEMA,
    "parallel": parallel_rows.SCHEMA,
    "translations": translations.SCHEMA,
    "references": translations.SCHEMA,
    "samples": samples.SAMPLES,
    "sample_scores": samples.SCORES,
    "prompts": prompts.SCHEMA,
    "aligner": aligner.SCHEMA,
    "code_switched": code_switching.SCHEMA,
    "usual": usual.SCHEMA,
    "scores": {"id": pl.String},
    "verdicts": verdicts.SCHEMA,
    "transfer_set": transfer_set.SCHEMA,
    "preferences": preferences.SCHEMA,
    "distillation": distillation.SCHEMA,
    "counts": counts.SCHEMA,
    "shared_counts": counts.SCHEMA,
    "set_aside": SET_ASIDE,
}
_SCORES = (pl.String, pl.Boolean, pl.Null)  # and numbers
# Columns, and fields of columns, that may be empty in a row.
_MAY_BE_NULL = {
    *("reference", "reasoning", "finish_reason", "prompt_tokens", "completion_tokens", "sample", "sample_score"),
    *("score", "confidence", "ratio", "shortfall", "value", "generator", "translator", "signature"),
    *("source_id", "answer_translator"),
}
_ROLES = ("system", "user", "assistant")
_SAME_IDS = ("code_switched", "transfer_set")  # tables in which several rows come from one seed


def read(table: str, path: Path, where: str) -> pl.DataFrame:
    """The rows of a file, if they are as this version writes them.

    Args:
        table: the path in the run of the table that the file belongs to.
        path: the file.
        where: its name for the error message.

    Raises:
        UserError: it cannot be read; or a column is missing, or of another type, or empty where it must not be.
    """
    try:
        rows = parquet_table(path, "file")
    except UserError as error:
        raise UserError(f"{where} cannot be read as a table, so no run can be made of it") from error
    if problem := _problem(_kind(table), rows):
        raise UserError(f"{where} {problem}, so no run can be made of it")
    return rows


def refuse_content(run: Run, tables: Iterable[str], repo: str) -> None:
    """Refuse ids that stand twice in a table, scores of other rows than the translations, and figures without a form.

    Args:
        run: has the tables.
        tables: their paths in the run.
        repo: where they are from, for the error message.

    Raises:
        UserError: there is one.
    """
    for table in tables:
        kind = _kind(table)
        if kind in ("counts", "shared_counts"):
            try:
                counts.read(run, [table])
            except ValidationError:
                raise UserError(f"{repo}: {table} has no figures, so no run can be made of it") from None
        if "id" not in _SCHEMAS.get(kind, {}) or kind in _SAME_IDS:
            continue
        ids = run.table(table).ids()
        if len(set(ids)) < len(ids):
            raise UserError(f"{repo}: {table} has two rows with the same id, so no run can be made of it")
        if kind in ("scores", "verdicts") and ids != run.table(f"{table.partition('/')[0]}/translations").ids():
            raise UserError(f"{repo}: {table} has other rows than the translations, so no run can be made of it")


def _kind(table: str) -> str:
    return table.rpartition("/")[2].partition("-")[0]


def _problem(kind: str, rows: pl.DataFrame) -> str | None:
    """Why rows cannot be used; None if they can, or nothing is known of such a table."""
    schema = _SCHEMAS.get(kind, {})
    for column, dtype in schema.items():
        if column not in rows.columns:
            return f"has no column {column}"
        if rows.schema[column] != dtype:
            return f"has a column {column} of another type than {dtype}"
        if column not in _MAY_BE_NULL and _has_null(rows[column]):
            return f"has a row in which {column} is empty"
        if dtype == MESSAGES and not _are_conversations(rows[column]):
            return f"has a row in which {column} is no conversation"
    if kind == "scores":
        for column, dtype in rows.schema.items():
            if column != PART and not dtype.is_numeric() and dtype not in _SCORES:
                return f"has a column {column} that is neither a number nor a text"
    return None


def _has_null(values: pl.Series) -> bool:
    """Whether a value is null, at any depth."""
    if values.null_count():
        return True
    if isinstance(values.dtype, pl.List):
        return _has_null(values.filter(values.list.len() > 0).explode())
    if isinstance(values.dtype, pl.Struct):
        return any(
            _has_null(values.struct.field(field.name))
            for field in values.dtype.fields
            if field.name not in _MAY_BE_NULL
        )
    return False


def _are_conversations(values: pl.Series) -> bool:
    """Whether all values have messages, and all messages a role that is known."""
    if values.is_empty():
        return True
    roles = values.filter(values.list.len() > 0).explode().struct.field("role")
    return bool((values.list.len() > 0).all() and roles.is_in(_ROLES).all())
