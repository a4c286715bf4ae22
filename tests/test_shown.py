import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.shown import JOINERS, LONGEST, escaped, escaped_lines, message, without_passwords


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


@given(st.text())
def test_lines_stay(text):
    shown = escaped_lines(text)
    assert all(c.isprintable() or c in JOINERS or c == "\n" for c in shown)
    assert shown.count("\n") == text.count("\n")


@given(st.text(max_size=2000))
def test_a_message_is_one_short_line(text):
    shown = message(text)
    assert len(shown) <= LONGEST
    assert "\n" not in shown
    assert message(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:pass@host/v1 cannot be reached", "http://***@host/v1 cannot be reached"),
        ("https://token@host", "https://***@host"),
        ("found 'http://user:p@ss@host'", "found 'http://***@host'"),
        ("http://host/path@v1?mail=me@here", "http://host/path@v1?mail=me@here"),
        ("http:/user:pass@host is not a run", "http:/***@host is not a run"),
        ("C:/me@here", "C:/me@here"),
        ("write to me@here", "write to me@here"),
    ],
)
def test_a_password_in_an_address_is_not_shown(text, shown):
    assert without_passwords(text) == shown
    assert message(text) == shown
