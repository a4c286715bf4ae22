"""Language-bound tasks by a judge: what it is asked, how it is understood, and what stands in for it."""

import pytest

from sdrrl_data import recipe
from sdrrl_data.generation.openai import OpenAIGenerator
from sdrrl_data.languages import find
from sdrrl_data.protocols import TextPair
from sdrrl_data.recipe import loading, scores_of
from sdrrl_data.scoring.language_bound_judge import LanguageBoundJudgeConfig, LanguageBoundJudgeScorer
from tests.generation.server import ChatServer, completion, error

EN = find("en")
RHYME = "Which words rhyme with orange?"  # the patterns know this one
PUN = "Why is six afraid of seven?"  # and not this one
FREE = "Why do people like bread?"


@pytest.fixture
def asked(monkeypatch, score):
    """Asks a server about questions: reply by question -> the columns, and what the server was sent."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def ask(replies, **settings):
        def script(body, tries):
            prompt = body["messages"][-1]["content"]
            return next(reply for question, reply in replies.items() if question and question in prompt)

        server = ChatServer(script)
        config = recipe.GeneratorConfig(
            model="tiny", engine="openai", server=recipe.ServerConfig(url=server.url, retries=0)
        )
        generator = OpenAIGenerator(config)
        try:
            scorer = LanguageBoundJudgeScorer(LanguageBoundJudgeConfig(**settings), generator, EN, 7)
            pairs = [TextPair(question, "x" * len(question), []) for question in replies]
            return score(scorer, pairs), server.bodies
        finally:
            generator.close()
            server.stop()

    return ask


def test_the_judge_decides(asked):
    columns, bodies = asked({RHYME: completion("No."), PUN: completion("**Yes**, it is a pun."), "": None})
    assert columns["language_bound"] == [0, 1, None]
    assert columns["language_bound_reply"] == ["No.", "**Yes**, it is a pun.", None]
    assert len(bodies) == 2
    [prompt] = [body["messages"][-1]["content"] for body in bodies if PUN in body["messages"][-1]["content"]]
    assert "asked in English." in prompt
    assert "{" not in prompt
    assert {(body["temperature"], body["max_tokens"]) for body in bodies} == {(0, 32)}


@pytest.mark.parametrize(
    "reply",
    [completion("Notably, oranges."), completion(""), completion("It depends"), error(400, "too long")],
    ids=str,
)
def test_without_a_verdict_the_patterns_decide(asked, reply):
    columns, _ = asked({RHYME: reply, FREE: reply})
    assert columns["language_bound"] == [1, 0]


def test_a_judge_of_its_own_is_asked_as_its_settings_say(asked):
    generator = recipe.GeneratorConfig(model="tiny", temperature=0.6, max_tokens=900, system_prompt="Think.")
    columns, [body] = asked({PUN: completion("yes")}, generator=generator, prompt="{src}: {question}")
    assert columns["language_bound"] == [1]
    assert [message["content"] for message in body["messages"]] == ["Think.", f"English: {PUN}"]
    assert (body["temperature"], body["max_tokens"]) == (0.6, 900)


@pytest.mark.parametrize("base", loading.names())
def test_it_takes_the_place_of_the_patterns_in_a_recipe(base):
    changes = {"tgt": ["pt"]}
    plain, judged = loading.load(base, changes), loading.load(base, changes, ["language-bound-judge"])
    assert judged.thresholds == plain.thresholds
    assert {score for scorer in judged.scorers for score in scores_of(scorer)} == {
        score for scorer in plain.scorers for score in scores_of(scorer)
    }
    kinds = {scorer.kind for scorer in judged.scorers}
    assert "language_bound_judge" in kinds
    assert "language_bound" not in kinds
