import pytest

from sdrrl_data.recipe import AlignerConfig, GeneratorEngine, ScorerConfig, TranslatorConfig, loading


def test_recipes_are_listed_with_what_they_are_for(invoke):
    result = invoke("recipes")
    assert result.exit_code == 0
    for name in loading.names():
        assert f"\n{name} " in result.output
        assert loading.load(name).description.split()[0] in result.output
    _, parts = result.output.split("part, for --with")
    for name in loading.parts():
        assert f"\n{name} " in parts


def test_what_a_recipe_can_name_is_listed_with_what_to_install(invoke):
    output = " ".join(invoke("recipes").output.split())
    for sort in (TranslatorConfig, ScorerConfig, AlignerConfig, GeneratorEngine):
        for kind, own in sort.kinds().items():
            assert kind in output
            assert own.summary().split()[0] in output
            assert not own.extra or f"[{own.extra}]" in output
    assert "nllb, nllb:MODEL" in output


@pytest.mark.parametrize("path", ["sdrrl.yaml", "quickstart.yaml", "parts/no-crossing.yaml"])
def test_a_recipe_is_shown_as_it_is_written(invoke, path):
    packaged = loading.PACKAGED / path
    result = invoke("recipes", packaged.stem)
    assert result.exit_code == 0
    assert result.stdout == packaged.read_text(encoding="utf-8")


def test_a_recipe_that_is_not_there(invoke):
    result = invoke("recipes", "quikstart")
    assert result.exit_code == 2
    assert result.stderr == "error: there is no recipe or part quikstart: did you mean quickstart?\n"


def test_all_languages(invoke):
    lines = invoke("languages").stdout.splitlines()
    assert lines[0].split() == ["tag", "FLORES", "fastText", "name"]
    assert len(lines) == 1 + 204


@pytest.mark.parametrize(
    "query",
    ["portug", "português", "portugais", "pt-AO", "portuguesse"],
    ids=["part", "own", "French", "tag", "misspelt"],
)
def test_a_language_by(invoke, query):
    result = invoke("languages", query)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split() == ["pt", "por_Latn", "pt", "Portuguese"]


def test_languages_near_to_one_that_is_not_there(invoke):
    lines = invoke("languages", "sr-Latn").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["tag", "sr", "bs", "hr"]


def test_a_language_that_language_identification_does_not_know(invoke):
    assert "-" in invoke("languages", "nya_Latn").stdout.splitlines()[1].split()


def test_a_language_that_is_not_there(invoke):
    result = invoke("languages", "xqzqq")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "'xqzqq'" in result.stderr
