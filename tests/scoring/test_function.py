import hashlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.errors import ScorerFailed, UserError
from sdrrl_data.languages import find
from sdrrl_data.protocols import Ingredient
from sdrrl_data.scoring.function import FunctionConfig as Settings
from sdrrl_data.scoring.function import FunctionScorer

SOURCE = '''
import polars as pl
import math
from fractions import Fraction
import numpy as np

calls = []

def questions(table):
    """Share of the source's question marks that the target has."""
    in_source, in_target = (pl.col(side).str.count_matches("[?？]") for side in ("source", "target"))
    return table.select(pl.when(in_source > 0).then(in_target / in_source)).to_series()

def remembers(table):
    calls.append(table)
    return [len(sentences) for sentences in table["sentences"]]

def numbers(table):
    return [1, None, 2.5, math.nan]

def whole(table):
    return pl.Series([1, 2, None, 4], dtype=pl.UInt8)

def truths(table):
    return pl.Series([True, False, None, True])

def nothing(table):
    return [None] * table.height

def array(table):
    return np.array([1, 2, 3, np.nan], dtype=np.float32)

def fails(table):
    raise ValueError("first\\nthe table is crooked")

def silent(table):
    assert False

def three(table):
    return [1, 2, 3]

def words(table):
    return ["good"] * table.height

def named(table):
    return table["source"]

def tables(table):
    return table.select(pl.col("source").str.len_chars())

def huge(table):
    return [1.0, 10**400, None, None]

def one(table):
    return 1.0

def forgotten(table):
    table["source"]

def endless(table):
    return [1.0, 2.0, -math.inf, 4.0]

constant = 3
'''
EN, PT = find("en"), find("pt")
SENTENCES = [("Who?", "Quem?"), ("Why? And how?", "Porquê?"), ("The sea.", "O mar."), ("When?", "Quando.")]


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """A working directory with a module of a user's."""
    path = tmp_path_factory.mktemp("work")
    (path / "users_own.py").write_text(SOURCE)
    (path / "broken.py").write_text("import a_package_that_is_not_there\n")
    (path / "crooked.py").write_text("def f(table:\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        yield path


@pytest.fixture
def pairs(text_pair):
    return [text_pair(sentences) for sentences in SENTENCES]


def settings(function, name="own"):
    return Settings(name=name, function=function)


def scorer(function):
    return FunctionScorer(settings(f"users_own:{function}"), EN, PT)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("questions", [1, 0.5, None, 0]),
        ("numbers", [1, None, 2.5, None]),
        ("whole", [1, 2, None, 4]),
        ("truths", [1, 0, None, 1]),
        ("nothing", [None] * 4),
        ("array", [1, 2, 3, None]),
    ],
)
def test_what_it_returns_are_the_scores(function, expected, pairs, score):
    assert score(scorer(function), pairs) == {"own": expected}


def test_the_table_it_is_given(text_pair, score):
    pair = text_pair(("One.", "Um."), ("Two.", "Dois."))
    assert score(scorer("remembers"), [pair]) == {"own": [2]}
    [table] = sys.modules["users_own"].calls
    assert table.to_dicts() == [
        {
            "source": pair.source,
            "target": pair.target,
            "src": "en",
            "tgt": "pt",
            "sentences": [{"source": "One.", "target": "Um."}, {"source": "Two.", "target": "Dois."}],
        }
    ]


def test_without_pairs_it_is_not_called(score):
    assert score(scorer("fails"), []) == {"own": []}


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("fails", "failed: ValueError: the table is crooked"),
        ("silent", "failed: AssertionError"),
        ("three", "returned 3 values for 4 rows"),
        ("words", "returned a list: it must return a Series or list of numbers"),
        ("named", "returned a Series of String"),
        ("tables", "returned a DataFrame"),
        ("one", "returned a float"),
        ("huge", "returned a list"),
        ("forgotten", "returned a NoneType"),
        ("endless", "returned -inf for a row: a score must be a finite number"),
    ],
)
def test_what_it_does_wrong_is_said_in_one_sentence(function, says, pairs):
    with pytest.raises(ScorerFailed) as caught:
        scorer(function).score(pairs, lambda _: None)
    assert str(caught.value).startswith(f"scorer own: users_own:{function} {says}")
    assert "\n" not in str(caught.value)


def test_the_error_of_the_function_is_the_cause(pairs):
    with pytest.raises(ScorerFailed) as caught:
        scorer("fails").score(pairs, lambda _: None)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("nowhere:f", r"there is no module nowhere in .*/work0 or among the installed packages"),
        ("nowhere.at.all:f", r"there is no module nowhere\.at\.all in"),
        ("polars.nowhere:f", r"there is no module polars\.nowhere in"),
        ("users_own:absent", r"module users_own \(.*/users_own\.py\) has no function absent"),
        ("users_own:constant", r"has no function constant"),
        ("broken:f", r"broken cannot be imported: ModuleNotFoundError: No module named 'a_package_that_is_not_there'"),
        ("crooked:f", r"module crooked cannot be imported: SyntaxError: "),
    ],
)
@pytest.mark.parametrize(
    "find", [Settings.identify, lambda settings: FunctionScorer(settings, EN, PT)], ids=["found", "built"]
)
def test_a_function_that_cannot_be_had_is_named(find, function, says):
    with pytest.raises(UserError, match=f"scorer own: .*{says}"):
        find(settings(function))


def test_it_is_identified_by_its_file(folder):
    digest = hashlib.blake2b((folder / "users_own.py").read_bytes(), digest_size=8).hexdigest()
    assert settings("users_own:numbers").identify() == [Ingredient("scorer", "users_own:numbers", digest, None)]
    assert settings("math:sqrt").identify()[0].name == "math:sqrt"


def test_a_console_script_finds_the_working_directory_for_this_import_alone(folder):
    code = (
        "import sys; sys.path = [path for path in sys.path if path]; before = list(sys.path)\n"
        "from sdrrl_data.scoring.function import FunctionConfig\n"
        "(ingredient,) = FunctionConfig(name='own', function='users_own:numbers').identify()\n"
        "print(ingredient.name, sys.path == before)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["users_own:numbers", "True"]


@given(st.lists(st.none() | st.floats(allow_infinity=False) | st.integers(-(2**40), 2**40) | st.booleans(), min_size=1))
def test_numbers_come_back_as_they_are(text_pair, score, values):
    function_scorer = scorer("numbers")
    function_scorer._function = lambda table: values
    expected = [None if value is None or value != value else float(value) for value in values]
    assert score(function_scorer, [text_pair()] * len(values)) == {"own": expected}
