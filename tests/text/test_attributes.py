import pytest

from sdrrl_data.text.attributes import breaks_attribute
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
        ("![A house](a.png 'The old house')", ["A house", "The old house"]),
        ('- [the manual](<a b.html> "How it works"){.big}', ["the manual", "How it works"]),
        ('[a]: http://a.org "The old house"\n\nSee [it][a].', ["The old house", "See [it][a]."]),
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
        '![](a.png "a_b.png")',
        '[1]: ./a.png "x=1"',
        '`![](a.png "The old house")`',
    ],
)
def test_other_values_and_code_are_kept(text: str) -> None:
    assert sent(text) == []


@pytest.mark.parametrize(
    "text",
    [
        'The <abbr title="Very High Frequency">VHF</abbr> is good.',
        'Read [the manual](http://a.org/b "How it works") first.',
    ],
)
def test_a_tag_within_a_sentence_is_kept_whole(text: str) -> None:
    assert sent(text) == [text]


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ('<img alt="A house">', 'Uma "casa"'),
        ('![](a.png "A house")', 'Uma "casa"'),
        ("[a]: ./a.png 'A house'", "D'or"),
    ],
)
def test_a_translation_may_not_end_the_value(text: str, translation: str) -> None:
    start = text.index("A house")
    assert breaks_attribute(text, start, translation)
    assert not breaks_attribute(text, start, "Uma casa")
    assert not breaks_attribute('He said "A house"', 9, translation)
