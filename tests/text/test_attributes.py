import pytest

from sdrrl_data.text.segments import segments


def sent(text: str) -> list[str]:
    return [text[segment.start : segment.end] for segment in segments(text, "en")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<img src="a.png" alt="A red house" title=\'My "own" house\'>', ["A red house"]),
        ("<p>Look.</p>\n<img alt='A red house' src=a.png>", ["Look.", "A red house"]),
        ('{{< figure src="a.png" title="The old bridge" >}}', ["The old bridge"]),
        ('<button aria-label=" Close it " class="btn big">Close</button>', ["Close it", "Close"]),
        ('<input type="text" placeholder="Type your name">', ["Type your name"]),
        ('> <img alt="In a quote" src="a.png">\n\n| <br title="In a cell"> a | b |\n|---|---|\n', ["In a quote"]),
    ],
)
def test_words_in_attributes_are_translated(text: str, expected: list[str]) -> None:
    assert sent(text)[: len(expected)] == expected


@pytest.mark.parametrize(
    "text",
    [
        '<img src="a.png" alt="" title="a_b">',
        '<img alt="{{ page.title }} here">',
        '<a href="x" title="images/house.png"></a>',
        '<input name="Your name" value="All of it">',
        '`<img alt="A red house">`',
        '<code title="How it is">x</code>',
        '<pre><img alt="A red house"></pre>',
        '```\n<img alt="A red house">\n```',
        '{{ title="The old bridge" }}',
    ],
)
def test_other_values_and_code_are_kept(text: str) -> None:
    assert sent(text) == []


def test_a_tag_within_a_sentence_is_kept_whole() -> None:
    text = 'The <abbr title="Very High Frequency">VHF</abbr> is good.'
    assert sent(text) == [text]
