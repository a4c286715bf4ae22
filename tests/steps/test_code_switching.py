import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icu4py.breakers import CharacterBreaker

from sdrrl_data import alignment, recipe
from sdrrl_data.alignment.hmm import HmmConfig
from sdrrl_data.steps.code_switching import SCHEMA, external_pairs, switch, training_pairs
from sdrrl_data.steps.schemas import MESSAGES, UNITS
from sdrrl_data.text.words import offsets, words

NOUNS = {"car": "carro", "book": "livro", "boat": "barco", "clock": "relógio", "phone": "telefone"}
VERBS = {"sold": "vendeu", "bought": "comprou", "lost": "perdeu"}
ADJECTIVES = {"red": "vermelho", "new": "novo", "cheap": "barato", "broken": "quebrado"}


def translated(*pieces):
    """A text and its translation: strings are in both, pairs are sentences."""
    source = target = ""
    units = []
    for piece in pieces:
        source_piece, target_piece = (piece, piece) if isinstance(piece, str) else piece
        if not isinstance(piece, str):
            units.append(
                {
                    "source_start": len(source),
                    "source_end": len(source) + len(source_piece),
                    "target_start": len(target),
                    "target_end": len(target) + len(target_piece),
                }
            )
        source, target = source + source_piece, target + target_piece
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
    rows = run({"a": [[pair]]}, aligner, ratio=1.0)
    assert all("`red car`" in row[-1]["content"] for row in rows["question"])
    assert {"carro"} <= {word["replacement"] for word in rows["switched"][0]}


@pytest.fixture(scope="module")
def aligner():
    pairs = pl.DataFrame(
        [
            (
                f"{name} {verb} the {adjective} {noun}.",
                f"{name_pt} {VERBS[verb]} o {NOUNS[noun]} {ADJECTIVES[adjective]}.",
            )
            for name, name_pt in (("She", "Ela"), ("Anna", "Anna"))
            for verb in VERBS
            for adjective in ADJECTIVES
            for noun in NOUNS
        ],
        schema=["src", "tgt"],
        orient="row",
    )
    aligner = alignment.build(HmmConfig())
    aligner.train(external_pairs(pairs, "en", "pt"))
    return aligner


def run(questions, aligner, answers=None, seed=42, languages=("en", "pt"), **changes):
    how = recipe.CodeSwitchingConfig(**changes)
    rows = switch(*tables(questions, answers), aligner, how, *languages, seed)
    assert dict(rows.schema) == SCHEMA
    return rows


def undone(row):
    """The question and the answer of a row with everything undone that its record says was switched."""
    texts = {"prompt": row["question"][-1]["content"], "completion": row["answer"]}
    for span in reversed(row["switched"]):
        text = texts[span["text"]]
        assert text[span["start"] : span["end"]] == span["replacement"]
        texts[span["text"]] = text[: span["start"]] + span["original"] + text[span["end"] :]
    return texts["prompt"], texts["completion"]


def switched_in(row, text):
    return [span for span in row["switched"] if span["text"] == text]


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
    src, tgt = run({"a": QUESTION}, aligner, ratio=1.0).to_dicts()
    assert (src["id"], src["matrix"], tgt["id"], tgt["matrix"]) == ("a", "src", "a", "tgt")
    assert [turn["content"] for turn in src["question"]] == [
        "You are an assistant.",
        "# `red car`\n\n- She vendeu the vermelho carro.\n- She comprou the novo barco.\n\n"
        "```\nShe sold the red car.\n```\n",
    ]
    assert tgt["question"][-1]["content"] == (
        "# `red car`\n\n- Ela sold o car red.\n- Ela bought o boat new.\n\n```\nShe sold the red car.\n```\n"
    )
    assert undone(src) == (translated(*QUESTION[-1])[0], "")
    assert undone(tgt) == (translated(*QUESTION[-1])[1], "")


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.3, 0.5, 0.6])
def test_the_ratio_is_reached_within_a_word(aligner, ratio):
    src, tgt = run({"a": QUESTION}, aligner, ratio=ratio).to_dicts()
    for row in src, tgt:
        fit = 6
        assert abs(len(row["switched"]) - ratio * fit) <= 1
        assert row["ratio"] == pytest.approx(len(row["switched"]) / fit)
        assert row["shortfall"] is None
        assert bool(row["switched"]) == (ratio > 0)


def test_a_row_says_why_the_ratio_was_not_reached(aligner):
    question = [[("She sold my cheese yesterday.", "Ela vendeu meu queijo ontem.")]]
    [src, _] = run({"a": question}, aligner, ratio=0.8).to_dicts()
    assert src["shortfall"] == "1 of 3 words had a sure counterpart"
    assert src["ratio"] == pytest.approx(1 / 3)


def test_a_question_in_which_nothing_can_be_switched_has_its_rows_too(aligner):
    rows = run({"a": [[("Compute 2 + 2.", "Calcule 2 + 2.")]], "b": [["print(1)"]], "c": [[""]]}, aligner)
    assert rows["switched"].list.len().sum() == 0
    assert rows["ratio"].to_list() == [0.0] * 6
    assert (
        rows["shortfall"].to_list()
        == ["0 of 1 words had a sure counterpart"] * 2 + ["it has no words fit to be switched"] * 4
    )


SMALL_RUN = [
    ("Send me the sales report now.", "Envie-me o relatório de vendas agora."),
    ("I cannot find the sales report.", "Não consigo encontrar o relatório de vendas."),
    ("Please print the sales report.", "Imprima o relatório de vendas, por favor."),
    ("It would be nice to see the sea instead.", "Seria bom ver o mar em vez disso."),
    ("It would be cold in winter instead.", "Seria frio no inverno em vez disso."),
    ("The boat would be here.", "O barco seria aqui."),
    ("Print the letter now.", "Imprima a carta agora."),
    ("I see the boat now.", "Vejo o barco agora."),
]


def test_a_small_run_switches_neither_crossed_pairs_nor_function_words():
    questions = {str(number): [[pair]] for number, pair in enumerate(SMALL_RUN)}
    learned = alignment.build(HmmConfig())
    learned.train(training_pairs(*tables(questions), "en", "pt"))
    rows = run(questions, learned, ratio=1.0)
    spans = [(span["original"], span["replacement"]) for row in rows.to_dicts() for span in row["switched"]]
    assert {("now", "agora"), ("agora", "now"), ("boat", "barco"), ("barco", "boat")} <= set(spans)
    never = {"sales", "report", "relatório", "vendas", "would", "seria", "instead", "vez"}
    assert never.isdisjoint(word.casefold() for span in spans for word in span)
    assert all(row["shortfall"] for row in rows.to_dicts()[:4])
    assert rows["ratio"][0] < 1


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
    seeds, answers, translations = tables({"a": QUESTION, "b": QUESTION})
    settings = recipe.CodeSwitchingConfig()
    rows = switch(seeds, answers, translations.filter(id="b"), aligner, settings, "en", "pt", 42)
    assert rows["id"].to_list() == ["b", "b"]
    assert switch(seeds, answers, translations.clear(), aligner, settings, "en", "pt", 42).is_empty()


ANSWER = ["1. ", ("She lost the cheap phone.", "Ela perdeu o telefone barato."), "\n"]


@pytest.mark.parametrize("texts", ["question", "answer", "both"])
def test_the_question_the_answer_or_both_are_switched(aligner, texts):
    src, tgt = run({"a": QUESTION}, aligner, {"a": ANSWER}, texts=texts, ratio=1.0).to_dicts()
    for row, side in (src, 0), (tgt, 1):
        assert undone(row) == (translated(*QUESTION[-1])[side], translated(*ANSWER)[side])
        assert bool(switched_in(row, "prompt")) == (texts != "answer")
        assert bool(switched_in(row, "completion")) == (texts != "question")
        assert row["question"][:-1] == [{"role": "user", "content": "You are an assistant."}]
    words = "She lost the cheap phone" if texts == "question" else "She perdeu the barato telefone"
    assert src["answer"] == f"1. {words}.\n"


def test_the_ratio_is_that_of_both_texts_together(aligner):
    for row in run({"a": QUESTION}, aligner, {"a": ANSWER}, texts="both", ratio=0.5).to_dicts():
        words = 9
        assert abs(len(row["switched"]) - 0.5 * words) <= 1
        assert row["ratio"] == pytest.approx(len(row["switched"]) / words)


def test_a_row_has_a_chance_to_be_switched(aligner):
    questions = {f"q{number}": QUESTION for number in range(60)}
    rows = run(questions, aligner, chance=0.3)
    drawn = rows["shortfall"].is_null()
    assert (rows["switched"].list.len() > 0).to_list() == drawn.to_list()
    assert 20 <= drawn.sum() <= 55
    assert set(rows.filter(~drawn)["shortfall"]) == {"not drawn"}
    assert drawn.to_list()[::2] != drawn.to_list()[1::2]  # each row is drawn separately
    more = run(questions, aligner, chance=0.6)["shortfall"].is_null()
    assert (drawn <= more).all()
    assert run(questions, aligner, chance=0.0)["switched"].list.len().sum() == 0


def test_phrases_are_preferred_to_words(aligner):
    question = [[("She sold the red car yesterday.", "Ela vendeu o carro vermelho ontem.")]]
    [src, tgt] = run({"a": question}, aligner, level="phrase", ratio=0.4).to_dicts()
    for row in src, tgt:
        [span] = row["switched"]
        assert 2 <= len(span["original"].split()) == len(span["replacement"].split())
    [src, _] = run({"a": question}, aligner, level="phrase", ratio=0.1).to_dicts()
    assert len(src["switched"]) == 1


SENTENCES = [
    ("She sold `it()` now.", "Ela vendeu `it()` agora."), " ", ("Why?", "Por quê?"), "\n\n", ("OK 2", "OK 2"), "\n",
    ("The car is new.", "O carro é novo."),
]  # fmt: skip


@pytest.mark.parametrize(("ratio", "number"), [(0.0, 0), (0.1, 1), (0.6, 2), (1.0, 2)])
def test_whole_sentences_but_one_are_switched_by_their_translations(aligner, ratio, number):
    for row in run({"a": [SENTENCES]}, aligner, {"a": ["x"]}, level="sentence", ratio=ratio).to_dicts():
        source, target, _ = translated(*SENTENCES)
        matrix, other = (source, target) if row["matrix"] == "src" else (target, source)
        assert undone(row) == (matrix, "x")
        assert len(row["switched"]) == number
        assert all(span["original"] in matrix and span["replacement"] in other for span in row["switched"])
        assert "`it()`" in row["question"][-1]["content"]
        assert row["shortfall"] == (
            "2 of 3 sentences could be switched, as one of each text stays" if ratio == 1.0 else None
        )


def test_sentences_that_touch_are_not_switched_together(aligner):
    sentences = [[(text, text.upper()) for text in ("今日は a。", "明日は b。", "昨日は c。")]]
    rows = run({"a": sentences}, aligner, level="sentence", ratio=1.0)
    assert set(rows["switched"].list.len()) <= {1, 2}
    assert rows["shortfall"].null_count() == 0


def test_a_text_of_one_sentence_stays(aligner):
    rows = run({"a": [[("Why?", "Por quê?")]], "b": [["1"]]}, aligner, level="sentence")
    assert rows["switched"].list.len().sum() == 0
    assert set(rows["shortfall"]) == {
        "0 of 1 sentences could be switched, as one of each text stays",
        "it has no sentences fit to be switched",
    }


PIECES = ["`red car`", "https://example.org/new/car", "<b>", "$x^2$", "user@example.org"]
generated_sentences = st.lists(
    st.tuples(*(st.sampled_from(sorted(some)) for some in (VERBS, ADJECTIVES, NOUNS)), st.sampled_from(PIECES)),
    max_size=3,
)


def pieces(sentences):
    """Sentences of the words that the aligner knows, each with a protected span."""
    return [
        piece
        for verb, adjective, noun, protected in sentences
        for piece in (
            (
                f"She {verb} {protected} the {adjective} {noun}.",
                f"Ela {VERBS[verb]} {protected} o {NOUNS[noun]} {ADJECTIVES[adjective]}.",
            ),
            "\n\n",
        )
    ]


@settings(max_examples=settings().max_examples * 3 // 5)
@given(
    generated_sentences,
    generated_sentences,
    st.sampled_from(["question", "answer", "both"]),
    st.sampled_from(["word", "phrase", "sentence"]),
    st.floats(0, 1),
)
def test_whatever_is_switched_can_be_undone_and_leaves_what_is_protected(
    aligner, question, answer, texts, level, ratio
):
    question_pieces, answer_pieces = pieces(question), pieces(answer)
    rows = run({"a": [question_pieces]}, aligner, {"a": answer_pieces}, texts=texts, level=level, ratio=ratio)
    named = {"question": [question], "answer": [answer], "both": [question, answer]}[texts]
    for row, side in zip(rows.to_dicts(), (0, 1), strict=True):
        assert undone(row) == (translated(*question_pieces)[side], translated(*answer_pieces)[side])
        for new, sentences in (row["question"][-1]["content"], question), (row["answer"], answer):
            assert re.findall("|".join(map(re.escape, PIECES)), new) == [kept for *_, kept in sentences]
        fit = sum(map(len, named)) * (1 if level == "sentence" else 3)
        reached = row["ratio"] * fit
        assert reached <= max(1, ratio * fit) + 1.001
        # The three words of each sentence that are fit to be switched have a sure counterpart.
        if level != "sentence" and ratio <= 0.6:
            assert reached >= ratio * fit - 1
            assert bool(row["switched"]) == bool(ratio * fit)


def test_the_aligner_learns_from_the_sentences_of_all_turns_and_answers():
    questions = {"a": [["`x` ", ("Hi there!", "Oi, olá!")], [("Who?", "Quem?")]]}
    answers = {"a": ["- ", ("It’s me.", "Sou eu."), "\n- ", ("😀 Yes, you.", "😀 Sim, você.")]}
    assert training_pairs(*tables(questions, answers), "en", "pt") == [
        (["Hi", "there"], ["Oi", "olá"]),
        (["Who"], ["Quem"]),
        (["It’s", "me"], ["Sou", "eu"]),
        (["Yes", "you"], ["Sim", "você"]),
    ]


@pytest.fixture(scope="module", params=["pt", "vi", "th", "ja", "km"])
def real(request, real_texts):
    """Sentences of FLORES-200 or, in Khmer, Tatoeba, switched at random: language, pairs, rows."""
    language = request.param
    if language == "km":
        lines = (real_texts / "parallel" / "tatoeba.eng-khm.tsv").read_text(encoding="utf-8").splitlines()
        pairs = [tuple(line.split("\t")[:2]) for line in lines]
    else:
        files = (real_texts / "flores-dev" / f"{tag}.txt" for tag in ("en", language))
        pairs = list(zip(*(file.read_text(encoding="utf-8").splitlines()[:250] for file in files), strict=True))
    questions = {f"q{number}": [[pair]] for number, pair in enumerate(pairs)}
    aligner = alignment.build(HmmConfig())
    aligner.train(training_pairs(*tables(questions), "en", language))
    return language, pairs, run(questions, aligner, languages=("en", language)).to_dicts()


def test_real_sentences_in_scripts_with_and_without_spaces(real):
    language, pairs, rows = real
    assert [undone(row)[0] for row in rows] == [text for pair in pairs for text in pair]
    least = {"pt": 200, "vi": 30, "th": 50, "ja": 20, "km": 100}[language]
    for matrix in ("src", "tgt"):
        assert sum(len(row["switched"]) for row in rows if row["matrix"] == matrix) >= least
    assert all(span["confidence"] >= 0.5 for row in rows for span in row["switched"])


def test_real_sentences_keep_their_words_whole(real):
    language, _, rows = real
    for row in rows:
        row_language = "en" if row["matrix"] == "src" else language
        starts, ends = zip(*words(undone(row)[0], row_language), strict=True)
        text = row["question"][-1]["content"]
        clusters = {start for start, _ in offsets(CharacterBreaker(text, row_language))} | {len(text)}
        longer = 0  # by so many characters the text has grown so far
        for span in row["switched"]:
            assert {span["start"], span["end"]} <= clusters
            assert span["start"] - longer in starts
            longer += len(span["replacement"]) - len(span["original"])
            assert span["end"] - longer in ends
            for word in span["original"], span["replacement"]:
                assert not re.fullmatch(ALONE.get(language, r"\d+"), word)


# What is never switched alone.
ALONE = {"ja": "[ぁ-ゟ]+", "th": "การ|ความ|ครับ|ค่ะ|ๆ|ที่|จะ", "km": "ដែល|បាន|ហើយ|ៗ", "vi": "những|các|đã|sự|cái"}
