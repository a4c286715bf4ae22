from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.segments import sentences

# document -> its sentences
EXAMPLES: dict[str, tuple[str, list[str]]] = {
    "plain sentences": (
        'It rained. "Why?" she asked. (Nobody knew.) He cried "Stop!" and left... Then what?!',
        ["It rained.", '"Why?" she asked.', "(Nobody knew.)", 'He cried "Stop!" and left...', "Then what?!"],
    ),
    "abbreviations": (
        "Dr. Smith saw e.g. Paris in the U.S. Army, at 3.5 km. See No. 5 of Jan. 3. No. J. K. Rowling uses .NET. OK.",
        [
            "Dr. Smith saw e.g. Paris in the U.S. Army, at 3.5 km.",
            "See No. 5 of Jan. 3.",
            "No.",
            "J. K. Rowling uses .NET.",
            "OK.",
        ],
    ),
    "lines": (
        "Roses are red,\nviolets are blue.  \nSugar\\\nis sweet.",
        ["Roses are red,", "violets are blue.", "Sugar", "is sweet."],
    ),
    "other line ends": (
        "One\r\nTwo\r\n\r\n- three\rfour\x0bfive\x0csix\x85seven\u2028eight",
        ["One", "Two", "three", "four", "five", "six", "seven", "eight"],
    ),
    "citations": (
        "It is old.[1][2] It is big.[13]\n\nThe end.[citation needed]",
        ["It is old.", "It is big.", "The end.[citation needed]"],
    ),
    "numbers alone": ("42\n\n3.5 kg\n\n1986.", ["3.5 kg"]),
    "emoji": ("Well done! 🎉🎉\n\n✅ A 👍🏽 job.", ["Well done!", "A 👍🏽 job."]),
    # Layout
    "headings": (
        "# Title\n\n## 1. Part ##\n\nOther title\n===========\n\n***\n\nText",
        ["Title", "Part", "Other title", "Text"],
    ),
    "lists": (
        dedent("""\
            - one
              * two
                + three
            1. four
               2) five
            a. six
            (b) seven
            iv) eight
            • nine
              – ten
            3.Eleven
            """),
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "Eleven"],
    ),
    "choices, but no initials": ("A) Paris\nB. London\nO. J. Simpson", ["Paris", "London", "O. J. Simpson"]),
    "tasks": ("- [ ] open\n- [x] **done**\n[X] said", ["open", "done", "said"]),
    "quotes": ("> Quoted. Twice.\n> > Deeper\n> - a list\nlazy", ["Quoted.", "Twice.", "Deeper", "a list", "lazy"]),
    "table": (
        "| Name | What `it` *is* |\n|:-----|------:|\n| Ash tree | a\\|b. Yes. |\n| 12 | **good** |",
        ["Name", "What", "is", "Ash tree", "a\\|b.", "Yes.", "good"],
    ),
    "table in a list in a quote": (
        "> - | red | blue |\n>   |---|---|\n>   | one | two |",
        ["red", "blue", "one", "two"],
    ),
    "rows without a table": ("| red | blue |\n| one | two |", ["red", "blue", "one", "two"]),
    "columns": ("Name\tAge\nAnn Lee\t32\nBob       none", ["Name", "Age", "Ann Lee", "Bob", "none"]),
    "emphasis around": (
        "**Ingredients:**\n\n_Two eggs._ ~~No~~\n\n***Mix!***",
        ["Ingredients:", "Two eggs.", "No", "Mix!"],
    ),
    "emphasis within": ("Do **not** stop, *ever*.", ["Do **not** stop, *ever*."]),
    "emphasis around two sentences": ("**Go on. Stop.**", ["Go on.", "Stop."]),
    "terms": (
        "1. **Soil**: dry. Or wet.\n2. **Sun:** much\n3. *Water* - none\n4. **1. Air**",
        ["Soil", "dry.", "Or wet.", "Sun:", "much", "Water", "none", "Air"],
    ),
    # Code
    "fences": (
        dedent("""\
            Run:
            ```python
            print("not this")
            ```
            1. Then

               ~~~~
               nor this
               ```
               ~~~~
            > ```
            > nor that
            > ```

            Done.

            ```
            cut off"""),
        ["Run:", "Then", "Done."],
    ),
    "indented code": (
        "Before\n\n    not this\n\n\tnor this\n\n- item\n\n      nor that\n\n  after",
        ["Before", "item", "after"],
    ),
    "code without a fence": (
        "Explain this:\ndef f(x):\n    return x\n\nint main() {\nreturn 0;\n}\n\nThanks.",
        ["Explain this:", "Thanks."],
    ),
    "inline code": ("Use `a`, ``b ` c`` (or `d`). A lone ` mark.", ["Use", "(or", "A lone ` mark."]),
    "code over two lines": ("Say ```one\ntwo``` now.", ["Say", "now."]),
    # URLs, addresses, paths
    "URLs": (
        "See https://a.org/b_(c)?d=e#f. Or www.a.org/b, <http://a.org>, (http://b.org) and github.com/a/b: fine.",
        ["See", "Or", "and", "fine."],
    ),
    "URL without spaces": ("请看https://a.org/b。谢谢", ["请看", "谢谢"]),
    "links": (
        'Read [the book](https://a.org "Title"), ![a cat](cat.png) and [this text][ref] [later].'
        "\n\n[ref]: /x (Title)\n[Answer]: Paris",
        ["Read", "the book", "a cat", "and", "this text", "[later].", "[Answer]: Paris"],
    ),
    "footnotes": ("Old.[^1] New.\n\n[^1]: A note.", ["Old.", "New.", "A note."]),
    "addresses": ("Write to a.b+c@d-e.org or <f@g.org>.", ["Write to", "or"]),
    "paths": (
        "Open /etc/hosts, ~/a.txt, ./b or src/main.py. Not C:\\Program Files\\x.exe.",
        ["Open", "or", "Not"],
    ),
    "no paths": (
        "He/she and/or 1/2 at 5 km/h, 24/7, w/o TCP/IP; IPA /həˈləʊ/.",
        ["He/she and/or 1/2 at 5 km/h, 24/7, w/o TCP/IP; IPA /həˈləʊ/."],
    ),
    # Mathematics
    "mathematics": (
        "Let $x$ be $a + b$, or $$\\frac{1}{2}$$ or \\(y_1\\) or\n\\[\nz\n=\n1\n\\]\nEnd.\n\n$$\n- w\n$$",
        ["Let", "be", "or", "or", "or", "End."],
    ),
    "environment": ("So \\begin{align*}\na &= b \\\\\n\\end{align*}\nholds.", ["So", "holds."]),
    "prices": (
        "It cost $5 and $10, or $3-$4, US$2 or \\$1. Rated $$ or $$$.",
        ["It cost $5 and $10, or $3-$4, US$2 or \\$1.", "Rated $$ or $$$."],
    ),
    # HTML
    "tags": ('A <b>bold</b> <a href="x y">link</a><br/>and <your name>.', ["A", "bold", "link", "and"]),
    "no tags": (
        "If a < b and c > d, or a<b and c>d, then i <3 you.",
        ["If a < b and c > d, or a<b and c>d, then i <3 you."],
    ),
    "blocks of HTML": (
        "<details>\n<summary>More</summary>\n\nText.\n</details>"
        "\n\n<!-- not\n\nthis -->\n\n<pre>\nnor this\n\n</pre>\n<script>nor();</script>",
        ["More", "Text."],
    ),
    "code in HTML": ("Use <code>not this</code> here <!-- nor this -->.", ["Use", "here"]),
    "entities": ("Salt&nbsp;&amp;&#32;pepper & more", ["Salt", "pepper & more"]),
    # Placeholders
    "placeholders": (
        "Dear {name}, {{ user.name }} has %d of %(all)s in ${HOME} for [you], 50% off {not this one}.",
        ["Dear", "has", "of", "in", "for [you], 50% off {not this one}."],
    ),
}


def pieces(document: str, language: str = "en", max_characters: int = 500) -> list[str]:
    return [document[start:end] for start, end in sentences(document, language, max_characters)]


@pytest.mark.parametrize(("document", "expected"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_examples(document: str, expected: list[str]) -> None:
    assert pieces(document) == expected


@pytest.mark.parametrize(
    ("language", "document", "expected"),
    [
        ("pt", "Olá! Tudo bem? Sim, às 14h.", ["Olá!", "Tudo bem?", "Sim, às 14h."]),
        ("vi", "Xin chào. Tôi ở Hà Nội.", ["Xin chào.", "Tôi ở Hà Nội."]),
        ("zh", "今天很好。我们走吧！「好的。」他说。", ["今天很好。", "我们走吧！", "「好的。」", "他说。"]),
        ("ja", "私は学生です。「はい」と言った。", ["私は学生です。", "「はい」と言った。"]),
        ("ar", "كيف الحال؟ أنا بخير.", ["كيف الحال؟", "أنا بخير."]),
        ("hi", "यह घर है। वह पेड़ है।", ["यह घर है।", "वह पेड़ है।"]),
        ("th", "- ฉันรักคุณ\n- `x` สวัสดี", ["ฉันรักคุณ", "สวัสดี"]),
        ("km", "នេះជាផ្ទះ។ នោះជាដើមឈើ។", ["នេះជាផ្ទះ។", "នោះជាដើមឈើ។"]),
        ("lo", "ສະບາຍດີ", ["ສະບາຍດີ"]),
        ("my", "မင်္ဂလာပါ။ နေကောင်းလား။", ["မင်္ဂလာပါ။", "နေကောင်းလား။"]),
    ],
)
def test_other_languages(language: str, document: str, expected: list[str]) -> None:
    assert pieces(document, language) == expected


@pytest.mark.parametrize(
    ("language", "limit", "document", "expected"),
    [
        ("en", 20, "one two, three four five six", ["one two, three four", "five six"]),  # in the second half
        ("en", 20, "one two three, four five", ["one two three,", "four five"]),
        ("zh", 7, "今天很好，我们去公园，好吗", ["今天很好，", "我们去公园，", "好吗"]),
        ("th", 12, "ฉันรักภาษาไทย สวัสดี", ["ฉันรักภาษา", "ไทย สวัสดี"]),
        ("en", 6, "e\u0301e\u0301e\u0301e\u0301", ["e\u0301e\u0301", "e\u0301e\u0301"]),
    ],
)
def test_long_sentences_are_cut(language: str, limit: int, document: str, expected: list[str]) -> None:
    assert pieces(document, language, limit) == expected


def check(document: str, spans: list[tuple[int, int]], limit: int) -> None:
    for (_, end), (start, _) in pairwise([(0, 0), *spans]):
        assert end <= start
    for start, end in spans:
        sentence = document[start:end]
        assert 0 < len(sentence) <= limit
        assert sentence == sentence.strip()
        assert any(map(str.isalpha, sentence))
        assert len(sentence.splitlines()) == 1


def translated(document: str, spans: list[tuple[int, int]], translate) -> str:
    gaps = [document[end:start] for (_, end), (start, _) in pairwise([(0, 0), *spans, (len(document), 0)])]
    return gaps[0] + "".join(translate(document[a:b]) + gap for (a, b), gap in zip(spans, gaps[1:], strict=True))


LIMITS = st.sampled_from([1, 2, 7, 40, 500])
UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
MARKS = st.sampled_from(
    [
        *"aBé漢ก1.!,:;()[]{}<>/\\|$`~*_#-+=&%@😀\u0301\u200b\0\ufeff \t\n\r\f\v\x1c\x85\u2028\u00a0",
        *("$$", "``", "```", "~~~", "**", "[](", "\\[", "\\]", "\\(", "\\)", "\\begin{align}", "<!--", "-->", "<b>"),
        *("www.", "http://", "C:\\", "1. ", "|-|-|\n", "def f(", "    ", "\n\n", "\n> ", "\n- ", "\n\t", "\r\n"),
    ]
)


@given(st.one_of(UNICODE, st.lists(MARKS, max_size=40).map("".join)), LIMITS)
def test_any_text_is_parted_soundly(document: str, limit: int) -> None:
    spans = sentences(document, "en", limit)
    check(document, spans, limit)
    assert translated(document, spans, lambda sentence: sentence) == document


INLINE = st.sampled_from(
    [
        "`x = y`",
        "``a ` b``",
        "https://example.org/a_(b)/?c=d&e=%20f#g",
        "www.example.org",
        "<https://example.org/a>",
        '](https://example.org "Some title")',
        "first.last+tag@mail.example.org",
        "/usr/local/bin",
        "~/notes.txt",
        "../src/main.py",
        "C:\\Program Files\\App\\app.exe",
        "$x^2 + y$",
        "$$\\text{rate of change}$$",
        "\\(a_{1}\\)",
        "\\[ a = b \\]",
        '<a href="https://example.org" title="Some title">',
        "</a>",
        "<!-- a comment -->",
        "<code>some code</code>",
        "&nbsp;",
        "{name}",
        "{{ user.name }}",
        "%(total)d",
        "%s",
        "${HOME}",
    ]
)
BLOCKS = st.sampled_from(
    [
        "```python\nprint('hello')\n\n# a comment\n```",
        "~~~~\ntext\n```\n~~~~",
        "    indented code",
        "> ```\n> quoted code\n> ```",
        "- ```\n  code in a list\n  ```",
        "$$\na\n=\nb\n$$",
        "\\[\n- a\n+ b\n\\]",
        "<!-- a comment\n\nof two paragraphs -->",
        "<script>\nlet it = be;\n</script>",
        "[label]: https://example.org 'Some title'",
        "|---|:-:|",
        "---",
    ]
)
WORDS = ["the", "Ana", "says", "água", "đây", "ฉันรัก", "好的", "नमस्ते", "and/or", "(maybe)", "“so”", "3.5", "$5", "1/2"]
PROSE = st.tuples(
    st.lists(st.sampled_from([*WORDS, "*very*", "**much**", "a<b", "😀"]), min_size=1, max_size=6).map(" ".join),
    st.sampled_from([". ", "! ", "? ", ", ", ": ", " "]),
).map("".join)
PREFIX = st.sampled_from(["", "- ", "1. ", "a) ", "• ", "> ", "# ", "> - ", "**Term**: ", "- [ ] "])


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    """A document, and where in it protected spans were put."""
    document, planted = "", []

    def plant(span: str) -> str:
        planted.append((len(document), len(document) + len(span)))
        return span

    for is_block in draw(st.lists(st.booleans(), max_size=6)):
        document += draw(PREFIX)
        for _ in range(draw(st.integers(0, 4))):
            document += draw(PROSE)
            document += plant(draw(INLINE))
            document += draw(st.sampled_from([" ", ", ", ". ", "; "]))
        if is_block:
            document += "\n\nThen:\n\n"  # ends a list, whose next paragraph indented code would be
            document += plant(draw(BLOCKS))
        document += draw(st.sampled_from(["\n\n", "\n \n\n", "\r\n\r\n"]))
    return document, planted


@given(documents(), LIMITS, st.sampled_from([str.upper, lambda _: "X", lambda _: ""]))
def test_what_is_protected_stays(case, limit, translate) -> None:
    document, planted = case
    spans = sentences(document, "en", limit)
    check(document, spans, limit)
    for start, end in spans:
        assert not any(first < end and start < last for first, last in planted), document[start:end]
    result, position = translated(document, spans, translate), 0
    for first, last in planted:
        position = result.index(document[first:last], position) + last - first


RUNS = [
    *(
        "`",
        "` `` ",
        "<",
        "<a ",
        '<a b="',
        "<!--",
        "<code>",
        "$",
        "$a ",
        "$$a",
        "\\[",
        "\\\\[",
        "\\begin{align}",
        "[",
        "[](",
    ),
    *("[a]: ", "{", "%(", "a/", "a.", "a@", "C:\\a ", "http://(", "*", "* ", "> ", "|", " ", "(", "f(", "漢"),
]


@pytest.mark.parametrize("unit", RUNS)
@pytest.mark.timeout(60)
def test_long_runs_take_no_long_time(unit: str) -> None:
    document = ("x " + unit * 200_000)[:200_000]
    check(document, sentences(document, "en"), 500)


def test_real_answers_are_nearly_all_prose(shared_data: Path) -> None:
    answers = pl.read_ndjson(shared_data / "instructions" / "dolly-2k.jsonl")["output"]
    parted = [sentences(answer, "en") for answer in answers]
    for answer, spans in zip(answers, parted, strict=True):
        check(answer, spans, 500)
        assert spans or not any(map(str.isalpha, answer))
    letters = sum(map(str.isalpha, "".join(answers)))
    inside = sum(
        sum(map(str.isalpha, answer[a:b])) for answer, spans in zip(answers, parted, strict=True) for a, b in spans
    )
    assert 0.998 * letters < inside < letters
