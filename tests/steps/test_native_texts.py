import json

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.recipe import NativeConfig
from sdrrl_data.steps.native_texts import SCHEMA, stored
from sdrrl_data.steps.seed_columns import MissingColumn

ONE = "O porto da cidade antiga foi construído no século nove por monges."
TWO = "  As ilhas compravam sal, e os monges\r\nprecisavam de barcos grandes para o levar.\t\n"
LONG = "\n\n".join(f"Este é o parágrafo número {number} de um texto que não acaba." for number in range(60))


def config(*places, **settings):
    content = {"source": "native", "texts": [{"source": str(place)} for place in places], "shortest": 5} | settings
    return NativeConfig.model_validate_json(json.dumps(content))


def read(*places, limit=None, tgt="pt", **settings):
    texts = stored(config(*places, **settings), find(tgt), limit)
    return texts.rows.slice(0, 1000) if texts.rows.height else None, texts.set_aside, texts.columns


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def folder(path):
    (path / "texts" / "more").mkdir(parents=True)
    (path / "texts" / "b.txt").write_bytes(ONE.encode() + b"\n")
    (path / "texts" / "more" / "a.md").write_bytes(TWO.encode())
    (path / "texts" / "notes.pdf").write_bytes(b"%PDF")
    return path / "texts"


WRITERS = {
    "jsonl": lambda path: jsonl(path / "a.jsonl", [{"id": 7, "text": ONE}, {"id": 8, "text": TWO}]),
    "json": lambda path: (path / "a.json", (path / "a.json").write_text(json.dumps([{"Text": ONE}, {"Text": TWO}])))[0],
    "parquet": lambda path: (
        path / "a.parquet",
        pl.DataFrame({"url": ["a", "b"], "content": [ONE, TWO]}).write_parquet(path / "a.parquet"),
    )[0],
    "csv": lambda path: (path / "a.csv", pl.DataFrame({"body": [ONE, TWO]}).write_csv(path / "a.csv"))[0],
}


@pytest.mark.parametrize("kind", WRITERS)
def test_texts_are_read_as_they_are(tmp_path, kind):
    path = WRITERS[kind](tmp_path)
    rows, set_aside, (columns,) = read(path)
    assert rows.schema == pl.Schema(SCHEMA)
    assert rows["text"].to_list() == [ONE, TWO]
    assert rows["source"].to_list() == [f"{path.name}:1", f"{path.name}:2"]
    assert set_aside.is_empty()
    assert columns.sentence().startswith(f"seeds {path.name}: 2 native texts (text: '")
    assert rows["source_id"].to_list() == (["7", "8"] if kind == "jsonl" else [None, None])


def test_each_file_of_a_folder_is_a_text(tmp_path):
    rows, set_aside, _ = read(folder(tmp_path))
    assert rows["text"].to_list() == [ONE, TWO.rstrip("\r\n")]
    assert rows["source"].to_list() == ["texts:1", "texts:2"]
    assert rows["source_id"].to_list() == ["b.txt", "more/a.md"]
    assert set_aside.is_empty()


def test_a_file_of_a_folder_that_cannot_be_read_is_set_aside(tmp_path):
    texts = folder(tmp_path)
    (texts / "a.txt").write_bytes(b"\xff")
    rows, set_aside, _ = read(texts)
    assert rows.height == 2
    assert set_aside["reason"].to_list() == ["a.txt: not UTF-8 (invalid start byte at byte 1)"]


def test_a_folder_without_texts_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"there is no file ending in \.txt or \.md in this folder"):
        read(tmp_path)


def test_a_line_is_a_text(tmp_path):
    (tmp_path / "a.txt").write_text(f"{ONE}\n\nO mar é azul e o céu também é.\n", encoding="utf-8")
    rows, _, _ = read(tmp_path / "a.txt")
    assert rows["text"].to_list() == [ONE, "O mar é azul e o céu também é."]


def test_the_recipe_may_name_the_column(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", [{"text": "x", "poema": ONE, "n": 3}])
    settings = config(path).model_dump(mode="json")
    settings["texts"][0]["fields"] = {"text": "poema", "id": "n"}
    texts = stored(NativeConfig.model_validate_json(json.dumps(settings)), find("pt"), None)
    assert texts.rows.slice(0, 1).select("text", "source_id").row(0) == (ONE, "3")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "Três palavras só."}, "the text has 3 words, fewer than 5"),
        ({"text": ONE}, "the same text stands in an earlier row"),
        ({"text": f"{ONE} Foi."}, r"near copy of [0-9a-f]{16}"),
        ({"text": " \n"}, "'text' is empty"),
        ({"text": None}, "'text' is empty"),
        ({"text": [ONE]}, "'text' is not a text"),
        ({"text": "\ud800 é um texto de cinco palavras"}, r"not valid Unicode \(a lone surrogate\)"),
        ({"other": ONE}, "no column with a usual name of a text"),
        ([ONE], "not an object with named fields"),
        ({"text": "palavra " * 600}, "the first paragraph has more than 500 words"),
    ],
)
def test_what_is_no_answer_is_set_aside(tmp_path, row, reason):
    rows, set_aside, _ = read(jsonl(tmp_path / "a.jsonl", [{"text": ONE}, row]))
    assert rows["text"].to_list() == [ONE]
    assert set_aside["id"].to_list() == ["a.jsonl:2"]
    assert pl.Series(set_aside["reason"]).str.contains(f"^{reason}$").all()
    assert json.loads(set_aside["row"][0]) == row


def test_of_a_long_text_the_paragraphs_are_taken_that_fit(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", [{"text": LONG}, {"text": ONE}])
    rows, set_aside, _ = read(path, longest=50)
    assert rows["text"].to_list() == ["\n\n".join(LONG.split("\n\n")[:4]), ONE]
    assert set_aside.is_empty()
    rows, set_aside, _ = read(path, longest=50, too_long="set_aside")
    assert rows["text"].to_list() == [ONE]
    assert set_aside["reason"].to_list() == ["the text has 720 words, more than 50"]


def test_a_limit_takes_the_first_texts_of_all_sources(tmp_path):
    first = jsonl(tmp_path / "a.jsonl", [{"text": ONE}])
    second = jsonl(tmp_path / "b.jsonl", [{"text": ONE}, {"text": TWO}, {"text": LONG}])
    rows, set_aside, columns = read(first, second, limit=2)
    assert rows["text"].to_list() == [ONE, TWO]
    assert rows["source"].to_list() == ["a.jsonl:1", "b.jsonl:2"]
    assert set_aside["id"].to_list() == ["b.jsonl:1"]
    assert [(read.source, read.questions) for read in columns] == [("a.jsonl", 1), ("b.jsonl", 1)]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_source_without_a_column_of_texts_is_refused(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    path.write_text('{"poem": "um", "n": 1}\n' if ending == "jsonl" else "poem,n\num,1\n")
    with pytest.raises(MissingColumn, match=r"it has 'poem', 'n': name one with --set seeds\.texts\.fields\.text=NAME"):
        read(path)


def test_a_source_without_any_text_that_can_be_taken_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"there is no text in it that can be taken \(a\.jsonl:1: the text has 1 words"):
        read(jsonl(tmp_path / "a.jsonl", [{"text": "um"}]))
