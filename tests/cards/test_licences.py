"""Licences: does a dataset get the strictest licence of its ingredients, and does the card say so plainly?"""

from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.cards import licences
from sdrrl_data.protocols import Ingredient

ADVICE = "This is a summary of the licences and not legal advice."
HUB = licences._facts().hub


def part(role: str, name: str, licence: str | None = None) -> Ingredient:
    return Ingredient(role, name, "1", licence)


def parts(*of: str | None) -> list[Ingredient]:
    """Generators with these licences."""
    return [part("generator", f"a/{number}", licence) for number, licence in enumerate(of)]


@pytest.mark.parametrize(
    ("name", "stated", "licence"),
    [
        ("facebook/nllb-200-distilled-600M", None, "cc-by-nc-4.0"),
        ("facebook/nllb-200-3.3B", "cc-by-nc-4.0", "cc-by-nc-4.0"),
        ("nllb-200-3.3B", None, "cc-by-nc-4.0"),  # a directory
        ("Unbabel/wmt22-cometkiwi-da", None, "cc-by-nc-sa-4.0"),
        ("Unbabel/wmt23-cometkiwi-da-xxl", None, "cc-by-nc-sa-4.0"),
        ("Unbabel/XCOMET-XL", None, "cc-by-nc-sa-4.0"),
        ("Unbabel/wmt22-comet-da", None, "apache-2.0"),
        ("Unbabel/wmt20-comet-qe-da", None, "apache-2.0"),
        ("wmt20-comet-qe-da", None, "apache-2.0"),  # a directory
        ("Unbabel/unite-xl", None, "cc-by-nc-sa-4.0"),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", None, "apache-2.0"),
        ("SmolLM2-135M", None, "apache-2.0"),
        ("Qwen/Qwen2.5-7B-Instruct", None, "apache-2.0"),
        ("Qwen/Qwen2.5-3B-Instruct", "other", "qwen-research"),  # what its card says is no licence's name
        ("Qwen/Qwen2.5-72B", "other", "qwen"),
        ("meta-llama/Llama-2-7b-chat-hf", None, "llama2"),
        ("meta-llama/Meta-Llama-3-8B", None, "llama3"),
        ("meta-llama/Llama-3.1-8B-Instruct", None, "llama3.1"),
        ("meta-llama/Meta-Llama-3.1-8B", None, "llama3.1"),
        ("meta-llama/Llama-3.3-70B-Instruct", None, "llama3.3"),
        ("google/gemma-2-9b-it", None, "gemma"),
        ("CohereLabs/aya-expanse-8b", None, "cc-by-nc-4.0"),
        ("fastText lid.176.bin", None, "cc-by-sa-3.0"),
        ("databricks/databricks-dolly-15k", None, "cc-by-sa-3.0"),
        ("openlanguagedata/flores_plus:por_Latn", None, "cc-by-sa-4.0"),
        ("tatsu-lab/alpaca", None, "cc-by-nc-4.0"),
        ("tatsu-lab/alpaca", " CC-BY-4.0", "cc-by-4.0"),  # what is said goes first
        ("alpaca", None, None),  # one word could be anything
        ("Qwen2.5-7B-Instruct-mine", None, None),
        ("a/b", "other", None),
        ("a/b", "unknown", None),
        ("a/b", "", None),
        ("a/b", "MIT, CC-BY-4.0, mit", "mit, cc-by-4.0"),  # a list in its card
        ("a/b", "mit, other", None),  # a part of it has an unknown licence
        ("tatsu-lab/alpaca", "mit, other", "cc-by-nc-4.0"),
    ],
)
def test_what_is_known(name: str, stated: str | None, licence: str | None) -> None:
    assert licences.of(part("generator", name, stated)) == (licence.split(", ") if licence else [])


def test_each_of_several_licences_counts() -> None:
    terms = licences.combined(parts("apache-2.0, cc-by-sa-4.0", "cc-by-nc-4.0"))
    assert terms.licence == "cc-by-nc-sa-4.0"
    assert "a/0 (generator) has the licence cc-by-sa-4.0" in " ".join(terms.sentences)
    assert licences.combined(parts("mit, other")).licence == "unknown"
    assert licences.unknown(parts("mit", "mit, unknown")) == ["a/1"]


def test_the_licence_of_each_known_name_is_understood() -> None:
    for licence in licences._facts().known.values():
        assert licences._asks(licence) or licence in licences._facts().terms
    assert set(licences._facts().permissive) <= HUB
    assert licences._facts().software <= HUB


@pytest.mark.parametrize(
    ("of", "licence", "name"),
    [
        (["apache-2.0"], "apache-2.0", None),
        (["mit", "apache-2.0", "cc0-1.0"], "apache-2.0", None),
        (["cc0-1.0", "mit"], "mit", None),
        (["cc-by-3.0", "apache-2.0"], "cc-by-3.0", None),
        (["cc-by-3.0", "cc-by-4.0", "odc-by"], "cc-by-4.0", None),  # they ask the same
        (["odc-by", "mit"], "odc-by", None),
        (["cc-by-2.0-fr", "mit"], "cc-by-4.0", None),  # the Hub has no name for the first
        (["cc-by-sa-3.0", "cc-by-3.0"], "cc-by-sa-3.0", None),
        (["cc-by-sa-3.0", "cc-by-4.0"], "cc-by-sa-4.0", None),
        (["cc-by-sa-3.0", "cc-by-sa-4.0"], "cc-by-sa-4.0", None),
        (["cc-by-nc-4.0", "mit"], "cc-by-nc-4.0", None),
        (["cc-by-sa-3.0", "cc-by-nc-4.0"], "cc-by-nc-sa-4.0", None),
        (["cc-by-nc-sa-3.0", "cc-by-nc-4.0"], "cc-by-nc-sa-4.0", None),
        (["cc-by-nd-4.0", "cc-by-nc-2.0"], "cc-by-nc-nd-4.0", None),
        (["mpl-2.0", "mit"], "mit", None),
        (["llama3.1", "apache-2.0", "cc-by-4.0"], "llama3.1", None),
        (["gemma"], "gemma", None),
        (["qwen-research", "mit"], "other", "qwen-research"),
        (["llama3.1", "cc-by-nc-4.0"], "other", "llama3.1-and-cc-by-nc-4.0"),
        (["llama3.2", "gemma"], "other", "gemma-and-llama3.2"),
        (["gemma", "cc-by-sa-3.0", "cc-by-nc-4.0"], "other", "gemma-and-cc-by-nc-sa-4.0"),
        (["mine"], "other", "mine"),
        (["apache-2.0", None], "unknown", None),
        ([], "unknown", None),
    ],
)
def test_the_strictest(of: list[str | None], licence: str, name: str | None) -> None:
    results = {licences.combined(ingredients)[:2] for ingredients in permutations(parts(*of))}
    assert results == {(licence, name)}


@given(st.lists(st.sampled_from(sorted(HUB)), min_size=1, max_size=5))
def test_it_asks_all_that_each_asks_and_the_hub_takes_it(of: list[str]) -> None:
    terms = licences.combined([part("seeds", str(number), licence) for number, licence in enumerate(of)])
    assert terms.licence in HUB | {"other"}
    assert (terms.name is None) == (terms.licence != "other")
    named = (terms.name or terms.licence).split("-and-")
    asked = [asks for known in named if (asks := licences._asks(known))]
    for licence in of:
        asks = licences._asks(licence)
        if asks is None:
            assert licence in named
        else:
            assert not asks.non_commercial or any(other.non_commercial for other in asked)
            assert not asks.no_derivatives or any(other.no_derivatives for other in asked)
            # Where there are no derivatives, there are none under the same terms.
            assert not asks.share_alike or any(other.share_alike or other.no_derivatives for other in asked)


def test_what_a_reader_is_told() -> None:
    ingredients = [
        part("seeds", "databricks/databricks-dolly-15k", "cc-by-sa-3.0"),
        part("generator", "Qwen/Qwen2.5-7B-Instruct", "apache-2.0"),
        part("translator", "facebook/nllb-200-distilled-600M", "cc-by-nc-4.0"),
        part("back-translator", "facebook/nllb-200-distilled-600M", "cc-by-nc-4.0"),
        part("scorer", "Unbabel/wmt22-cometkiwi-da", "cc-by-nc-sa-4.0"),
        part("scorer", "fastText lid.176.ftz", "cc-by-sa-3.0"),
        part("translator", "Firefox en-pt", "mpl-2.0"),
        part("scorer", "mine:score"),  # the user's own
        part("test set", "belebele", "cc-by-nc-nd-4.0"),  # nothing of it is in the rows
        part("compared set", "earlier-run"),
    ]
    terms = "what is made from it must be passed on under the same terms; its authors must be named"
    assert licences.combined(ingredients) == licences.Terms(
        "cc-by-nc-sa-4.0",
        None,
        [
            "databricks/databricks-dolly-15k (seeds) and fastText lid.176.ftz (scorer) have the licence cc-by-sa-3.0: "
            f"{terms}.",
            "Qwen/Qwen2.5-7B-Instruct (generator) has the licence apache-2.0: any use is allowed if its notices stay.",
            "facebook/nllb-200-distilled-600M (translator and back-translator) has the licence cc-by-nc-4.0: no "
            "commercial use; its authors must be named.",
            f"Unbabel/wmt22-cometkiwi-da (scorer) has the licence cc-by-nc-sa-4.0: no commercial use; {terms}.",
            "Firefox en-pt (translator) has the licence mpl-2.0: its terms apply to the model itself, not to the texts "
            "that the model made.",
            "cc-by-sa-3.0 and cc-by-nc-4.0 do not fully agree: cc-by-sa-3.0 allows only its own terms for what is made "
            "from it, and cc-by-nc-4.0 has more terms. If this matters to you, ask the owners.",
            "cc-by-sa-3.0 and cc-by-nc-sa-4.0 do not fully agree: cc-by-sa-3.0 allows only its own terms for what is "
            "made from it, and cc-by-nc-sa-4.0 has more terms. If this matters to you, ask the owners.",
            "The licence of this dataset has the strictest of these terms: cc-by-nc-sa-4.0.",
            ADVICE,
        ],
    )
    assert licences.unknown(ingredients) == []


def test_the_unknown_is_said_aloud() -> None:
    ingredients = [
        part("seeds", "seeds.jsonl"),
        part("scorer", "model.bin"),
        *parts("mit"),
        part("seeds", "seeds.jsonl"),
    ]
    assert licences.unknown(ingredients) == ["seeds.jsonl", "model.bin"]
    terms = licences.combined(ingredients)
    assert terms.sentences == [
        "The licence of seeds.jsonl (seeds) and model.bin (scorer) is not known.",
        "a/0 (generator) has the licence mit: any use is allowed if its notices stay.",
        "So the licence of this dataset is unknown: ask the people who made it before you use it or pass it on.",
        ADVICE,
    ]


@pytest.mark.parametrize(
    ("chosen", "licence", "name"),
    [("CC-BY-4.0", "cc-by-4.0", None), ("my terms", "other", "my terms"), ("unknown", "unknown", None)],
)
def test_the_publishers_choice_wins(chosen: str, licence: str, name: str | None) -> None:
    ingredients = [part("seeds", "seeds.jsonl"), part("translator", "facebook/nllb-200-3.3B", "cc-by-nc-4.0")]
    terms = licences.combined(ingredients, chosen)
    assert terms[:2] == (licence, name)
    translators = "facebook/nllb-200-3.3B (translator) has the licence cc-by-nc-4.0: no commercial use; "
    assert f"{translators}its authors must be named." in terms.sentences
    publishers = f"The publisher of this dataset gives it the licence {name or licence}."
    assert publishers in terms.sentences or chosen == "unknown"


@pytest.mark.parametrize(
    ("chosen", "doubts"),
    [
        (None, []),
        ("CC-BY-4.0, mit", []),
        ("unknown", []),
        ("other", []),
        ("mit2", ["mit2 is no licence that the Hub knows: the card says `other`, with this name; did you mean mit?"]),
        (
            "CC BY 4.0",
            [
                "cc by 4.0 is no licence that the Hub knows: the card says `other`, with this name; did you "
                "mean cc-by-4.0?"
            ],
        ),
        ("my terms", ["my terms is no licence that the Hub knows: the card says `other`, with this name"]),
    ],
)
def test_a_licence_that_the_hub_does_not_know_is_doubted(chosen: str | None, doubts: list[str]) -> None:
    assert [*licences.doubts(chosen)] == doubts


def test_questions_that_the_generator_wrote_are_under_its_licence() -> None:
    ingredients = [part("seeds", "magpie"), part("generator", "Qwen/Qwen2.5-3B-Instruct", "other")]
    assert licences.unknown(ingredients) == []
    assert licences.combined(ingredients)[:2] == ("other", "qwen-research")


@pytest.mark.parametrize(
    ("licence", "meaning"),
    [
        ("llama3", "its output may improve no other large language models"),
        ("llama3.3", "must have a name that begins with “Llama”"),
        ("gemma", "falls under its terms"),
        ("bigscience-openrail-m", "the uses that its text lists are forbidden"),
        ("qwen", "must say “Built with Qwen”"),
        ("cc-by-nd-4.0", "changed versions may not be passed on, and a translation is a changed version"),
        ("my-own", "it has its own terms"),
    ],
)
def test_what_licences_ask_of_those_who_train_on_the_set(licence: str, meaning: str) -> None:
    first, *others = licences.combined(parts(licence)).sentences
    assert first.startswith(f"a/0 (generator) has the licence {licence}: ")
    assert meaning in first
    assert ("This dataset is such a changed version: it may not be passed on without permission." in others) == (
        "-nd-" in licence
    )


def test_licences_of_software_bind_data_and_no_texts_of_a_model() -> None:
    assert licences.combined([part("parallel corpus", "a", "gpl-3.0"), *parts("mit")]).licence == "gpl-3.0"
    assert licences.combined([part("translator", "a", "gpl-3.0"), *parts("mit")]).licence == "mit"


def test_disagreement_is_said_of_those_that_disagree_alone() -> None:
    of = ["apache-2.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "llama3"]
    apart = {
        pair
        for pair in combinations(of, 2)
        if any("do not fully agree" in sentence for sentence in licences.combined(parts(*pair)).sentences)
    }
    assert apart == {
        ("cc-by-sa-3.0", "cc-by-nc-4.0"),
        ("cc-by-sa-3.0", "cc-by-nc-sa-4.0"),
        ("cc-by-sa-3.0", "llama3"),
        ("cc-by-nc-sa-4.0", "llama3"),
    }
