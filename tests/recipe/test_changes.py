import pytest

from sdrrl_data.recipe import loading
from sdrrl_data.recipe.changes import as_described

DESCRIBED = "English to Portuguese, by Firefox."


def resolved(changes, recipe):
    return loading.load(recipe, changes).model_dump(mode="json", by_alias=True)


@pytest.mark.parametrize(
    ("recipe", "changes", "holds"),
    [
        ("quickstart", {}, True),
        ("quickstart", {"thresholds.length.min": 0.5, "limit": 3}, True),
        ("quickstart", {"tgt": "vi"}, False),
        ("quickstart", {"tgt": "pt,vi"}, False),
        ("quickstart", {"src": "fr", "parallel": None}, False),
        ("quickstart", {"translator": "self"}, False),
        ("quickstart", {"targets.pt.translator": "self"}, False),
        ("quickstart", {"generator.model": "org/name"}, False),
        ("sdrrl", {"tgt": "th"}, True),  # its description names no target
        ("sdrrl", {"translator": "self"}, False),
    ],
)
def test_a_description_holds_unless_a_command_changes_a_language_that_it_names_or_a_model(recipe, changes, holds):
    assert as_described(loading.written(recipe), resolved(changes, recipe)) is holds


@pytest.mark.parametrize(
    "written",
    [
        {"description": DESCRIBED},  # the command named all else
        {"description": DESCRIBED, "src": "English", "tgt": "Portuguese", "translator": "firefox:mozilla"},
        {"description": DESCRIBED, "tgt": ["pt-BR"], "translator": [{"kind": "firefox"}]},
        {"description": DESCRIBED, "tgt": "pt", "targets": {"pt": {"translator": {"places": ["x"]}}, "th": None}},
    ],
)
def test_short_forms_in_a_file_are_the_same_languages_and_models(written):
    assert as_described(written, resolved({}, "quickstart"))
