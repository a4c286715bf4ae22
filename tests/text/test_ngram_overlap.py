import json

import pytest

from sdrrl_data.text.ngram_overlap import Quote, Quotes

NONE = Quote(0.0, None)
ITEM = "one two three four five six seven eight nine ten eleven twelve"
NUMBERS = ITEM.split()


def joined(*words):
    return " ".join(words)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (ITEM, 1),
        (f"Please read this: {ITEM.upper()}! And then tell me.", 1),
        (joined(*NUMBERS[:9]), 9 / 12),
        (joined(*NUMBERS[4:]), 8 / 12),
        (joined(*NUMBERS[:10], "zero", NUMBERS[-1]), 10 / 12),  # the last word is in no shared n-gram
        (joined(*NUMBERS[:8], *NUMBERS[4:]), 1),
        (joined(*NUMBERS[:7], "zero", *NUMBERS[7:]), 0),  # seven adjacent words are too few
        (joined(*reversed(NUMBERS)), 0),
    ],
)
def test_the_share_of_an_items_words(text, share):
    assert Quotes("en", [("set:1", ITEM)]).best([text]) == [Quote(share, "set:1") if share else NONE]


def test_short_texts_are_not_judged():
    assert Quotes("en", [("set:1", ITEM)]).best(["one two three four five six seven", "", "a " * 8]) == [
        None,
        None,
        NONE,
    ]


def test_short_items_are_not_looked_for():
    short = joined(*NUMBERS[:7])
    assert Quotes("en", [("set:1", short)]).best([ITEM]) == [NONE]
    assert Quotes("en", []).best([ITEM]) == [NONE]


def test_the_first_of_those_that_most_is_quoted_of_is_named():
    items = [("a:1", ITEM + " thirteen"), ("a:2", ITEM), ("b:1", joined("zero", ITEM)), ("b:2", ITEM)]
    assert Quotes("en", items).best([ITEM, joined("zero", ITEM, "thirteen")]) == [Quote(1.0, "a:2"), Quote(1.0, "a:1")]


@pytest.mark.parametrize(("times", "share"), [(10, 1), (11, 0)])
def test_what_stands_in_many_items_is_a_phrase(times, share):
    """If the items are the same, and if they are only similar."""
    for items in ([ITEM] * times, [f"{ITEM} {'x' * n}" for n in range(times - 1)] + [ITEM]):
        (quote,) = Quotes("en", [(f"a:{number}", item) for number, item in enumerate(items)]).best([ITEM])
        assert quote.share == share


def test_a_passage_may_stand_in_many_items():
    passage = joined(*(f"word{number}" for number in range(50)))
    assert Quotes("en", [(f"a:{number}", passage) for number in range(20)]).best([passage]) == [Quote(1.0, "a:0")]


def test_a_phrase_counts_on_neither_side():
    """If an item begins like many others, only the n-grams in the rest of it count."""
    phrase = "which of these statements about the passage above is true"
    items = [(f"a:{number}", f"{phrase} {joined(*(f'{word}{number}' for word in NUMBERS))}") for number in range(11)]
    best_quotes = Quotes("en", items).best([phrase, items[3][1]])
    assert best_quotes == [NONE, Quote(1.0, "a:3")]


@pytest.mark.parametrize("language", ["en", "th", "ja", "vi"])
def test_finds_what_is_planted_among_real_texts(language, real_texts):
    lines = (real_texts / "flores-dev" / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    items, others = lines[:500], lines[500:]
    quotes = Quotes(language, [(str(number), item) for number, item in enumerate(items)])
    best_quotes = quotes.best([f"{other} {item} {other}" for item, other in zip(items, others, strict=False)])
    assert sum(quote == Quote(1.0, str(number)) for number, quote in enumerate(best_quotes)) >= 0.98 * len(best_quotes)
    clean = quotes.best(others)
    assert sum(quote is not None and quote.share > 0 for quote in clean) <= 1


@pytest.fixture(scope="module")
def planted(real_texts):
    """`Quotes` of FLORES, its longer items, and texts in which to plant them."""
    lines = (real_texts / "flores-dev" / "en.txt").read_text(encoding="utf-8").splitlines()
    rows = (real_texts / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(row)["output"] for row in rows]
    quotes = Quotes("en", [(str(number), line) for number, line in enumerate(lines)])
    return quotes, {str(number): line for number, line in enumerate(lines) if len(line.split()) >= 18}, texts


def halved(words):
    return words[: (len(words) + 1) // 2]


def changed(words):
    return [*words[: len(words) // 2], "zzz", *words[len(words) // 2 + 1 :]]


@pytest.mark.parametrize(("change", "low", "high"), [(halved, 0.35, 0.65), (changed, 0.8, 0.99)])
def test_finds_items_in_part(change, low, high, planted):
    quotes, items, texts = planted
    best_quotes = quotes.best(
        [f"{text} {' '.join(change(item.split()))}" for text, item in zip(texts, items.values(), strict=False)]
    )
    right = [
        quote.place == place and low <= quote.share <= high for place, quote in zip(items, best_quotes, strict=True)
    ]
    assert sum(right) >= 0.97 * len(items)


def test_real_texts_raise_no_false_alarm(planted):
    quotes, _, texts = planted
    assert sum(quote is not None and quote.share > 0 for quote in quotes.best(texts)) == 0
