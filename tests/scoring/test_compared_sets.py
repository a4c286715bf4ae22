import json

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.run import NOTHING_SET_ASIDE, Manifest, Part, Run
from sdrrl_data.scoring.compared_sets import identify, texts

EN, PT, VI = find("en"), find("pt"), find("vi")


def messages(*contents):
    return [{"role": "user", "content": content} for content in contents]


def write(run, table, *parts):
    for number, rows in enumerate(parts):
        run.table(table).write(number, Part(pl.DataFrame(rows), NOTHING_SET_ASIDE), f"{table}{number}")


@pytest.fixture
def earlier(tmp_path):
    run = Run(tmp_path / "earlier")
    run.write_manifest(
        Manifest(state="finished", signatures={}, recipe={"src": "eng", "tgt": ["pt-BR"]}, versions={}, ingredients=[])
    )
    write(run, "seeds", {"id": ["a", "b"], "messages": [messages("Why?"), messages("One", "Two")]})
    write(run, "answers", {"id": ["a"], "answer": ["So."]}, {"id": ["b", "c"], "answer": ["Three", None]})
    write(run, "pt/translations", {"id": ["a"], "question": [messages("Por quê?")], "answer": ["Porque sim."]})
    return run


@pytest.mark.parametrize(
    ("kind", "language", "expected"),
    [
        ("question", EN, [("earlier:a", "Why?"), ("earlier:b", "One\n\nTwo")]),
        ("answer", EN, [("earlier:a", "So."), ("earlier:b", "Three")]),
        ("question", PT, [("earlier:a", "Por quê?")]),
        ("answer", PT, [("earlier:a", "Porque sim.")]),
        ("answer", VI, []),
    ],
)
def test_reads_an_earlier_run_in_the_right_language(earlier, kind, language, expected):
    expected = [(language, *place_and_text) for place_and_text in expected]
    assert list(texts(str(earlier.path), kind, language)) == expected
    assert [row for row in texts(str(earlier.path), kind, EN, PT, VI) if row[0] == language] == expected


def test_a_run_is_known_by_what_made_its_parts(earlier):
    first = identify(str(earlier.path))
    assert (first.role, first.name, first.licence) == ("compared set", "earlier", None)
    assert identify(str(earlier.path)) == first
    write(earlier, "pt/translations", {"id": ["a"]}, {"id": ["b"]})
    assert identify(str(earlier.path)).revision != first.revision


def test_a_home_that_is_not_there():
    with pytest.raises(UserError, match="~nobody-here/run: there is no such file"):
        identify("~nobody-here/run")


@pytest.mark.parametrize("file", [None, "notes.txt", "manifest.json"])
def test_a_directory_without_a_run(tmp_path, file):
    if file:
        (tmp_path / file).write_text("{}")
    with pytest.raises(
        UserError, match="this directory does not hold a run that this sdrrl-data can read: name another"
    ):
        identify(str(tmp_path))


CHAT = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]


@pytest.mark.parametrize(
    ("row", "questions", "answers"),
    [
        ({"messages": CHAT * 2}, ["q", "q"], ["a", "a"]),
        ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, ["q"], ["a"]),
        ({"prompt": CHAT[:2], "completion": CHAT[2:]}, ["q"], ["a"]),
        ({"prompt": "q", "completion": "a"}, ["q"], ["a"]),
        ({"instruction": "q \n", "input": "about", "output": "a"}, ["q\n\nabout"], ["a"]),
        ({"instruction": "q", "context": "", "response": "a"}, ["q"], ["a"]),
        ({"question": "q", "context": "about", "answer": {"text": ["a"]}}, ["q"], []),
        ({"text": "q", "question": None}, [], []),
        ({"messages": ["q", None, {"role": "user"}]}, [""], []),
        ("q", [], []),
    ],
)
def test_finds_the_questions_and_answers_of_a_row(tmp_path, row, questions, answers):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    for kind, expected in ("question", questions), ("answer", answers):
        assert list(texts(str(path), kind, EN)) == [(EN, "rows.jsonl:1", text) for text in expected]
        assert len(list(texts(str(path), kind, EN, PT))) == 2 * len(expected)
