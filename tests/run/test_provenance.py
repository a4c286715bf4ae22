from sdrrl_data.recipe import loading
from sdrrl_data.run import provenance


def test_a_signature_names_the_day_that_was_chosen():
    usual, chosen = (
        provenance.signature(loading.load("quickstart", changes), "pt", [])
        for changes in ({}, {"generator.date": "2026-11-29"})
    )
    assert "|date:" not in usual
    assert "|date:2026-11-29|" in chosen
    assert not provenance.same_settings(usual, chosen)
