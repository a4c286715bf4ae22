import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.cli.escaping import JOINERS, escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\n\n  lines", "two lines"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\u202eright to left", "\\u202eright to left"),
        ("non\u00a0breaking", "non breaking"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("\ud800", "\\ud800"),
    ],
)
def test_examples(text, shown):
    assert escaped(text) == shown


@given(st.text())
def test_nothing_is_left_that_could_move_the_cursor(text):
    shown = escaped(text)
    assert all(c.isprintable() or c in JOINERS for c in shown)
    assert escaped(shown) == shown
