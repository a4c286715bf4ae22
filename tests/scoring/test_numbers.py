import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.scoring.numbers import found_share, protected_share


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("It cost 1,000.5 dollars.", "Custou 1.000,5 dólares."),
        ("It cost 1,000.5 dollars.", "Il a coûté 1 000,5 dollars."),
        ("It cost 1,000.5 dollars.", "Il a coûté 1\u202f000,5 dollars."),
        ("12,345 people", "१२,३४५ लोग"),
        ("12,345.6 people", "١٢٬٣٤٥٫٦ شخص"),
        ("at 10:30", "às 10h30"),
        ("on 24 December 2010", "24.12.2010"),
        ("24,000 people", "24 mil pessoas"),
        ("2.3 million people", "230万人"),
        ("at 2 p.m.", "às 14 horas"),
        ("in the 18th century", "no século XVIII"),
        ("in the 18th century", "1700-luvulla"),
        ("in the 1970s", "v 70. letih"),
        ("in the 1970s", "w latach siedemdziesiątych XX wieku"),
        ("in '96", "1996年に"),
        ("in 2010", "ในปี 2553"),
        ("3 of them on 5 May", "5月5日に3つと2人"),
    ],
)
def test_the_same_number_in_another_dress(source, target):
    assert found_share(source, target) == 1


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("15 men and 20 women", "15 homens e mulheres", 1 / 2),
        ("15 men and 20 women", "15 homens e 25 mulheres", 1 / 2),
        ("It cost 1,000.5 dollars.", "Custou dólares.", 0),
        ("15 men, 20 women and 30 children", "15 homens, 20 mulheres e crianças", 2 / 3),
        ("20 and 20", "20", 1 / 2),
        # It may be written out.
        ("3 men", "três homens", 1 / 2),
        ("3 men in 1999", "três homens em 1999", 3 / 4),
    ],
)
def test_is_the_share_of_the_sources_numbers_that_the_target_has(source, target, expected):
    assert found_share(source, target) == pytest.approx(expected)


def test_very_long_numbers_are_read():
    assert found_share("7" * 5000, "7" * 5000) == 1
    assert found_share("7" * 5000, "8" * 5000) == 0


def test_without_numbers_in_the_source_there_is_nothing_to_judge():
    assert found_share("three men", "3 homens") is None
    assert found_share("", "") is None


@pytest.mark.parametrize("tag", ["fi", "id", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"])
def test_numbers_of_true_translations_are_found(tag, flores):
    values = [value for row in flores("en", tag) if (value := found_share(*row)) is not None]
    assert len(values) == 219
    # Finnish writes out most of all: "sata" for 100.
    assert sum(value >= 0.9 for value in values) >= (0.87 if tag == "fi" else 0.92) * len(values)


numbers = st.lists(st.integers(0, 10**9).map(str), min_size=1, max_size=6)


@given(numbers, st.randoms())
def test_order_does_not_matter(values, random):
    shuffled = random.sample(values, len(values))
    assert found_share(" and ".join(values), "; ".join(shuffled)) == 1


@given(st.lists(st.integers(13, 10**6).filter(lambda n: n % 10).map(str), min_size=1, max_size=6))
def test_one_that_is_missing_counts(values):
    share = found_share(" and ".join(values), " e ".join(values[1:]))
    assert share == pytest.approx(1 - 1 / len(values))


@given(st.text(), st.text())
def test_is_a_share(source, target):
    for share in (found_share(source, target), protected_share(source, target)):
        assert share is None or 0 <= share <= 1


FENCED = "Run this:\n\n```python\nprint(1)\n```\n\nThen see {name}."


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("No code.", "Sem código.", None),
        (FENCED, "Rode:\n\n```python\nprint(1)\n```\n\nDepois veja {name}.", 1),
        (FENCED, "Rode:\n\n```python\nprint(1)\n```\n\nDepois veja {nome}.", 1 / 2),
        (FENCED, "Rode:\n\n```python\nprint(2)\n```\n\nDepois veja {name}.", 1 / 2),
        (FENCED, "Rode:\n\n```python\nprint(1)\n\nDepois veja {name}.", 1 / 3),
        ("No code.", "Sem código.\n```\n", 0),
        ("Open:\n```\nleft open", "Aberto:\n```\nleft open", None),
        ("[here](https://a.org)", "[aqui](https://a.org)", 1),
        ("~~~\nx = 1\n~~~", "~~~\nx = 1\n~~~", 1),
        ("~~~\nx = 1\n~~~", "~~~\nx = 2\n~~~", 0),
        ("See `a` and `a` at https://a.org/b.", "Veja `a` em https://a.org/b.", 2 / 3),
        ("It is <b>so</b>, $x^2$.", "É <b>assim</b>, $x^2$.", 1),
        ("[here](https://a.org)", "[aqui](https://b.org)", 0),
    ],
)
def test_what_is_protected_has_to_be_there(source, target, expected):
    assert protected_share(source, target) == expected
