import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.protocols import TextPair
from sdrrl_data.translation.layout import paired_lines

TEXT = """\
# Boiling eggs

Put *two* eggs into `hot` water. Wait ten minutes!

1. Run `timer 10m` now,
   see https://example.org/eggs for more.
   - [ ] **Salt**: a pinch

```python
print("do not touch")  # nor this comment
```

| Size | Minutes |
|------|--------:|
| Small | 8 |

> 42

\tcode(1)
"""
TRANSLATION = """\
# Ovos cozidos

Ponha dois ovos em água `hot`. Espere dez minutos!

1. Execute `timer 10m` agora,
   veja https://example.org/eggs para mais.
   - [ ] **Sal**: uma pitada

```python
print("do not touch")  # nor this comment
```

| Tamanho | Minutos |
|------|--------:|
| Pequeno | 8 |

> 42

\tcode(1)
"""
PIECES = [
    "One thing. ", "Two (2) things! ", "`code` ", "**Term**: it ", "$x^2$ ", "https://a.example/b ", "<b>", "</b>",
    "\n", "\n\n", "  \n", "- ", "3. ", "> ", "# ", "| a | b |\n", "|---|---|\n", "```\n", "    ", "\t", "---\n",
    "\r\n", "$$", "É ", "def f(x):", "![alt](b.png)",
]  # fmt: skip


def test_each_line_finds_its_translation():
    pair = TextPair(TEXT, TRANSLATION, paired_lines(TEXT, TRANSLATION))
    assert pair.sentences() == [
        ("Boiling eggs", "Ovos cozidos"),
        (
            "Put *two* eggs into `hot` water. Wait ten minutes!",
            "Ponha dois ovos em água `hot`. Espere dez minutos!",
        ),
        ("Run `timer 10m` now,", "Execute `timer 10m` agora,"),
        ("see https://example.org/eggs for more.", "veja https://example.org/eggs para mais."),
        ("Salt", "Sal"),
        ("a pinch", "uma pitada"),
        ("Size", "Tamanho"),
        ("Minutes", "Minutos"),
        ("Small", "Pequeno"),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("touch", "tocar"),  # code in a fence
        ("code(1)", "code(2)"),
        ("`timer 10m`", "`timer 11m`"),
        ("`timer 10m`", "timer 10m"),
        ("/eggs", "/ovos"),
        ("1. ", "2. "),
        ("- [ ]", "* [ ]"),
        ("- [ ]", "- [x]"),
        ("# ", "## "),
        ("> 42", "> 43"),
        ("> 42", "42"),
        ("| 8 |", "| oito |"),
        ("--------:", "--------"),
        ("**Sal**:", "Sal:"),
        ("mais.\n", "mais.\n\n"),
        ("agora,\n  ", "agora,"),
        ("\n# ", "# "),
        ("Ovos cozidos", ""),
        ("Ovos cozidos", "42"),
        ("Ovos cozidos", "Ovos cozidos\n\nSobre ovos"),
        ("Ovos cozidos", "Ovos `hot` cozidos"),
        ("em água `hot`", "em água"),
    ],
)
def test_another_layout_is_seen(before, after):
    spoilt = "\n" + TRANSLATION
    assert before in spoilt
    assert paired_lines("\n" + TEXT, spoilt)
    assert paired_lines("\n" + TEXT, spoilt.replace(before, after)) is None


def test_protected_spans_stay_in_their_lines_and_in_order():
    assert paired_lines("Run `a`, then `b`.\nThen `c`.", "Execute `a`, depois `b`.\nDepois `c`.")
    assert paired_lines("Run `a`, then `b`.\nThen `c`.", "Execute `b` depois de `a`.\nDepois `c`.") is None
    assert paired_lines("Run `a`, then `b`.\nThen `c`.", "Execute `a`.\nDepois `b` e `c`.") is None


def test_a_formula_of_several_lines_stays():
    text = "So it is $$a\n+ b$$ again.\nAnd so on."
    translation = "É $$a\n+ b$$ outra vez.\nE assim por diante."
    assert len(paired_lines(text, translation)) == 2
    assert paired_lines(text, translation.replace("+ b", "+ c")) is None


def test_real_answers_pair_with_themselves(real_texts):
    lines = (real_texts / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["output"] for line in lines]
    sides = [side for text in texts for side, _ in TextPair(text, text, paired_lines(text, text)).sentences()]
    assert letters("".join(sides)) >= 0.99 * letters("".join(texts))


def letters(text):
    return sum(map(str.isalpha, text))


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_pairs_with_itself(text):
    units = paired_lines(text, text)
    assert all((a, b) == (c, d) and a < b for a, b, c, d in units)
    assert all(unit.source_end <= following.source_start for unit, following in pairwise(units))


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.data())
def test_what_lies_between_units_is_the_same(text, data):
    """If the lines of a changed text can still be paired, the change is within units."""
    at = data.draw(st.integers(0, len(text)))
    change = data.draw(st.sampled_from(["x", " ", "\n", "`", "- ", "|", "*", "$"]))
    target = text[:at] + change + text[at + data.draw(st.integers(0, 3)) :]
    units = paired_lines(text, target)
    if units is not None:
        source_end = target_end = 0
        for a, b, c, d in units:
            assert text[source_end:a] == target[target_end:c]
            source_end, target_end = b, d
        assert text[source_end:] == target[target_end:]
