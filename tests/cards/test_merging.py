"""Merging a card with an existing one: is nothing lost that people wrote, and nothing kept that is out of date?"""

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sdrrl_data.cards import merging
from sdrrl_data.errors import UserError


def config(name: str, *files: str) -> dict[str, Any]:
    return {"config_name": name, "data_files": [{"split": "train", "path": path} for path in files]}


def card(head: dict[str, Any], body: str) -> str:
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n{body}"


PT = config("pt", "pt/transfer_set/train-*.parquet")
VI = config("vi", "vi/transfer_set/train-*.parquet")
NEW = card(
    {
        "pretty_name": "SDRRL: English to Português",
        "language": ["en", "pt"],
        "license": "cc-by-nc-4.0",
        "size_categories": ["1K<n<10K"],
        "tags": ["sdrrl", "distillation"],
        "configs": [PT],
    },
    """
# SDRRL: English to Português

What it is.

## Loading

As usual.

```md
## No heading
```

### Splits

Two.

## English and Portuguese (`pt`)

Ten rows.

## Limits

Nobody has checked the answers.
""",
)


def body(text: str) -> str:
    return merging.split(text)[1]


def head(text: str) -> dict[str, Any]:
    return merging.split(text)[0]


def headings(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(body(text))
    return [
        f"{token.markup} {tokens[place + 1].content}"
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0
    ]


HEADINGS = headings(NEW)


@pytest.mark.parametrize("existing", [None, "", "\ufeff\r\n\n", NEW, NEW.replace("\n", "\r\n"), f"\ufeff{NEW}"])
def test_nothing_to_keep(existing: str | None) -> None:
    assert merging.merge(NEW, existing) == NEW


@pytest.mark.parametrize(
    ("hand", "place"),
    [
        ("## Thanks\n\nTo all.\n", 1),
        ("## Thanks\n\nTo all.\n", 3),
        ("## Thanks\n\n## To all\n", 5),
        ("Thanks\n------\n\nTo all.\n", 4),
        ("  ## Thanks\n\nTo all.\n", 5),
        ("# Thanks\n\n## To all\n", 5),
        ("### Thanks\n\nTo all.\n", 2),
        ("### Thanks\n\nTo all.\n", 3),
        ("### Thanks\n\n- To all\n\n  and more\n", 4),
        ("### Thanks\n\n```\nTo all\n", 5),
        ("## Thanks\n\n~~~~\nTo all\n", 5),
        ("## Thanks\n\n<!-- To all\n", 5),
        ("## Thanks\n\n<pre>\nTo all\n", 5),
    ],
)
def test_what_was_written_by_hand_stays_where_it_stood(hand: str, place: int) -> None:
    """`place`: behind which heading of the card, the title being the first."""
    starts = [body(NEW).index(f"\n{heading}\n") + 1 for heading in HEADINGS]
    end = starts[place] if place < len(starts) else len(body(NEW))
    existing = card(head(NEW), body(NEW)[:end] + hand + "\n" + body(NEW)[end:])
    new = NEW.replace("Ten rows.", "Eleven rows.")
    both = merging.merge(new, existing)
    assert headings(both) == [*HEADINGS[:place], *headings(hand), *HEADINGS[place:]]
    assert hand.strip() in both
    assert "Eleven rows." in both
    assert "Ten rows." not in both
    assert merging.merge(new, both) == both


def test_what_is_open_is_closed_before_another_section_follows() -> None:
    """A block of code that ran to the end of the old card ends with its section."""
    old = NEW.replace("## Limits\n\nNobody has checked the answers.\n", "## Thanks\n\n````md\nTo all\n```\n")
    both = merging.merge(NEW, old)
    assert headings(both) == [*HEADINGS[:4], "## Thanks", "## Limits"]
    assert "````md\nTo all\n```\n````\n\n## Limits" in both


def test_the_head() -> None:
    old = card(
        {
            "viewer": False,
            "language": ["pt", "vi"],
            "pretty_name": "Another",
            "license": "other",
            "license_name": "my-own",
            "size_categories": ["n<1K"],
            "tags": ["mine", "sdrrl"],
        },
        "",
    )
    both = merging.merge(NEW, old)
    assert body(both) == body(NEW)
    assert list(head(both).items()) == [
        ("pretty_name", "SDRRL: English to Português"),
        ("language", ["en", "pt", "vi"]),
        ("license", "cc-by-nc-4.0"),
        ("size_categories", ["1K<n<10K"]),
        ("tags", ["sdrrl", "distillation", "mine"]),
        ("configs", [PT]),
        ("viewer", False),
    ]


@pytest.mark.parametrize(
    ("new", "old", "both"),
    [
        ({"license": "unknown"}, {"license": "mit"}, {"license": "mit"}),
        ({"license": "unknown"}, {"license": "unknown"}, {"license": "unknown"}),
        ({"license": "unknown"}, {"license_link": "https://a.b"}, {"license": "unknown"}),
        (
            {"license": "unknown"},
            {"license": "other", "license_name": "mine", "license_link": "https://a.b"},
            {"license": "other", "license_name": "mine", "license_link": "https://a.b"},
        ),
        (
            {"license": "other", "license_name": "mine"},
            {"license": "other", "license_name": "mine", "license_link": "https://a.b"},
            {"license": "other", "license_name": "mine", "license_link": "https://a.b"},
        ),
        (
            {"license": "other", "license_name": "mine"},
            {"license": "other", "license_name": "another", "license_link": "https://a.b"},
            {"license": "other", "license_name": "mine"},
        ),
        ({"license": "mit"}, {"license": "llama3"}, {"license": "mit"}),
    ],
)
def test_the_licence(new: dict[str, str], old: dict[str, str], both: dict[str, str]) -> None:
    assert head(merging.merge(card(new, "a"), card(old, "b"))) == both


SFT = config("pt-sft", "pt/controls-sft/train-*.parquet")
OTHERS_SFT = config("vi-sft", "vi/controls-sft/train-*.parquet")
BY_HAND = config("pt-short", "pt/transfer_set/train-00000-*.parquet", "more/train.parquet")


@pytest.mark.parametrize(
    ("new", "old", "replaced", "both"),
    [
        ([PT, VI], [VI, PT], [], [PT, VI]),  # the new card's order
        ([PT], [config("pt", "elsewhere.parquet")], [], [PT]),
        ([PT], [PT, VI], [], [PT]),  # a target that is there no more
        ([PT, VI], [SFT, OTHERS_SFT], ["pt"], [PT, VI, OTHERS_SFT]),
        ([PT, SFT], [SFT], ["pt"], [PT, SFT]),
        ([PT], [OTHERS_SFT, BY_HAND], ["pt"], [PT, BY_HAND]),
        ([PT], [{"config_name": "mine", "data_files": "mine.csv"}, {"config_name": "bare"}, "odd"], ["pt"], None),
        (
            [PT],
            [{"config_name": "pt-x", "data_files": {"train": ["pt/controls-x/a", "pt/controls-x/b"]}}],
            ["pt"],
            [PT],
        ),
    ],
)
def test_configs(new: list[Any], old: list[Any], replaced: list[str], both: list[Any] | None) -> None:
    merged = merging.merge(card({"configs": new}, "a"), card({"configs": old}, "b"), replaced)
    assert head(merged)["configs"] == (new + old if both is None else both)


def info(name: str | None, column: str) -> dict[str, Any]:
    named = {"config_name": name} if name else {}
    return named | {"features": [{"name": column, "dtype": "string"}], "dataset_size": 9}


@pytest.mark.parametrize(
    ("new", "old", "infos", "both"),
    [
        (
            [PT],
            [config("pt", "pt/train-*"), config("mine", "mine/*")],
            [info("pt", "a"), info("mine", "b")],
            [info("mine", "b")],
        ),
        ([PT], [config("pt", "pt/train-*")], [info("pt", "a")], None),
        ([PT], [config("pt", "pt/train-*")], info("pt", "a"), None),
        ([PT], [config("default", "data/train-*")], info(None, "a"), info(None, "a")),  # one config without a name
        ([config("default", "pt/x-*")], [config("default", "data/train-*")], info(None, "a"), None),
        ([PT], [PT, VI], [info("pt", "a"), info("vi", "b"), "odd"], ["odd"]),  # vi is no longer there
        ([PT], [PT], "odd", "odd"),
    ],
)
def test_what_another_tool_noted_of_a_config_goes_when_the_config_is_written_anew(
    new: list[Any], old: list[Any], infos: Any, both: Any
) -> None:
    existing = card({"dataset_info": infos, "configs": old}, "b")
    merged = merging.merge(card({"configs": new}, "a"), existing)
    assert head(merged).get("dataset_info") == both
    assert merging.merge(card({"configs": new}, "a"), merged) == merged


def test_sections_of_other_targets_stay_as_long_as_they_are_there() -> None:
    vietnamese = "## English and Vietnamese (`vi`)\n\nTwenty rows.\n\n"
    other = "## Load it with (`load_dataset`)\n\nSo.\n\n"
    old = card(head(NEW) | {"configs": [PT, VI]}, body(NEW).replace("## Limits", vietnamese + other + "## Limits"))
    with_both = card(head(NEW) | {"configs": [PT, VI]}, body(NEW))
    assert merging.merge(with_both, old) == old
    dropped = merging.merge(NEW, old)
    assert body(dropped) == body(old).replace(vietnamese, "")


def test_a_heading_of_an_earlier_version_is_read_as_todays() -> None:
    mix = "### Portuguese: the mix of the rows\n\nTen rows.\n\n"
    new = NEW.replace("## Limits", mix + "## Limits")
    old = new.replace("the mix of the rows", "how what was kept was mixed").replace("Ten rows.", "Nine rows.")
    assert "how what was kept was mixed" in old
    assert merging.merge(new, old) == new


@pytest.mark.parametrize(
    "broken",
    [
        "---\nlicense: [mit\n---\n\n# Mine\n",
        "---\n- mit\n---\n",
        "---\nmit\n---\n",
        "---\nlicense: mit\n\n# Mine\n",
        "\n---\r\na: 2026-99-99\r\n---\r\n",
        "---\na: !!python/object/apply:os.system [exit]\n---\n",
    ],
)
def test_a_broken_head_is_said_and_nothing_lost(broken: str) -> None:
    with pytest.raises(UserError, match=r"^the YAML head of the existing card \(README.md\) .*: repair it first$"):
        merging.merge(NEW, broken)


@pytest.mark.parametrize("existing", ["Mine.\n\n## Thanks\n\nTo all.", "---\n---\n## Thanks\r\n\r\nTo all.\r\n"])
def test_a_card_without_a_head(existing: str) -> None:
    assert merging.merge(NEW, existing) == NEW.replace("\n## Loading", "\n## Thanks\n\nTo all.\n\n## Loading", 1)


PLACES = [
    "# A",
    "## B",
    "## Loading",
    "## C (`pt`)",
    "## D (`vi`)",
    " ## E",
    "### F",
    "### G #",
    "Heading",
    "---",
    "===",
]
OPEN = ["```", "~~~ md", "- item", "  more", "    far in", "> said", "<!-- left", "-->", "<pre>", "</div>", "|"]
LINES = st.sampled_from([*PLACES, *OPEN, "", "", "a\x0bb\u2028c", "\x00"])
BODIES = st.lists(LINES, max_size=14).map("\n".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
KEYS = st.sampled_from(["license", "license_name", "tags", "language", "size_categories", "configs", "own"])
HEADS = st.dictionaries(KEYS, VALUES | st.lists(st.sampled_from([PT, VI, SFT, BY_HAND]), max_size=3))
WRITTEN = st.builds(card, HEADS, BODIES) | BODIES.map(lambda text: "-" * text.lstrip().startswith("---") + text)


@given(old=WRITTEN, ends=st.sampled_from(["\n", "\r\n", "\r"]))
@example(old="## B\n```", ends="\n")
@example(old="- item\n\n  ## E\n## B\n<?", ends="\r")
def test_merging_keeps_every_section_and_merging_again_changes_nothing(old: str, ends: str) -> None:
    both = merging.merge(NEW, old.replace("\n", ends))
    assert merging.merge(NEW, both) == both
    assert list(dict.fromkeys(heading for heading in headings(both) if heading in HEADINGS)) == HEADINGS
    # All but what stands above the first `##`, and targets that are there no more.
    gone = ["D (`vi`)"] if VI in merging.configs_of(head(old)) else []
    for (heading, _), section in merging.sections(body(old), 2).items():
        if heading not in {None, "Loading", *gone}:
            assert section.lstrip(" ").rstrip("\n") in both


@given(WRITTEN)
def test_a_card_merged_with_itself_is_itself(text: str) -> None:
    with_head = "---\na: 1\n---\n" + text if not text.lstrip().startswith("---") else text
    assert merging.merge(with_head, with_head) == with_head
