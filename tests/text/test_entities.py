import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.entities import decoded, encoded
from sdrrl_data.text.placeholders import marked, restored
from sdrrl_data.text.segments import segments

WORDS = st.sampled_from(
    [
        "won&rsquo;t",
        "na&iuml;ve",
        "caf&eacute;",
        "&Eacute;cole",
        "a&nbsp;b",
        "R&amp;D",
        "a&lt;b",
        "it",
        "’",
    ]
)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("He won&rsquo;t come.", ["He won’t come."]),
        ("He won&#39;t and won&#x2019;t come.", ["He won't and won’t come."]),
        ("A na&iuml;ve caf&eacute; of the &Eacute;cole.", ["A naïve café of the École."]),
        ("The R&amp;D of words&mdash;many.", ["The R&D of words—many."]),
        ("Na&iuml;&euml;ve one.", ["Naïëve one."]),
        # These are protected.
        ("Salt &amp; pepper", ["Salt", "pepper"]),
        ("It is &lt;so&gt; here.", ["It is", "so", "here."]),
        ("Ten&#10;lines and&#91;more", ["Ten", "lines and", "more"]),
    ],
)
def test_entities_of_words_are_sent_as_characters(text, sent):
    assert [marked(text, segment) for segment in segments(text, "en")] == sent


@given(st.lists(WORDS, min_size=1, max_size=5).map(" ".join))
def test_an_identity_translation_has_them_as_they_were(text):
    for segment in segments(text, "en"):
        sentence = marked(text, segment)
        back = restored(sentence, text, segment)
        assert back is not None
        assert decoded(back) == decoded(text[segment.start : segment.end])
        if "’" not in text:
            assert back == text[segment.start : segment.end]


def test_what_html_needs_stays_encoded():
    assert encoded("P&D", "R&amp;D") == "P&amp;D"
    assert encoded("não é", "isn&rsquo;t") == "não é"
