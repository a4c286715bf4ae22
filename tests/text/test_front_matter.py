import pytest

from sdrrl_data.text.front_matter import front_matter
from sdrrl_data.text.segments import sentences

EXAMPLES = {
    "YAML": (
        "---\ntitle: My first post\nauthor: Ann Lee\ndate: 2024-01-01\ntags: [baking, bread]\n---\n\n# Welcome\n",
        ["My first post", "Welcome"],
    ),
    "quotes": (
        "---\ntitle: \"Why: a story\"\nsubtitle: 'It is so'\nslug: why-a-story\n---\nText.",
        ["Why: a story", "It is so", "Text."],
    ),
    "several lines": (
        "---\ndescription: >\n  The first line\n  and the second.\nlist:\n- one thing\n- other: thing\n# A comment.\n\n"
        "...\nText.",
        ["The first line", "and the second.", "Text."],
    ),
    "TOML": (
        '+++\ntitle = "My post"\n[menu.main]\nname = "Home page"\nlist = [\n  "a",\n]\n+++\nText.',
        ["My post", "Text."]),
    "values that are no text": ("---\ntitle: [a, b]\nsummary: 2024\nexcerpt: &x Some text\n---\n", []),
    "nothing after it": ("---\ntitle: My post\n---", ["My post"]),
    # Rules around prose
    "a sentence": ("---\nThis is prose: so it is.\n---\nText.", ["This is prose: so it is.", "Text."]),
    "a note": ("---\nNote: this is prose.\n\n---\n", ["Note: this is prose."]),
    "an empty line": ("---\n\nkey: value\n\n---\n", ["key: value"]),
    "not at the start": ("Text.\n\n---\ntitle: My post\n---\n", ["Text.", "title: My post"]),
    "never closed": ("+++\ntitle = 1\n\nSome text.\n", ["Some text."]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_of_front_matter_only_prose_is_sent(text, expected):
    assert [text[start:end] for start, end in sentences(text, "en")] == expected


def test_whether_it_can_be_read_is_known():
    good, bad = front_matter('---\ntitle: "a"\n---\n'), front_matter('---\ntitle: "a" b"\n---\n')
    assert good.is_valid()
    assert good.keys == ["title"]
    assert not bad.is_valid()
