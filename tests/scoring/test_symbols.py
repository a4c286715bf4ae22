import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.scoring.symbols import common_share


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("No symbol.", "Nenhum.", None),
        ("No symbol: 5 percent.", "Nenhum: 5%.", None),
        ("C# and C++", "C# e C++", 1),
        ("C# and C++", "C e C++", 1 / 2),
        ("✅ yes ❌ no", "- sim - não", 0),
        ("So be it.", "== Seja ==", 0),
        ("£20", "€20", 0),
        ("£20, 5%, 30 °C", "20 libras, 5 por cento, 30 graus", 1),
        ("30 °C", "30 °F", 0),
        ("```\nx = 1\n```\n5 × 3", "```\nx = 1\n```\n5 × 3", 1),
    ],
)
def test_is_the_share_in_common(source, target, expected):
    assert common_share(source, target) == expected


@given(st.text(), st.text())
def test_is_a_share(source, target):
    share = common_share(source, target)
    assert share is None or 0 <= share <= 1


@pytest.mark.parametrize(
    ("source", "target", "share"),
    [
        ("Toys (cars, planes), or projects", "Brinquedos (carros, aviões ou projetos", 0),
        ("It costs $5 (now).", "Custa $5 agora).", 0),
        ("It costs $5 and €6 (now).", "Custa $5 e €6 agora).", 0.5),
        ("Toys (cars)\n1) Go.", "Brinquedos (carros)\n1) Vá.", None),
        ("A smile :)", "Um sorriso", None),  # it had no partner before
        ("Toys (cars)", "玩具（汽车）", None),
    ],
)
def test_a_bracket_without_its_partner_is_a_lost_symbol(source, target, share):
    assert common_share(source, target) == share
