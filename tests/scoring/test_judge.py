import string
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data import recipe
from sdrrl_data.generation.openai import OpenAIGenerator
from sdrrl_data.languages import find
from sdrrl_data.scoring.judge import JudgeConfig, JudgeScorer, rating
from tests.generation.server import ChatServer, completion, error

EN, TH = find("en"), find("th")
ASKS = "{tgt} of {src}: {source} = {target}"


@contextmanager
def judging(script, **settings):
    """A judge that asks a server, and the server."""
    server = ChatServer(script)
    config = recipe.GeneratorConfig(
        model="tiny", engine="openai", server=recipe.ServerConfig(url=server.url, retries=0)
    )
    generator = OpenAIGenerator(config)
    try:
        yield JudgeScorer(JudgeConfig(**settings), generator, EN, TH, 7), server
    finally:
        generator.close()
        server.stop()


def answering(replies):
    """A script that answers depending on the text of the prompt."""

    def script(body, tries):
        prompt = body["messages"][-1]["content"]
        return next(reply for text, reply in replies.items() if text in prompt)

    return script


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_ratings_are_read_from_the_replies(text_pair, score):
    replies = {
        "good": completion("5"),
        "fair": completion("\nRating: 3.5/5 - some words are missing. " + "So " * 100),
        "mute": completion("I would rather not say."),
        "empty": completion(""),
        "long": error(400, "the prompt is too long"),
    }
    with judging(answering(replies)) as (judge, _):
        columns = score(judge, [text_pair((text, "ดี")) for text in replies])
    assert columns["judge"] == [5, 3.5, None, None, None]
    assert [reply and reply[:12] for reply in columns["judge_reply"]] == ["5", "Rating: 3.5/", "I would rath", "", None]
    assert max(map(len, filter(None, columns["judge_reply"]))) == 200


def test_what_the_judge_is_asked(text_pair, score):
    pair = text_pair(("Write {target} and {src}.", "เขียน {source}"))
    with judging(answering({"": completion("4")}), prompt=ASKS) as (judge, server):
        score(judge, [pair])
    [body] = server.bodies
    assert body["messages"] == [
        {"role": "user", "content": f"Thai of English: {pair.source} = {pair.target}"},
    ]
    assert (body["temperature"], body["max_tokens"]) == (0, 32)


def test_the_default_prompt_shows_both_texts_and_languages(text_pair, score):
    with judging(answering({"": completion("4")})) as (judge, server):
        score(judge, [text_pair(("The sea.", "ทะเล"))])
    prompt = server.bodies[0]["messages"][0]["content"]
    assert all(word in prompt for word in ("English", "Thai", "The sea.", "ทะเล"))
    assert "{" not in prompt


def test_a_judge_of_its_own_is_asked_as_its_settings_say(text_pair, score):
    generator_config = recipe.GeneratorConfig(
        model="tiny",
        temperature=0.6,
        max_tokens=900,
        system_prompt="Be strict.",
        few_shot=(recipe.FewShotExample(question="1+1=3", answer="1"),),
    )
    with judging(
        answering({"": completion("2", reasoning_content="5? No.")}), prompt=ASKS, generator=generator_config
    ) as (
        judge,
        server,
    ):
        columns = score(judge, [text_pair(("The sea.", "ทะเล"))])
    assert columns == {"judge": [2], "judge_reply": ["2"]}
    [body] = server.bodies
    assert [message["content"] for message in body["messages"][:3]] == ["Be strict.", "1+1=3", "1"]
    assert (body["temperature"], body["max_tokens"]) == (0.6, 900)


def test_a_pair_that_lacks_a_side_is_not_asked_about(text_pair, score):
    with judging(answering({"": completion("4")})) as (judge, server):
        assert score(judge, [text_pair(), text_pair(("The sea.", "ทะเล"))])["judge"] == [None, 4]
        assert score(judge, []) == {"judge": [], "judge_reply": []}
    assert len(server.bodies) == 1


def test_the_seed_is_the_pairs_own(text_pair, score):
    pairs = [text_pair((word, "ทะเล")) for word in ("one", "two", "three")]
    seeds = []
    for order in (pairs, pairs[::-1]):
        with judging(answering({"": completion("4")})) as (judge, server):
            score(judge, order)
        seeds.append({body["messages"][0]["content"]: body["seed"] for body in server.bodies})
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0].values())) == 3


def test_a_real_model_is_asked(chat_model, text_pair, score):
    from sdrrl_data import generation

    settings = recipe.GeneratorConfig(model=str(chat_model), engine="transformers", max_tokens=40, max_model_len=250)
    generator = generation.build(settings)
    judge = JudgeScorer(JudgeConfig(prompt="{source} {target}"), generator, EN, TH, 7)
    pairs = [text_pair(("the sea", "the sky")), text_pair(("the colour " * 100, "the sky")), text_pair()]
    columns = score(judge, pairs)
    generator.close()
    assert [isinstance(reply, str) for reply in columns["judge_reply"]] == [True, False, False]
    assert columns["judge"][1:] == [None, None]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("4", 4),
        ("4.", 4),
        ("**4**", 4),
        ("4/5", 4),
        ("4.5 / 5", 4.5),
        ("4,5", 4.5),
        ("Rating: 4", 4),
        ("Score:3\nReason: 2 words are missing", 3),
        ("I would give it a 2 out of 5.", 2),
        ("On a scale from 1 to 5, it is a 4.", 4),
        ("(1-5): 3", 3),
        ("评分(1到5):2分", 2),
        ("４", 4),
        ("４．５／５", 4.5),
        ("๓", 3),
        ("٤٫٥", 4.5),
        ("५", 5),
        ("1", 1),
        ("5.0", 5),
        ("All 12 sentences are right: 5", 5),
        ("10", None),
        ("10/10", None),
        ("3/10", None),
        ("0", None),
        ("5.5", None),
        ("0.5", None),
        ("15", None),
        ("1,000", None),
        ("3.14159", None),
        ("", None),
        ("good", None),
        ("four", None),
    ],
)
def test_the_first_number_from_one_to_five_is_the_rating(reply, expected):
    assert rating(reply) == expected


@given(st.text() | st.text(alphabet="0123456789.,/ ５１５－-to\n"))
def test_a_rating_is_within_its_scale(reply):
    assert rating(reply) is None or 1 <= rating(reply) <= 5


@given(
    st.text(alphabet=string.ascii_letters + " :\n*"),
    st.decimals(1, 5, places=1).map(str) | st.integers(1, 5).map(str),
    st.sampled_from(["", "/5", " / 5", " out of 5", ".", "!", "\n", "**"]),
)
def test_whatever_stands_around_it_a_rating_is_found(before, number, after):
    assert rating(f"{before}{number}{after}") == float(number)
