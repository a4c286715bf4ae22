"""Some rows of the short form: nothing is wrong after them. And what is wrong is noticed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from faults import _mutations
from faults.__main__ import page
from faults._tries import Draw, Result, Row, Wrong, attempt, compare, contents, one_sentence
from sdrrl_data.errors import UserError

ROOT = Path(__file__).parents[2]


def test_some_rows_of_the_short_form_are_tried_and_nothing_is_wrong() -> None:
    """All of them take minutes: `make faults SHORT=1`, which CI runs, too."""
    names = ["kills: generate, other thresholds", "fuzzed_manifests: indexes", "fuzzed_recipes: recipes"]
    command = [sys.executable, "-m", "faults", "--short", "--processes", "1", *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    table = [line.removeprefix("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    tried = {name: number for name, number, *_ in table}
    assert all(tried[name] != "0" for name in names)


def test_what_differs_and_what_is_left_over_is_noticed(tmp_path: Path) -> None:
    times = ("run/timings.jsonl", "run/timings-node-1.jsonl")
    for name in ("run/answers.parquet", *times, "run/unused/00000/manifest.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    undisturbed = contents(tmp_path)
    assert undisturbed.keys() == {"run/answers.parquet"}
    compare(contents(tmp_path), undisturbed)
    (tmp_path / "run" / "answers.parquet").write_text("two")
    with pytest.raises(Wrong, match=r"differing: run/answers\.parquet"):
        compare(contents(tmp_path), undisturbed)
    (tmp_path / "run" / ".answers.tmp").touch()
    with pytest.raises(Wrong, match=r"leftovers: run/\.answers\.tmp"):
        compare(contents(tmp_path), undisturbed)


def test_an_input_is_refused_in_one_short_sentence_and_soon() -> None:
    with one_sentence():
        raise UserError("it is wrong")
    with pytest.raises(Wrong, match="hangs"), one_sentence(0.01):
        time.sleep(5)


def test_a_try_is_the_same_again_and_its_table_names_what_is_wrong(tmp_path: Path) -> None:
    def fails(draw: Draw, root: Path) -> int:
        if draw.random() < 0.5:
            raise Wrong("differing", f"by {draw.random()}")
        return 3

    row = Row(fails, 10, 1)
    results = [attempt("kind: name", row, 1, number, tmp_path) for number in range(10)]
    again = [attempt("kind: name", row, 1, number, tmp_path) for number in range(10)]
    assert [result[:5] for result in results] == [result[:5] for result in again]
    wrong = sum(result.wrong == "differing" for result in results)
    assert 0 < wrong < 10
    line = f"| kind: name | {3 * (10 - wrong) + wrong} | {wrong} | 0 | 0 | 0 | 0 | 0 |"
    assert line in page({"kind: name": row}, results, 1, 0.0).splitlines()
    broken = attempt("kind: name", Row(lambda draw, root: 1 // 0, 1, 1), 1, 0, tmp_path)
    assert broken._replace(detail="", seconds=0.0) == Result("kind: name", 0, 1, "tracebacks")


def test_mutations_change_what_is_good_and_leave_it_as_it_was() -> None:
    good = {"a": [1, {"b": "text"}], "c": None}
    changed = [_mutations.json_value(Draw(number), good) for number in range(200)]
    assert good == {"a": [1, {"b": "text"}], "c": None}
    assert sum(value != good for value in changed) > 100
    assert len({_mutations.data(Draw(number), b"bytes") for number in range(200)}) > 50
    assert len({_mutations.text(Draw(number), ["some text"]) for number in range(200)}) > 50
