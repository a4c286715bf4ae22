"""Notes, tabs and other marks of Markdown dialects and of reStructuredText: what of them is sent to a translator."""

from itertools import pairwise
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.directives import directives
from sdrrl_data.text.layout import blocks
from sdrrl_data.text.segments import sentences

DIALECTS = {
    "GitHub": ("> [!NOTE]\n> Read this first.\n>\n> Then this.", ["Read this first.", "Then this."]),
    "GitHub in a list": ("- One\n\n  > [!TIP]\n  > Read this.\n", ["One", "Read this."]),
    "Obsidian": ("> [!faq]- Are they nested?\n> > [!todo] Yes, they are.\n", ["Are they nested?", "Yes, they are."]),
    "Docusaurus": (
        ":::note\nOne thing.\n:::\n\n:::tip[My title]\n\nAnother *thing*.\n\n:::\n\n"
        ":::danger Take care\nIt is hot.\n:::",
        ["One thing.", "My title", "Another *thing*.", "Take care", "It is hot."],
    ),
    "VuePress": (
        "::: warning Mind the gap\nA sentence that\ngoes on here.\n:::",
        ["Mind the gap", "A sentence that", "goes on here."],
    ),
    "Pandoc": (
        '::: {.callout-tip title="A short title" collapse="true"}\n## Heading\n\nText.\n:::\n',
        ["A short title", "Heading", "Text."],
    ),
    "nested": ("::::steps\n:::step{title='x'}\nDo it.\n:::\n::::\n", ["Do it."]),
    "MkDocs": (
        dedent("""\
            !!! note "Mind the step"

                The first paragraph.

                The second one, with code:

                ```python
                print("not this")
                ```

                    nor this

                - an item

            ??? warning
                Another note.

            ???+ tip inline end "Open"
                Text.

            After it."""),
        [
            *("Mind the step", "The first paragraph.", "The second one, with code:", "an item"),
            *("Another note.", "Open", "Text.", "After it."),
        ],
    ),
    "tabs": (
        '=== "In the shell"\n\n    Type this.\n\n=== "By hand"\n\n    Click here.\n',
        ["In the shell", "Type this.", "By hand", "Click here."],
    ),
    "MyST": (
        "```{note}\nThis is prose.\n```\n\n```{admonition} My title\n:class: tip\nText.\n```\n\n"
        "```{code-block} python\nnot = this\n```\n\n```{note\nnor this\n```\n",
        ["This is prose.", "My title", "Text."],
    ),
    "reStructuredText": (
        ".. note::\n   :class: x\n\n   This is prose.\n\n.. warning:: It is hot.\n\n"
        ".. code-block:: python\n\n   x = f(1)\n\n.. image:: a.png\n",
        ["This is prose.", "It is hot."],
    ),
    "code": ("```md\n> [!NOTE]\n:::note\n!!! note\n```\n\n    !!! note\n\n`:::note` it is", ["it is"]),
    "prose": (
        "!!! That was good\n\n??? What was it?\n\nA heading\n===\n\n[!] Mind this.\n\n.. and so on: they went.",
        ["That was good", "What was it?", "A heading", "Mind this.", "and so on: they went."],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DIALECTS.values(), ids=DIALECTS)
def test_marks_are_not_sent_and_the_words_in_them_are(text, expected):
    assert [text[start:end] for start, end in sentences(text, "en")] == expected


def test_line_ends_of_windows_are_no_different():
    text, expected = DIALECTS["MkDocs"]
    text = text.replace("\n", "\r\n")
    assert [text[start:end] for start, end in sentences(text, "en")] == expected


PIECES = st.sampled_from(
    [
        *("> [!NOTE]", ":::", ":::note", ":::tip[A title]", ':::{x title="T"}', "!!! note", '??? tip "T"', '=== "T"'),
        *(".. note:: T", "```{note}", "```", "~~~{tip} T", "~~~", "---", "+++", "title: T", "+", "    ", "> ", "- "),
        *("A word", "\n", "\n", "\n\n", "\r\n", "|a|b|\n|-|-|\n"),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_blocks_are_in_order_and_do_not_overlap(text):
    lines = [line for block in blocks(text) for line in block]
    assert lines == sorted(lines)
    assert all(first[1] <= second[0] for first, second in pairwise(lines))
    assert all(0 <= start <= end <= len(text) for start, end in lines)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_what_stands_for_a_mark_is_as_long_as_its_line(text):
    text = text.replace("\r\n", " \n")
    for directive in directives(text):
        assert "\n" not in text[directive.start : directive.end]
        assert len(directive.replacement) == directive.end - directive.start
        assert all(directive.start <= start < end <= directive.end for start, end in directive.titles)
