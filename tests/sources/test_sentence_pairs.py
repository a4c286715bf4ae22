import json

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.recipe import ParallelConfig
from sdrrl_data.steps import parallel_rows
from tests.support import hub

ENGLISH, VIETNAMESE = "It rained all day.", "Trời mưa cả ngày."


def read(settings, src="en", tgt="vi"):
    return parallel_rows.read(ParallelConfig.model_validate(settings), find(src), find(tgt))


def texts(part):
    return part.rows.select("src", "tgt").rows()


def jsonl(path, *rows):
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return {"source": str(path)}


@pytest.mark.parametrize(
    "row",
    [
        {"translation": {"en": ENGLISH, "vi": VIETNAMESE}},
        {"id": 7, "translation": {"vie_Latn": VIETNAMESE, "eng_Latn": ENGLISH}},
        {"english": ENGLISH, "non_english": VIETNAMESE},
        {"id": 7, "vi": VIETNAMESE, "en": ENGLISH, "source": "a book"},
        {"eng": ENGLISH, "vie": VIETNAMESE},
        {"src": ENGLISH, "tgt": VIETNAMESE},
        {"source": ENGLISH, "target": VIETNAMESE, "score": 0.9},
    ],
)
def test_columns_go_by_their_usual_names(tmp_path, row):
    part = read(jsonl(tmp_path / "a.jsonl", row))
    assert texts(part) == [(ENGLISH, VIETNAMESE)]
    assert part.rows["source"].to_list() == ["a.jsonl:1"]


def test_english_is_found_on_either_side(tmp_path):
    corpus = jsonl(tmp_path / "a.jsonl", {"english": ENGLISH, "non_english": VIETNAMESE})
    assert texts(read(corpus, "vi", "en")) == [(VIETNAMESE, ENGLISH)]


def test_columns_that_are_named_go_before_usual_ones(tmp_path):
    row = {"en": "no", "vi": "no", "one": ENGLISH, "other": VIETNAMESE}
    corpus = jsonl(tmp_path / "a.jsonl", row) | {"fields": {"src": "one", "tgt": "other"}}
    assert texts(read(corpus)) == [(ENGLISH, VIETNAMESE)]


@pytest.mark.parametrize(
    ("row", "settings", "says"),
    [
        (
            {"en": ENGLISH, "fr": "Il pleut."},
            {},
            "no columns that seem to be English and Vietnamese, it has 'en', 'fr'",
        ),
        ({"en": ENGLISH, "vi": "a"}, {"fields": {"src": "en", "tgt": "vn"}}, "there are no columns 'en' and 'vn'"),
        ({"en": ENGLISH, "vi": None}, {}, r"no line of .* is a pair of texts \(not a pair of texts\)"),
        ("[1]", {}, r"is a pair of texts \(not an object with named fields\)"),
    ],
)
def test_a_corpus_without_pairs_is_refused(tmp_path, row, settings, says):
    with pytest.raises(UserError, match=says):
        read(jsonl(tmp_path / "a.jsonl", row) | settings)


def test_english_columns_are_of_no_pair_without_english(tmp_path):
    with pytest.raises(UserError, match="no columns that seem to be French and Vietnamese"):
        read(jsonl(tmp_path / "a.jsonl", {"english": ENGLISH, "non_english": VIETNAMESE}), "fr", "vi")


def test_bad_rows_are_set_aside(tmp_path):
    good = {"en": ENGLISH, "vi": VIETNAMESE}
    rows = ["{", good, {"en": ENGLISH}, {"en": " ", "vi": VIETNAMESE}, {"en": 3, "vi": "ba"}, good, '"text"']
    rows.append({"en": "\ud800", "vi": VIETNAMESE})
    part = read(jsonl(tmp_path / "a.jsonl", *rows))
    assert texts(part) == [(ENGLISH, VIETNAMESE)]
    assert part.set_aside["id"].to_list() == [f"a.jsonl:{number}" for number in (1, 3, 4, 5, 6, 7, 8)]
    assert part.set_aside["reason"].to_list()[1:] == [
        *["not a pair of texts"] * 3,
        "the same pair stands in an earlier line",
        "not an object with named fields",
        "not valid Unicode (a lone surrogate)",
    ]


@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet", "csv"])
def test_every_format_gives_the_same_pairs(tmp_path, ending):
    table = pl.DataFrame({"en": ["One.", "Two."], "vi": ["Một.", "Hai."]})
    path = tmp_path / f"a.{ending}"
    writers = {"jsonl": table.write_ndjson, "json": table.write_json, "parquet": table.write_parquet}
    writers.get(ending, table.write_csv)(path)
    assert texts(read({"source": str(path)})) == [("One.", "Một."), ("Two.", "Hai.")]


def test_a_tsv_file_has_a_header_where_its_columns_are_named(tmp_path):
    (tmp_path / "a.tsv").write_text("id\tvi\ten\n1\tMột.\tOne.\n", encoding="utf-8")
    corpus = {"source": str(tmp_path / "a.tsv"), "fields": {"src": "en", "tgt": "vi"}}
    assert texts(read(corpus)) == [("One.", "Một.")]


def test_a_limit_takes_the_first_pairs(tmp_path):
    lines = [f"Line {number}.\tDòng {number}." for number in (1, 1, 2, 3)]
    (tmp_path / "a.tsv").write_text("\n".join(lines), encoding="utf-8")
    part = read({"source": str(tmp_path / "a.tsv"), "limit": 2})
    assert part.rows["source"].to_list() == ["a.tsv:1", "a.tsv:3"]


@pytest.mark.parametrize(
    ("named", "run", "expected"),
    [
        ({}, ("en", "vi"), ("A", "B")),
        ({}, ("fr", "th"), ("A", "B")),
        ({"src": "en"}, ("en", "vi"), ("A", "B")),
        ({"src": "en"}, ("vi", "en"), ("B", "A")),
        ({"tgt": "en"}, ("en", "vi"), ("B", "A")),
        ({"tgt": "vi"}, ("en", "vi"), ("A", "B")),
        ({"src": "en"}, ("fr", "vi"), None),
        ({"src": "en", "tgt": "vi"}, ("vi", "en"), ("B", "A")),
    ],
)
def test_a_language_that_is_not_named_is_the_runs(tmp_path, named, run, expected):
    (tmp_path / "a.tsv").write_text("A\tB", encoding="utf-8")
    part = read({"source": str(tmp_path / "a.tsv")} | named, *run)
    assert texts(part) == ([expected] if expected else [])


CARD = """---
license: cc-by-2.0
configs:
- config_name: en-vi
  data_files: en-vi/train.jsonl
- config_name: en-id
  data_files: en-id/train.jsonl
---
"""
READ = """
import json, sys
from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.recipe import ParallelConfig
from sdrrl_data.sources import row_sources
from sdrrl_data.steps import parallel_rows

def show(result):
    print(json.dumps(result))

for settings in json.loads(sys.argv[1]):
    tags = settings.pop("run")
    try:
        part = parallel_rows.read(ParallelConfig(source="org/pairs", **settings), *map(find, tags))
        show([part.rows["source"][0], part.rows.height, *part.rows.select("src", "tgt").row(-1)])
    except UserError as error:
        show(str(error))
show(row_sources.licence_on_hub("org/pairs", sys.argv[2]))
"""


def test_a_dataset_of_the_hub_serves_every_target(tmp_path):
    names = {"vi": "Câu", "id": "Kalimat"}
    files = {
        f"en-{tag}/train.jsonl": "".join(
            json.dumps({"english": f"Sentence {n}.", "non_english": f"{name} {n}."}) + "\n" for n in range(20_005)
        ).encode()
        for tag, name in names.items()
    }
    config = {"config": "en-{tgt}", "src": "en"}
    wishes = [
        config | {"run": ["en", "vi"]},
        config | {"run": ["en", "id"], "limit": 3},
        config | {"run": ["id", "en"], "limit": 1},
        config | {"run": ["en", "th"]},
        config | {"run": ["en", "vi"], "split": "dev"},
    ]
    with hub.serving() as served:
        commit = served.add("datasets/org/pairs", {"README.md": CARD.encode(), **files}).refs["refs/heads/main"]
        first, few, back, missing, split, licence = served.run(READ, tmp_path, None, json.dumps(wishes), commit)
    place = f"org/pairs@{commit}:1"
    assert first == [place, 20_000, "Sentence 19999.", "Câu 19999."]
    assert few == [place, 3, "Sentence 2.", "Kalimat 2."]
    assert back == [place, 1, "Kalimat 0.", "Sentence 0."]
    assert missing == (
        "parallel org/pairs: the dataset has no config en-th on the Hub: name another corpus with --set "
        "parallel.source=SOURCE, or go without one with --set parallel=null"
    )
    assert split.startswith("parallel org/pairs: the dataset cannot be read from the Hugging Face Hub: check its name")
    assert licence == "cc-by-2.0"
