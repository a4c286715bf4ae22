"""What Hypothesis draws in `make test` is the same every time."""

import importlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[str]:
    """The examples that a test is given."""
    examples: list[str] = []

    @settings.get_profile("repeatable")
    @given(st.text())
    def keep(text: str) -> None:
        examples.append(text)

    keep()
    return examples


def test_modules_that_were_imported_before_do_not_change_the_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drawn()
    words = [f"word {number}" for number in range(1000)]
    (tmp_path / "thousand_words.py").write_text(f"WORDS = {words}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("thousand_words")
    after = drawn()
    assert len(before) == settings.get_profile("repeatable").max_examples
    assert after == before
    assert not set(after) & set(words)
