import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdrrl_data.errors import UserError
from sdrrl_data.sources.row_files import open_file
from sdrrl_data.sources.separated import BETWEEN_FIELDS, records, separator_of

SEPARATORS = {"csv": ",", "tsv": "\t"}
ROWS = "".join(f"What is {number}?|A number.\n" for number in range(3))


def written(path, text):
    """A file in which every | is the separator that its ending names."""
    path.write_bytes(text.replace("|", SEPARATORS[path.suffix[1:]]).encode())
    return path


def read(path):
    return [
        (record.line, record.fields, record.problem) for record in records(path, "seeds", SEPARATORS[path.suffix[1:]])
    ]


def fields(path):
    assert not any(problem for _, _, problem in read(path))
    return [fields for _, fields, _ in read(path)]


@pytest.mark.parametrize("ending", SEPARATORS)
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a|b\n\nc|d", [["a", "b"], ["c", "d"]]),
        ("a|b\r\nc|d\r\n", [["a", "b"], ["c", "d"]]),
        ("a|b\rc|d", [["a", "b"], ["c", "d"]]),
        ("a|\n|b\n", [["a", ""], ["", "b"]]),
        ("a|It is 5'3\" high\n", [["a", "It is 5'3\" high"]]),
        ('"a"|"b"\n"c"|"d"\n', [["a", "b"], ["c", "d"]]),
        ('"a\nb"|c\n', [["a\nb", "c"]]),
        ('"a\r\n""b"""|c\n', [['a\r\n"b"', "c"]]),
        ('"a|b"|c\n', [["a|b", "c"]]),
        ('a|"First, do this.\nThen, that."\n', [["a", "First, do this.\nThen, that."]]),
        ('a|"Do this.\nThen pay 1,000."\n', [["a", "Do this.\nThen pay 1,000."]]),
        ("¿Por qué?|ทำไม\u2028\x0b\n", [["¿Por qué?", "ทำไม\u2028\x0b"]]),
    ],
)
def test_records(tmp_path, ending, text, rows):
    separator = SEPARATORS[ending]
    expected = [[field.replace("|", separator) for field in row] for row in rows]
    assert fields(written(tmp_path / f"a.{ending}", text)) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f'{ROWS}"Quote|x\n{ROWS}', 4),  # never closed
        (f'{ROWS}"Quote|x\n{ROWS}She said "so"|y\n', 4),  # closed in the middle of a text
        (f'"Hello" she said|y\n{ROWS}', 1),
        (f'5" high|a\n"Why,\nor not?"|b\n{ROWS}', 2),  # which of both quotes is wrong?
    ],
)
def test_a_quote_in_the_wrong_place_is_refused_in_csv(tmp_path, text, line):
    path = written(tmp_path / "a.csv", text)
    with pytest.raises(UserError, match=rf"^seeds .*a\.csv: .* line {line} .*save the file as JSONL$"):
        read(path)


@pytest.mark.parametrize(
    "text",
    [
        f'{ROWS}"Quote|x\n{ROWS}',
        f'{ROWS}"Quote|x\n{ROWS}She said "so"|y\n',
        f'"Hello" she said|y\n{ROWS}',
        f'"Hello"|"Olá"\n{ROWS}',
    ],
)
def test_tsv_with_such_quotes_has_a_row_a_line(tmp_path, text):
    path = written(tmp_path / "a.tsv", text)
    assert fields(path) == [line.split("|") for line in text.splitlines()]


@pytest.mark.parametrize("ending", SEPARATORS)
def test_a_row_that_is_probably_several_is_not_taken(tmp_path, ending):
    path = written(tmp_path / f"a.{ending}", f'question|answer\n"Quote|x\n{ROWS}It is 5\'3"|y\nLast?|z\n')
    swallowed, last = open_file(path, "seeds").rows
    assert swallowed.problem == "a quote in line 2 makes one row of lines up to 6 that look like rows"
    assert last.content == {"question": "Last?", "answer": "z"}


@pytest.mark.parametrize("separator", [";", "|", "\t"])
def test_csv_may_be_separated_by_another_character(tmp_path, separator):
    rows = [["Nummer", "Frage", "Notiz"], ["1", "Name three, please.", "ok; gut"], ["2", 'Say "so", or not?', "a\nb"]]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator).writerows(rows)
    (tmp_path / "a.csv").write_text(file.getvalue(), encoding="utf-8-sig", newline="")
    source = open_file(tmp_path / "a.csv", "seeds")
    assert (source.separator, source.columns) == (separator, rows[0])
    assert [[*row.content.values()] for row in source.rows] == rows[1:]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("question,note\nWhat; and why?,a;b\n", ","),
        ("question\nOne; two; three?\nFour, five?\n", ","),  # one column
        ("id;question, if any;note\n1;Why, and who?;a\n2;How?;b\n", ";"),
        ("question,id;old\nWhy?,1\nHow?,2\n", ","),
        ('"a;b";"c"\n"Why, oh, why?";d\n', ";"),
        ("Frage;Notiz\n", ";"),
        ('Frage;Notiz\n"Never closed;a\nWhy?;b\nHow?;c\n', ";"),
        ("\n", ","),
    ],
)
def test_the_separator_is_what_divides_the_header_as_it_divides_the_rows(tmp_path, text, separator):
    (tmp_path / "a.csv").write_text(text)
    assert separator_of(tmp_path / "a.csv", "seeds") == separator


def test_a_first_line_may_name_the_separator(tmp_path):
    (tmp_path / "a.csv").write_text("sep=|\nquestion|note\nWhat; why, how?|a\n")
    source = open_file(tmp_path / "a.csv", "seeds")
    assert [row.content for row in source.rows] == [{"question": "What; why, how?", "note": "a"}]


@pytest.mark.parametrize("separator", BETWEEN_FIELDS)
def test_a_row_that_is_probably_several_is_not_taken_whatever_separates_them(tmp_path, separator):
    lines = ["question|answer", '"Quote|x', "One?|a", "Two?|b", "It is 5'3\"|y", "Last?|z"]
    (tmp_path / "a.csv").write_text("\n".join(lines).replace("|", separator))
    swallowed, last = open_file(tmp_path / "a.csv", "seeds").rows
    assert swallowed.problem == "a quote in line 2 makes one row of lines up to 5 that look like rows"
    assert last.content == {"question": "Last?", "answer": "z"}


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"caf\xe9\tx\n")
    with pytest.raises(UserError, match="not UTF-8, save it as UTF-8"):
        read(tmp_path / "a.tsv")


TEXT = st.text(st.sampled_from("ab ,\t\"\n\r'5é") | st.characters(exclude_categories=["Cs"]), max_size=12)
TABLES = st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=5))
IN_TMP_PATH = settings(suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture])


@IN_TMP_PATH
@pytest.mark.parametrize("ending", SEPARATORS)
@given(table=TABLES)
def test_any_table_that_is_written_with_quotes_comes_back_or_its_row_is_refused(tmp_path, ending, table):
    table = [["a"] * len(table[0]), *table] if table else table
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=SEPARATORS[ending], quoting=csv.QUOTE_ALL).writerows(table)
    path = tmp_path / f"a.{ending}"
    path.write_bytes(file.getvalue().encode())
    rows_read = read(path)
    assert [row for _, row, _ in rows_read] == table
    assert all(problem is None or len(row) > 1 for _, row, problem in rows_read)


@IN_TMP_PATH
@pytest.mark.parametrize("separator", BETWEEN_FIELDS)
@given(rows=st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=5))
def test_any_table_with_a_plain_header_comes_back_whatever_separates_its_columns(tmp_path, separator, rows):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([["id", "question", "note"], *rows])
    path = tmp_path / "a.csv"
    path.write_bytes(file.getvalue().encode())
    assert separator_of(path, "seeds") == separator
    assert [record.fields for record in records(path, "seeds", separator)][1:] == rows


LINE = st.lists(st.text(st.sampled_from("ab ,\"'5é"), max_size=8), min_size=2, max_size=2)


@IN_TMP_PATH
@given(lines=st.lists(LINE, max_size=6))
def test_any_lines_of_tsv_without_quoting_come_back_or_a_row_is_refused(tmp_path, lines):
    """Where all quotes of a file look like quoting, they are taken off: nothing else may be missing."""
    path = tmp_path / "a.tsv"
    path.write_text("".join("\t".join(line) + "\n" for line in [["question", "answer"], *lines]), encoding="utf-8")
    rows = list(open_file(path, "seeds").rows)
    if not any(row.problem for row in rows):
        texts = [list(row.content.values()) for row in rows]
        assert [[text.replace('"', "") for text in row] for row in texts] == [
            [text.replace('"', "") for text in line] for line in lines
        ]
        assert texts == lines or all(line.count('"') % 2 == 0 for line in map("".join, lines))
