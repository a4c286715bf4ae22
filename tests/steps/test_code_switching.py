import polars as pl
import pytest

from sdrrl_data import alignment, recipe
from sdrrl_data.steps.code_switching import SCHEMA, external_pairs, switch, training_pairs
from sdrrl_data.steps.schemas import MESSAGES, UNITS

NOUNS = {"car": "carro", "book": "livro", "boat": "barco", "clock": "relógio", "phone": "telefone"}
VERBS = {"sold": "vendeu", "bought": "comprou", "lost": "perdeu"}
ADJECTIVES = {"red": "vermelho", "new": "novo", "cheap": "barato", "broken": "quebrado"}


def translated(*pieces):
    """A text and its translation: strings stand in both, pairs are sentences."""
    source = target = ""
    units = []
    for piece in pieces:
        here, there = (piece, piece) if isinstance(piece, str) else piece
        if not isinstance(piece, str):
            units.append(
                {
                    "source_start": len(source),
                    "source_end": len(source) + len(here),
                    "target_start": len(target),
                    "target_end": len(target) + len(there),
                }
            )
        source, target = source + here, target + there
    return source, target, units


def tables(questions, answers=None):
    """seeds, answers and translations: a question is a list of turns, each what `translated` takes."""
    seeds, answered, translations = [], [], []
    for id, turns in questions.items():
        texts = [translated(*turn) for turn in turns]
        source, target, units = translated(*(answers or {}).get(id, ()))
        seeds.append({"id": id, "messages": [{"role": "user", "content": text[0]} for text in texts]})
        answered.append({"id": id, "answer": source})
        translations.append(
            {
                "id": id,
                "question": [{"role": "user", "content": text[1]} for text in texts],
                "question_units": [text[2] for text in texts],
                "answer": target,
                "answer_units": units,
            }
        )
    return (
        pl.DataFrame(seeds, schema={"id": pl.String, "messages": MESSAGES}),
        pl.DataFrame(answered, schema={"id": pl.String, "answer": pl.String}),
        pl.DataFrame(
            translations,
            schema={
                "id": pl.String,
                "question": MESSAGES,
                "question_units": pl.List(UNITS),
                "answer": pl.String,
                "answer_units": UNITS,
            },
        ),
    )


def test_what_is_protected_within_a_sentence_is_never_switched(aligner):
    pair = ("She sold the `red car` and the new car.", "Ela vendeu o `red car` e o carro novo.")
    rows = switch(*tables({"a": [[pair]]})[::2], aligner, recipe.CodeSwitching(ratio=1.0), "en", "pt", 1)
    assert all("`red car`" in row[-1]["content"] for row in rows["question"])
    assert {"carro"} <= {word["replacement"] for word in rows["switched"][0]}


@pytest.fixture(scope="module")
def aligner():
    pairs = pl.DataFrame(
        [
            (f"She {verb} the {adjective} {noun}.", f"Ela {VERBS[verb]} o {NOUNS[noun]} {ADJECTIVES[adjective]}.")
            for verb in VERBS
            for adjective in ADJECTIVES
            for noun in NOUNS
        ],
        schema=["src", "tgt"],
        orient="row",
    )
    aligner = alignment.build(recipe.HmmAligner())
    aligner.train(external_pairs(pairs, "en", "pt"))
    return aligner


def run(questions, aligner, ratio=0.3, seed=42, languages=("en", "pt")):
    seeds, _, translations = tables(questions)
    rows = switch(seeds, translations, aligner, recipe.CodeSwitching(ratio=ratio), *languages, seed)
    assert dict(rows.schema) == SCHEMA
    return rows


def undone(row):
    text = row["question"][-1]["content"]
    for stretch in reversed(row["switched"]):
        assert text[stretch["start"] : stretch["end"]] == stretch["replacement"]
        text = text[: stretch["start"]] + stretch["original"] + text[stretch["end"] :]
    return text


QUESTION = [
    ["You are an assistant."],
    [
        "# `red car`\n\n- ",
        ("She sold the red car.", "Ela vendeu o carro vermelho."),
        "\n- ",
        ("She bought the new boat.", "Ela comprou o barco novo."),
        "\n\n```\nShe sold the red car.\n```\n",
    ],
]


def test_both_questions_are_switched_and_only_in_their_sentences(aligner):
    src, tgt = run({"a": QUESTION}, aligner, ratio=1).to_dicts()
    assert (src["id"], src["matrix"], tgt["id"], tgt["matrix"]) == ("a", "src", "a", "tgt")
    assert [turn["content"] for turn in src["question"]] == [
        "You are an assistant.",
        "# `red car`\n\n- She vendeu the vermelho carro.\n- She comprou the novo barco.\n\n"
        "```\nShe sold the red car.\n```\n",
    ]
    assert tgt["question"][-1]["content"] == (
        "# `red car`\n\n- Ela sold o car red.\n- Ela bought o boat new.\n\n```\nShe sold the red car.\n```\n"
    )
    assert undone(src) == translated(*QUESTION[-1])[0]
    assert undone(tgt) == translated(*QUESTION[-1])[1]


@pytest.mark.parametrize("ratio", [0, 0.1, 0.3, 0.5, 0.6])
def test_the_ratio_is_reached_within_a_word(aligner, ratio):
    src, tgt = run({"a": QUESTION}, aligner, ratio).to_dicts()
    for row, fit in (src, 10), (tgt, 8):
        assert abs(len(row["switched"]) - ratio * fit) <= 1
        assert row["ratio"] == pytest.approx(len(row["switched"]) / fit)
        assert row["shortfall"] is None
        assert bool(row["switched"]) == (ratio > 0)


def test_a_row_says_why_the_ratio_was_not_reached(aligner):
    question = [[("She sold my cheese yesterday.", "Ela vendeu meu queijo ontem.")]]
    [src, _] = run({"a": question}, aligner, ratio=0.8).to_dicts()
    assert src["shortfall"] == "1 of 4 words had a sure counterpart"
    assert src["ratio"] == pytest.approx(0.25)


def test_a_question_in_which_nothing_can_be_switched_has_its_rows_too(aligner):
    rows = run({"a": [[("What is 2 + 2?", "Quanto é 2 + 2?")]], "b": [["print(1)"]], "c": [[""]]}, aligner)
    assert rows["switched"].list.len().sum() == 0
    assert rows["ratio"].to_list() == [0.0] * 6
    assert (
        rows["shortfall"].to_list()
        == ["0 of 1 words had a sure counterpart"] * 2 + ["it has no words fit to be switched"] * 4
    )


def test_neither_order_nor_neighbours_change_a_row(aligner):
    questions = {
        f"{verb}{noun}": [[(f"She {verb} the red {noun}.", f"Ela {VERBS[verb]} o {NOUNS[noun]} vermelho.")]]
        for verb in VERBS
        for noun in NOUNS
    }
    together = run(questions, aligner)
    alone = [run({id: questions[id]}, aligner) for id in reversed(questions)]
    assert pl.concat(alone).sort("id", "matrix").equals(together.sort("id", "matrix"))
    assert not run(questions, aligner, seed=43).equals(together)


def test_seeds_without_a_translation_are_passed_over(aligner):
    seeds, _, translations = tables({"a": QUESTION, "b": QUESTION})
    settings = recipe.CodeSwitching()
    rows = switch(seeds, translations.filter(id="b"), aligner, settings, "en", "pt", 42)
    assert rows["id"].to_list() == ["b", "b"]
    assert switch(seeds, translations.clear(), aligner, settings, "en", "pt", 42).is_empty()


def test_the_aligner_learns_from_the_sentences_of_all_turns_and_answers():
    questions = {"a": [["`x` ", ("Hi there!", "Oi, olá!")], [("Who?", "Quem?")]]}
    answers = {"a": ["- ", ("It’s me.", "Sou eu."), "\n- ", ("😀 Yes, you.", "😀 Sim, você.")]}
    assert training_pairs(*tables(questions, answers), "en", "pt") == [
        (["Hi", "there"], ["Oi", "olá"]),
        (["Who"], ["Quem"]),
        (["It’s", "me"], ["Sou", "eu"]),
        (["Yes", "you"], ["Sim", "você"]),
    ]


@pytest.mark.parametrize(("language", "least"), [("pt", 150), ("vi", 40), ("th", 40), ("ja", 20)])
def test_real_sentences_in_scripts_with_and_without_spaces(shared_data, language, least):
    english, other = (
        (shared_data / "flores-dev" / f"{tag}.txt").read_text(encoding="utf-8").splitlines()[:250]
        for tag in ("en", language)
    )
    questions = {f"q{number}": [[pair]] for number, pair in enumerate(zip(english, other, strict=True))}
    seeds, answers, translations = tables(questions)
    aligner = alignment.build(recipe.HmmAligner())
    aligner.train(training_pairs(seeds, answers, translations, "en", language))
    rows = run(questions, aligner, languages=("en", language)).to_dicts()
    assert [undone(row) for row in rows] == [text for pair in zip(english, other, strict=True) for text in pair]
    assert sum(len(row["switched"]) for row in rows) >= 2 * least
    assert all(stretch["confidence"] >= 0.5 for row in rows for stretch in row["switched"])
