from collections.abc import Sequence
from itertools import accumulate, chain, pairwise
from pathlib import Path
from textwrap import dedent

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sdrrl_data.text.paired_marks import is_left_out
from sdrrl_data.text.protected import Span
from sdrrl_data.text.segments import segments, sentences
from sdrrl_data.text.sentences import sentence_spans
from sdrrl_data.text.unfenced_code import code_start
from tests.text.documents import ANY_TEXT, LIMITS, documents
from tests.text.sentence_ends import hard_examples

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
        ["It is old.", "It is big.", "The end.", "citation needed"],
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
    "lists in lists": (
        "- one\n  1. two\n     - three\n\n       of three\n  2) four\n+ five\n\n      not this\n\n  of five\n* - six",
        ["one", "two", "three", "of three", "four", "five", "of five", "six"],
    ),
    "spaces at the end": ("One.   \nTwo  \n\n- three \t\n\n  four \u00a0\n", ["One.", "Two", "three", "four"]),
    "choices, but no initials": ("A) Paris\nB. London\nO. J. Simpson", ["Paris", "London", "O. J. Simpson"]),
    "tasks": ("- [ ] open\n- [x] **done**\n[X] said", ["open", "done", "said"]),
    "quotes": ("> Quoted. Twice.\n> > Deeper\n> - a list\nlazy", ["Quoted.", "Twice.", "Deeper", "a list", "lazy"]),
    "table": (
        "| Name | What `it` *is* |\n|:-----|------:|\n| Ash tree | a\\|b. Yes. |\n| 12 | **good** |",
        ["Name", "What", "is", "Ash tree", "a", "b.", "Yes.", "good"],
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
    "labels": (
        "Well. **Caution:** Wait. __Step__: Cut. **标签**：文本 *No*:no **It is 5:** 30",
        ["Well.", "Caution:", "Wait.", "Step", "Cut.", "标签", "文本 *No*:no **It is 5:** 30"],
    ),
    "headings in bold": ("**Washing Hands**:\n\n1. ***Mix***:\n", ["Washing Hands", "Mix"]),
    "slots alone": (
        "[Your Name]\n**[Your Title]**\n[City, State] [Date], {the _big_ one}",
        ["Your Name", "Your Title", "City, State", "Date", "the _big_ one"],
    ),
    "slots in a sentence": ("Ask <your boss> for [his *old* car].", ["Ask", "your boss", "for", "his *old* car"]),
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
    "fences of any length": (
        "   ````\n   not this\n   ```\n   ````\nText\n~~~~~ python\nnor this\n~~~~\n~~~~~~"
        "\n1. - ```\n     nor that\n     ```\n\nEnd",
        ["Text", "End"],
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
        ["Read", "the book", "Title", "a cat", "and", "this text", "[later].", "Answer", "Paris"],
    ),
    "no definition": ("[you]: <code>not this</code>\n\n[me]: /x is it", ["[you]:", "[me]:", "is it"]),
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
    "mathematics set off": ("\\[\n1. x\n\\]\n\nThen \\[ y \\] holds.\n\n> \\[ z \\]", ["Then", "holds."]),
    "environment": ("So \\begin{align*}\na &= b \\\\\n\\end{align*}\nholds.", ["So", "holds."]),
    "prices": (
        "It cost $5 and $10, or $3-$4, US$2 or \\$1. Rated $$ or $$$.",
        ["It cost $5 and $10, or $3-$4, US$2 or \\$1.", "Rated $$ or $$$."],
    ),
    # HTML
    "tags": ('A <b>bold</b> <a href="x y">link</a><br/>and <your name>.', ["A", "bold", "link", "and", "your name"]),
    "elements of XML": (
        "<dc:title>The sea</dc:title>\n\n<a.b>Some words</a.b>\n\n<xs:doc id='a'>How it works</xs:doc>"
        "\n\n<body><![CDATA[Read this <b>now</b>.]]></body>\n\nSee <urn:isbn:04> and <https://a.org/b>.",
        ["The sea", "Some words", "How it works", "Read this", "now", "See", "and"],
    ),
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
    "a table in HTML": (
        "<table>\n<tr><td>First name</td><td>Last <b>name</b></td></tr>\n</table>\n\n"
        "<ul><li>One</li> <li>Two</li></ul>",
        ["First name", "Last", "name", "One", "Two"],
    ),
    "entities": ("Salt&nbsp;&amp;&#32;pepper & more", ["Salt", "pepper & more"]),
    # Placeholders
    "placeholders": (
        "Dear {name}, {{ user.name }} has %d of %(all)s in ${HOME} for [you], 50% off {not this one}.",
        ["Dear", "has", "of", "in", "for [you], 50% off", "not this one"],
    ),
    "expressions": (
        "You have {len(items):>5} items, {user['name']}, and {n, plural, one {# file} other {# files {x}}} is {this}.",
        ["You have", "items,", "and", "is"],
    ),
    # Attributes, templates, marks of turns
    "attributes": (
        '# The first {#one}\n\n{: .note }\nText. {: .lead #x key="a b"}\n\n![A fox](fox.png){width=50%} or'
        ' [a link](/x "T"){:target="_blank"} or [words]{.small}.\n\n{:toc}',
        ["The first", "Text.", "A fox", "or", "a link", "or", "words"],
    ),
    "no attributes": (
        "Take {this one} or {a=b or} or {.5 of it} now.",
        ["Take", "this one", "or {a=b or} or {.5 of it} now."],
    ),
    "Jinja": (
        "{% if user %}\nHello {{ user.name }}!\n{%- else -%}\nLog in.\n{% endif %}\n{# not this # one #}\n"
        '{% include "a.html" with="Text" %} {{ page.title | upcase }} {% raw %} 5%} of it',
        ["Hello", "Log in.", "5%} of it"],
    ),
    "Jinja in a sentence": ("Hello {% if x %}dear {{ y }}{% endif %} friend.", ["Hello", "dear", "friend."]),
    "Handlebars": (
        "{{#each items}}\n  It is {{name}}.\n{{/each}}\n{{{raw}}} and {{> part}} {{~#if a}}are{{/if}} here.",
        ["It is", "and", "are", "here."],
    ),
    "Hugo": ('{{< figure src="a.png" >}}\n\n{{% notice tip %}}\nText.\n{{% /notice %}}', ["Text."]),
    "ERB": ("Dear <%= @user.name %>, thanks.\n<% if x > 5 % 2 %>\nBye.\n<% end %>", ["Dear", "thanks.", "Bye."]),
    "marks of turns": (
        "<|user|>\nHello.\n<|eot_id|><|start of turn|>[INST] Say it. [/INST] <<SYS>> Be good. <</SYS>>",
        ["Hello.", "Say it.", "Be good."],
    ),
    "escapes": ("A \\* is \\_not\\_ \\# one.\n\n1\\. Text.", ["A \\* is \\_not\\_ \\# one.", "Text."]),
    "lists without a space": (
        "Places:\n-Southern Spain\n•Italy\n–France",
        ["Places:", "Southern Spain", "Italy", "France"],
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
        (
            "ja",
            "「行こう。」と言った。「雨だ。」とても寒い。",
            ["「行こう。」と言った。", "「雨だ。」", "とても寒い。"],
        ),
        ("ar", "د. أحمد هنا. هل جاء؟", ["د. أحمد هنا.", "هل جاء؟"]),
    ],
)
def test_other_languages(language: str, document: str, expected: list[str]) -> None:
    assert pieces(document, language) == expected


@pytest.mark.parametrize(
    ("language", "limit", "document", "expected"),
    [
        ("en", 20, "one two, three four five six", ["one two, three four", "five six"]),  # in the second half
        ("en", 20, "one two three, four five", ["one two three,", "four five"]),
        ("en", 20, "one **two** *three* four", ["one **two** *three* four"]),  # marks of emphasis are not sent
        ("zh", 7, "今天很好，我们去公园，好吗", ["今天很好，", "我们去公园，", "好吗"]),
        ("th", 12, "ฉันรักภาษาไทย สวัสดี", ["ฉันรักภาษา", "ไทย สวัสดี"]),
        ("en", 6, "e\u0301e\u0301e\u0301e\u0301", ["e\u0301e\u0301", "e\u0301e\u0301"]),
    ],
)
def test_long_sentences_are_cut(language: str, limit: int, document: str, expected: list[str]) -> None:
    assert pieces(document, language, limit) == expected


def check(document: str, spans: list[tuple[int, int]], limit: int, left_out: Sequence[Span] = ()) -> None:
    """`left_out`: marks of emphasis, which are not sent to a translator, and so do not count for the limit."""
    for (_, end), (start, _) in pairwise([(0, 0), *spans]):
        assert end <= start
    for start, end in spans:
        sentence = document[start:end]
        marks = sum(mark.end - mark.start for mark in left_out if start <= mark.start < end)
        assert 0 < len(sentence) - marks <= limit
        assert sentence == sentence.strip()
        assert any(map(str.isalpha, sentence))
        assert len(sentence.splitlines()) == 1


def translated(document: str, spans: list[tuple[int, int]], translate) -> str:
    gaps = [document[end:start] for (_, end), (start, _) in pairwise([(0, 0), *spans, (len(document), 0)])]
    return gaps[0] + "".join(translate(document[a:b]) + gap for (a, b), gap in zip(spans, gaps[1:], strict=True))


def marks_left_out(document: str, limit: int) -> list[Span]:
    spans = chain.from_iterable(segment.spans for segment in segments(document, "en", limit))
    return [span for span in spans if is_left_out(document, span)]


@given(ANY_TEXT, LIMITS)
def test_any_text_is_parted_soundly(document: str, limit: int) -> None:
    spans = sentences(document, "en", limit)
    check(document, spans, limit, marks_left_out(document, limit))
    assert translated(document, spans, lambda sentence: sentence) == document


@given(documents(), LIMITS, st.sampled_from([str.upper, lambda _: "X", lambda _: ""]))
@example(("the. [says **much**. ](https://example.org/b)", []), 7, str.upper)
def test_what_is_protected_stays(case, limit, translate) -> None:
    document, planted = case
    spans = sentences(document, "en", limit)
    check(document, spans, limit, marks_left_out(document, limit))
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
    *("`a` ", "`a` b. ", "[a](b) ", "[[a] ", "<b>a ", "</b>a ", "<x1>", "**a ", "_a ", "a_ ", "{\\a ", "{\\a {b} "),
    *("[a]: ", "{", "%(", "a/", "a.", "a@", "C:\\a ", "http://(", "*", "* ", "> ", "|", " ", "(", "f(", "漢"),
]


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("x[0] is first, x[-1] last, x[1:3] between.", ["x[0]", "x[-1]", "x[1:3]"]),
        ("Set arr[i][j] to dp[i-1][j] + grid[0][1].", ["arr[i][j]", "dp[i-1][j]", "grid[0][1]"]),
        ("The census[8] of Smith[3][4] and a[n] old word[s].", []),
    ],
)
def test_elements_of_arrays_are_protected_but_citations_are_not(text: str, elements: list[str]) -> None:
    (segment,) = segments(text, "en")
    assert [text[span.start : span.end] for span in segment.spans] == elements


@pytest.mark.parametrize("unit", RUNS)
@pytest.mark.timeout(60)
def test_long_runs_take_no_long_time(unit: str) -> None:
    document = ("x " + unit * 200_000)[:200_000]
    check(document, sentences(document, "en"), 500)


def test_real_answers_are_nearly_all_prose(real_texts: Path) -> None:
    answers = pl.read_ndjson(real_texts / "instructions" / "dolly-2k.jsonl")["output"]
    parted = [sentences(answer, "en") for answer in answers]
    for answer, spans in zip(answers, parted, strict=True):
        check(answer, spans, 500)
        assert spans or not any(map(str.isalpha, answer)) or code_start(answer.split("\n")) == 0
    letters = sum(map(str.isalpha, "".join(answers)))
    inside = sum(
        sum(map(str.isalpha, answer[a:b])) for answer, spans in zip(answers, parted, strict=True) for a, b in spans
    )
    assert 0.998 * letters < inside < letters


@pytest.mark.parametrize(
    ("name", "language", "lines_apart", "most_sentences", "line_ends_found"),
    [
        ("flores-dev/vi.txt", "vi", " ", 1.15, 0.97),
        ("flores-dev/ja.txt", "ja", "", 1.15, 0.99),
        ("flores-dev/ko.txt", "ko", " ", 1.2, 0.97),
        ("parallel/tatoeba.eng-vie.tsv", "vi", " ", 1.05, 0.96),
        ("parallel/tatoeba.eng-jpn.tsv", "ja", "", 1.1, 0.98),
        ("parallel/tatoeba.eng-khm.tsv", "km", " ", 1.05, 0.98),
        # Without marks at the ends of sentences: pieces about as long as sentences, cut at spaces.
        ("flores-dev/th.txt", "th", " ", 0.8, 0.3),
    ],
)
def test_lines_joined_are_parted_again(
    real_texts: Path, name: str, language: str, lines_apart: str, most_sentences: float, line_ends_found: float
) -> None:
    rows = (real_texts / name).read_text("utf-8").splitlines()
    lines = [row.split("\t")[-1].strip() for row in rows]
    paragraphs = [lines[start : start + 10] for start in range(0, len(lines), 10)]
    count = matching_ends = 0
    for paragraph in paragraphs:
        document = lines_apart.join(paragraph)
        spans = sentences(document, language)
        check(document, spans, 500)
        count += len(spans)
        line_ends = accumulate(len(line) + len(lines_apart) for line in paragraph)
        matching_ends += len({end - len(lines_apart) for end in line_ends} & {end for _, end in spans})
    assert line_ends_found * len(lines) < matching_ends
    assert count < most_sentences * len(lines)


@pytest.mark.parametrize(("language", "expected"), hard_examples())
def test_abbreviations_ordinals_and_initials_end_no_sentence(language: str, expected: list[str]) -> None:
    text = " ".join(expected)
    assert [text[start:end].strip() for start, end in sentence_spans(text, [(0, len(text))], language)] == expected


def test_a_question_ends_before_a_word_in_lower_case_unless_a_quotation_ends_there() -> None:
    assert pieces("How does it work? start with attention. “Why?” she asked. Yahoo! is old; 5! is 120.") == [
        "How does it work?",
        "start with attention.",
        "“Why?” she asked.",
        "Yahoo! is old; 5! is 120.",
    ]
