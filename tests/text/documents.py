"""Texts for Hypothesis: any text, and Markdown with protected spans at known positions."""

from hypothesis import strategies as st

LIMITS = st.sampled_from([1, 2, 7, 40, 500])
UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
MARKS = st.sampled_from(
    [
        *"aBé漢ก1.!,:;()[]{}<>/\\|$`~*_#-+=&%@😀\u0301\u200b\0\ufeff \t\n\r\f\v\x1c\x85\u2028\u00a0",
        *("$$", "``", "```", "~~~", "**", "[](", "\\[", "\\]", "\\(", "\\)", "\\begin{align}", "<!--", "-->", "<b>"),
        *("www.", "http://", "C:\\", "1. ", "|-|-|\n", "def f(", "    ", "\n\n", "\n> ", "\n- ", "\n\t", "\r\n"),
    ]
)
ANY_TEXT = st.one_of(UNICODE, st.lists(MARKS, max_size=40).map("".join))

INLINE = st.sampled_from(
    [
        "`x = y`",
        "``a ` b``",
        "https://example.org/a_(b)/?c=d&e=%20f#g",
        "www.example.org",
        "<https://example.org/a>",
        '](https://example.org "some_title")',
        "first.last+tag@mail.example.org",
        "/usr/local/bin",
        "~/notes.txt",
        "../src/main.py",
        "C:\\Program Files\\App\\app.exe",
        "$x^2 + y$",
        "$$\\text{rate of change}$$",
        "\\(a_{1}\\)",
        "\\[ a = b \\]",
        '<a href="https://example.org" title="some_title">',
        "</a>",
        "<!-- a comment -->",
        "<code>some code</code>",
        "&nbsp;",
        "{name}",
        "{{ user.name }}",
        "%(total)d",
        "%s",
        "${HOME}",
        "{1, 2, 3}",
        "<your_name>",
        "{\\displaystyle x^{2}}",
    ]
)
BLOCKS = st.sampled_from(
    [
        "```python\nprint('hello')\n\n# a comment\n```",
        "~~~~\ntext\n```\n~~~~",
        "  `````\n  text\n  ````\n  `````",
        "    indented code",
        "> ```\n> quoted code\n> ```",
        "- ```\n  code in a list\n  ```",
        "$$\na\n=\nb\n$$",
        "\\[\n- a\n+ b\n\\]",
        "<!-- a comment\n\nof two paragraphs -->",
        "<script>\nlet it = be;\n</script>",
        "[label]: https://example.org 'some_title'",
        "|---|:-:|",
        "---",
    ]
)
# An opening mark, and its closing mark if there are words in between.
PAIRS = st.sampled_from(
    [
        ("[", "](https://example.org/b)"),
        ("![", "](<a file.png> 'some_title')"),
        ("[", "][label]"),
        ("<b>", "</b>"),
        ('<a href="https://example.org">', "</a>"),
        ("<note>", "</note>"),
    ]
)
WORDS = [
    "the",
    "Ana",
    "says",
    "água",
    "đây",
    "ฉันรัก",
    "好的",
    "नमस्ते",
    "and/or",
    "(maybe)",
    "[you]",
    "{a b}",
    "X",
    "“so”",
    "3.5",
    "$5",
    "1/2",
]
PROSE = st.tuples(
    st.lists(st.sampled_from([*WORDS, "*very*", "**much**", "a<b", "😀"]), min_size=1, max_size=6).map(" ".join),
    st.sampled_from([". ", "! ", "? ", ", ", ": ", " "]),
).map("".join)
PREFIX = st.sampled_from(["", "- ", "1. ", "a) ", "• ", "> ", "# ", "> - ", "**Term**: ", "- [ ] "])


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    """A document, and the positions of its protected spans."""
    document, planted = "", []

    def plant(span: str) -> str:
        planted.append((len(document), len(document) + len(span)))
        return span

    for is_block in draw(st.lists(st.booleans(), max_size=6)):
        document += draw(PREFIX)
        for _ in range(draw(st.integers(0, 4))):
            document += draw(PROSE)
            if draw(st.booleans()):
                document += plant(draw(INLINE))
            else:
                opening, closing = draw(PAIRS)
                document += plant(opening)
                document += draw(PROSE)
                document += plant(closing)
            document += draw(st.sampled_from([" ", ", ", ". ", "; "]))
        if is_block:
            document += "\n\nThen:\n\n"  # ends a list; otherwise, indented code would be a paragraph of it
            document += plant(draw(BLOCKS))
        document += draw(st.sampled_from(["\n\n", "\n \n\n", "\r\n\r\n"]))
    return document, planted
