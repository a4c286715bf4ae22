"""Files of questions and of sentence pairs, in every format: no row is lost, and what is wrong is said."""

import csv
import io
import json
import warnings
from pathlib import Path
from typing import Any

import polars as pl

from faults import _mutations
from faults._tries import Draw, Row, Wrong, one_sentence
from sdrrl_data.languages import find
from sdrrl_data.recipe import ParallelConfig, SeedsConfig
from sdrrl_data.sources import sentence_pairs
from sdrrl_data.steps import seeds

RECORDS: list[dict[str, Any]] = [
    {"instruction": "Why is the sky blue?", "input": "", "output": "Because of the air.", "id": 7},
    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who are you?"}]},
    {"conversations": [{"from": "human", "value": "How?"}, {"from": "gpt", "value": "So."}], "id": "a"},
    {"prompt": "Count to three.", "history": [["One?", "1"]], "system": "Count.", "response": "1, 2, 3"},
    {"instruction": "Add them.", "instances": [{"input": "1 and 2", "output": "3"}, {"input": "", "output": "none"}]},
    {"message_id": "m", "parent_id": None, "text": "Is it true?", "role": "prompter", "lang": "en"},
    {"prompt": {"text": "So?", "role": "prompter", "replies": [{"text": "Yes.", "role": "assistant", "replies": []}]}},
    {"question": "What is this?", "tools": "[]", "answer": ["That."]},
]  # fmt: skip
PAIRS: list[dict[str, Any]] = [
    {"en": "The house is red.", "pt": "A casa é vermelha."},
    {"translation": {"en": "The house.", "pt": "A casa."}},
    {"src": "A dog.", "tgt": "Um cão.", "eng_Latn": "A dog.", "por_Latn": "Um cão."},
]


def _file(draw: Draw, root: Path, good: list[dict[str, Any]]) -> Path:
    """Some rows in a file of some format, which may be spoilt."""
    same = draw.choice(good)
    records = [
        _mutations.json_value(draw, same if draw.random() < 0.7 else draw.choice(good))
        for _ in range(draw.randint(1, 4))
    ]
    suffix = draw.choice((".jsonl", ".jsonl", ".json", ".csv", ".tsv", ".txt", ".parquet"))
    path = root / f"rows{suffix}"
    if suffix == ".parquet":
        content = io.BytesIO()
        try:
            pl.DataFrame(records, strict=False, infer_schema_length=None).write_parquet(content)
        except Exception:  # no table can hold these rows
            pl.DataFrame({"instruction": [json.dumps(record) for record in records]}).write_parquet(content)
        written = content.getvalue()
    elif suffix in (".csv", ".tsv"):
        table = io.StringIO(newline="")
        flat = [record for record in records if isinstance(record, dict)] or [{"question": "Why?"}]
        names = list(dict.fromkeys(str(name) for record in flat for name in record))
        writer = csv.writer(table, delimiter="," if suffix == ".csv" else "\t")
        writer.writerow(names)
        for record in flat:
            values = (record.get(name, "") for name in names)
            writer.writerow([value if isinstance(value, str) else json.dumps(value) for value in values])
        written = table.getvalue().encode("utf-8", "surrogateescape")
    elif suffix == ".json":
        written = json.dumps(records).encode()
    else:
        written = "".join(json.dumps(record) + "\n" for record in records).encode()
    path.write_bytes(_mutations.data(draw, written) if draw.random() < 0.4 else written)
    return path


def questions(draw: Draw, root: Path) -> int:
    path = _file(draw, root, RECORDS)
    with one_sentence(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = seeds.read([SeedsConfig(source=str(path))], None)
        places = {*read.rows["source"], *read.set_aside["id"]}
        if path.suffix == ".jsonl":
            lines = [
                line for line in path.read_bytes().split(b"\n") if line.strip(b" \t\r\v\f\x1c\x1d\x1e\x1f\x85\xa0")
            ]
            numbers = {place.rpartition(":")[2].partition("/")[0] for place in places}
            if len(numbers) < len(lines) and b"message_id" not in path.read_bytes():
                raise Wrong(
                    "differing", f"of {len(lines)} lines, only {sorted(numbers)} are there: {path.read_bytes()!r}"
                )
    return 1


def pairs(draw: Draw, root: Path) -> int:
    path = _file(draw, root, PAIRS)
    with one_sentence():
        list(sentence_pairs.pairs(ParallelConfig(source=str(path)), find("en"), find("pt")))
    return 1


ROWS = {"files of questions": Row(questions, 20_000, 40), "files of sentence pairs": Row(pairs, 8_000, 20)}
