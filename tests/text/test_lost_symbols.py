import pytest
from hypothesis import given

from sdrrl_data.text.lost_symbols import differences
from tests.text.documents import ANY_TEXT


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("It is 1,000.5 kg.", "São 1.000,5 kg."),
        ("He said “yes”.", "Il a dit « oui »."),
        ("100 °C and 50%", "100°C et 50 %"),
        ("100 °C", "100 ℃"),
        ("45° and 25 °C", "45º e 25 ºC"),
        ("5 × 3 = 15", "5 × 3 = 15"),
        ("It costs €20.", "Kostet 20 €."),
        ("It costs $20.", "Custa US$ 20."),
        ("It costs $20.", "Custa US $ 20."),
        ("20 dollars and 5 percent, 30 degrees", "$20 e 5%, 30°"),
        ("50% (yes)!", "50％（是）！"),
        ("50%", "٪٥٠"),
        ("We are #1.", "Somos o nº 1."),
        ("№ 5", "No. 5"),
        ("It is −5 or -6.", "É -5 ou −6."),
        ("from 5–10", "5 a 10"),
        ("10 − 3 = 7", "10 - 3 = 7"),
        ("½ cup", "1/2 xícara"),
        ("5 km, 30 °C", "5 км, 30 градусов"),
        ("5 km", "5公里"),
        ("36 by 24 mm", "36 × 24 mm"),
        ("50 square kilometres", "50 km²"),
        ("R&D", "P&D"),
        ("Salt & pepper", "Sal e pimenta"),
        ("1,576.09 today", "1.576.09 hoje"),
        ("Wait … she said — it's", "Espere... ela disse - é"),
        ("❤\ufe0f", "❤"),
        ("Do *not* go.", "* Não * vá."),
    ],
)
def test_good_translations_have_the_same_symbols(source, target):
    assert differences(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("5 × 3 = 15 and 15 ÷ 3 = 5", "5 - 3 = 15 e 15 - 3 = 5", ["×", "÷"]),
        ("≥ 100 °C", "100 °C", ["≥"]),
        ("≥ 100", "≤ 100", ["≥", "≤"]),
        ("30 °F", "30 °C", ["°F"]),
        ("It is −5.", "É 5.", ["−"]),
        ("£20", "20 euros", ["£"]),
        ("¥2000", "R$ 2000", ["¥"]),
        ("$20", "R$ 20", ["$"]),
        ("✅ a ❌ b", "- a - b", ["✅", "❌"]),
        ("👍🏽", "👍", ["👍🏽", "👍"]),
        ("C#", "C", ["C#"]),
        ("@maria", "-maria", ["@maria"]),
        ("#love", "#amor", ["#love", "#amor"]),
        ("[12] and [3]", "[12]", ["[3]"]),
        ("[1, 2, 3]", "[1, 2]", ["[1,2,3]", "[1,2]"]),
        ("v2.0.1", "v2,0,1", ["v2.0.1"]),
        ("2 * 3", "2 3", ["*"]),
        ("*Human Research, 32*(4), 303.", "Pesquisa Humana, 32(4), 303.", []),
        ("*so* 2*(4)", "so 2(4)", ["*"]),
        ("so", "** so **", []),
        ("so", "2 * so", ["*"]),
        ("so", "== so ==", ["=", "=", "=", "="]),
        ("x² + y²", "x2 + y2", ["²", "²"]),
        ("a → b → c", "a → b c", ["→"]),
    ],
)
def test_what_is_lost_or_added_is_named(source, target, expected):
    assert differences(source, target)[: len(expected)] == expected


@given(ANY_TEXT)
def test_a_text_has_its_own_symbols(text):
    assert differences(text, text) == []


def test_human_translations_have_them(flores_pairs):
    tags = ("fi", "id", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi")
    lost = {tag: sum(bool(differences(*pair)) for pair in flores_pairs(tag)) for tag in tags}
    # Of 997 sentences. Finnish and Slavic translations write out dollars and kilometres.
    assert max(lost.values()) <= 20
    assert sum(lost.values()) <= 70


@pytest.fixture
def flores_pairs(real_texts):
    def read(tag):
        files = [(real_texts / "flores-dev" / f"{name}.txt").read_text("utf-8").splitlines() for name in ("en", tag)]
        return list(zip(*files, strict=True))

    return read
