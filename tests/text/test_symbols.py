import time

import pytest
from hypothesis import given

from sdrrl_data.text.symbols import symbols
from tests.text.documents import ANY_TEXT


def keys(text):
    return [symbol.key for symbol in symbols(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 × 3 = 15 and 15 ÷ 3 = 5", ["×", "=", "÷", "="]),
        ("≥ 100 °C, ≤ 37℃, 25 º C and 45°", ["≥", "°C", "≤", "°C", "°C", "°"]),
        ("−5, -5, (-5) and 10 − 3", ["−", "−", "−", "−"]),
        ("well-known, 1990-2000, 5 - 3, covid-19", []),
        ("£20, ¥2000, R$ 20, US$5, $5, ₹1, ₿2, ฿3, ￥4", ["£", "¥", "R$", "$", "$", "₹", "₿", "฿", "¥"]),
        ("50%, 50 ％, ٪50, 5 ‰", ["%", "%", "%", "‰"]),
        ("✅ yes ❌ no 🎉", ["✅", "❌", "🎉"]),
        (
            "👨\u200d👩\u200d👧 👍🏽 🇧🇷🇵🇹 1\ufe0f\u20e3 ❤\ufe0f",
            ["👨\u200d👩\u200d👧", "👍🏽", "🇧🇷", "🇵🇹", "1\u20e3", "❤"],
        ),
        ("C#, F#, C++, Notepad++ and .NET", ["C#", "F#", "C++", "Notepad++", ".NET"]),
        ("a .csv file. However, e.g. this...", [".csv"]),
        ("@maria, @user.name. the @ in python", ["@maria", "@user.name", "@"]),
        ("I :smile: :+1: :heart_eyes: Note: this:that :x: 10:30 x::y", [":smile:", ":+1:", ":heart_eyes:", ":x:"]),
        ("#ff8800 #HappyMonday #1 №5", ["#ff8800", "#HappyMonday", "#", "№"]),
        ("^ \\ ~ a\\\\b", ["^", "\\", "~", "\\", "\\"]),
        ("~~gone~~ *this* **that** _x_ `y`", []),
        ("5 * 3, 2*4 and a * b", ["*", "*", "*"]),
        ("v2.0.1-rc1, 2.0.1, 192.168.0.1", ["v2.0.1-rc1", "2.0.1", "192.168.0.1"]),
        ("24.12.2010, 1.000.000 and 3.5", []),
        ("[12], [1, 2, 3], [[1,2],[3, 4]], [1–3]", ["[12]", "[1,2,3]", "[[1,2],[3,4]]", "[1–3]"]),
        ('["a", "b"] [you] [x] [ ]', ['["a","b"]']),
        ("0xFF 0b101 2001:db8::1 aa:bb:cc:dd:ee:ff", ["0xFF", "0b101", "2001:db8::1", "aa:bb:cc:dd:ee:ff"]),
        ("at 10:30:15, std::vector", []),
        ("d41d8cd98f00b204e9800998ecf8427e", ["d41d8cd98f00b204e9800998ecf8427e"]),
        ("550e8400-e29b-41d4-a716-446655440000", ["550e8400-e29b-41d4-a716-446655440000"]),
        ("SGVsbG8= and eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.dozjgNryP4J3jVmN", 2),
        ("deadbeef, 1000000 and acknowledgements", []),
        ("ATCGGA, AUGGC and CAT", ["ATCGGA", "AUGGC"]),
        ("see 10.1000/182.", ["10.1000/182"]),
        ("x², CO₂, ½ cup", ["²", "₂", "½"]),
        ("f(x)=x^2", ["=", "^"]),
        ("5 km, 10kg, 3 μm, 2 ml, 5 in, 5 m", ["km", "kg", "µm", "mL"]),
        ("R&D, R & D", ["&"]),
        ("§ 5, ¶, ™, →, ☑, ♯, •, ⊂", ["§", "¶", "™", "→", "☑", "♯", "•", "⊂"]),
        ("won&rsquo;t 5 &times; 3 a&lt;b &unknown;", ["×", "<"]),
        ("“It’s” – «so»… ‘yes’ ¿no? ¡sí! it`s", []),
        ("私は“学生”です。5～10人、「はい」", []),
    ],
)
def test_what_is_a_symbol(text, expected):
    assert len(keys(text)) == expected if isinstance(expected, int) else keys(text) == expected


@given(ANY_TEXT)
def test_symbols_are_in_order_and_within_the_text(text):
    end = 0
    for symbol in symbols(text):
        assert end <= symbol.start < symbol.end <= len(text)
        end = symbol.end


@pytest.mark.parametrize(
    "hostile", ["[" * 20_000, "[1," * 10_000, "a1" * 20_000, "1.2" * 10_000, "a:" * 20_000, '["a",' * 5_000]
)
def test_no_text_takes_long(hostile):
    started = time.process_time()
    list(symbols(hostile))
    assert time.process_time() - started < 2
