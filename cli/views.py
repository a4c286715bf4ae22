"""What is shown of a row, table by table."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from rich.text import Text

from sdrrl_data.shown import escaped_lines
from sdrrl_data.steps import text_pairs
from sdrrl_data.steps.counted_words import CountedWords
from sdrrl_data.steps.reasons import Reasons
from sdrrl_data.steps.verdicts import TEXTS

from .samples import marked

Row = Mapping[str, Any]
Fields = list[tuple[str, str | Text | None]]  # label and text; a field without text is not shown

# Columns that a row may have besides those of its table: its seed's question (messages) and answer, in both languages.
JOINED = ("asked_src", "answered_src", "asked_tgt", "answered_tgt")
UNITS = ("asked_units", "answered_units")  # of the translations; joined where they are


class ViewContext(NamedTuple):
    """What a view needs besides the row."""

    src: str  # tag of the source language
    tgt: str  # tag of the target language
    coloured: bool  # whether switched words are shown in colour; otherwise in brackets
    reasons: Reasons = Reasons({}, {})  # puts into words why a filter drops a text


def of(table: str) -> Callable[[Row, ViewContext], Fields]:
    """The view for the rows of a table, by its path in the run. The rows may also have the columns `JOINED`."""
    step = table.rpartition("/")[2]
    if step.startswith("scores"):
        return _scored
    if step.startswith("samples"):
        return _samples
    return _translation if step.startswith("translations") else VIEWS.get(step, _plain)


def set_aside(row: Row, context: ViewContext) -> Fields:
    """A row that was set aside: the reason, and its content."""
    try:
        content = json.loads(row["row"])
    except (ValueError, RecursionError):
        content = row["row"]
    return [("reason", row["reason"]), *_plain(content if isinstance(content, dict) else {"row": content}, context)]


def readable(text: str) -> Text:
    """A text of unknown origin, escaped, with its lines and its indentation."""
    return Text(escaped_lines(text))


def _plain(row: Row, _: ViewContext) -> Fields:
    """Every column of the table, without those of `JOINED`."""
    return [(name, _any(value)) for name, value in row.items() if name not in ("id", *JOINED, *UNITS)]


def _any(value: Any) -> str | Text | None:
    """Any JSON value; messages turn by turn."""
    match value:
        case None | str():
            return value
        case float():
            return f"{value:.3g}"
        case [{"role": _, "content": str()}, *_]:
            return _turns(value)
        case list() if all(isinstance(item, str) for item in value):
            return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _answer(row: Row, context: ViewContext) -> Fields:
    return [("question", _turns(row.get("asked_src"))), *_plain(row, context)]


def _samples(row: Row, context: ViewContext) -> Fields:
    """Every answer to a question, with how it ended."""
    answered = [(f"answer {sample['sample']}", _sample(sample)) for sample in row["samples"]]
    return [("question", _turns(row.get("asked_src"))), *answered]


def _sample(sample: Row) -> Text:
    ended = "" if sample["finish_reason"] == "stop" else f"\n({sample['finish_reason']})"
    return readable(sample["text"] + ended)


def _sample_scores(row: Row, context: ViewContext) -> Fields:
    scores = [
        f"{scored['generator']} {scored['sample']}: {_any(scored['score']) or 'not judged'}" for scored in row["scores"]
    ]
    return [
        ("question", _turns(row.get("asked_src"))),
        ("scores", ", ".join(scores)),
        ("chosen", row.get("answered_src")),
    ]


def _translation(row: Row, context: ViewContext) -> Fields:
    question, answer = _pairs({**row, "asked_tgt": row["question"], "answered_tgt": row["answer"]}, context)
    return [
        *question,
        ("translator", _translator(row, "question")),
        *answer,
        ("translator", _translator(row, "answer")),
    ]


def _translator(row: Row, text: str) -> str:
    """Which translator translated a text, and the score of each if there were several."""
    scored = [
        f"{candidate['translator']} {'not judged' if candidate['score'] is None else format(candidate['score'], '.3f')}"
        for candidate in row[f"{text}_candidates"]
    ]
    name: str = row[f"{text}_translator"]
    return name + (f" ({', '.join(scored)})" if scored else "")


def _code_switched(row: Row, context: ViewContext) -> Fields:
    language, other = (context.src, context.tgt) if row["matrix"] == "src" else (context.tgt, context.src)
    spans = row["switched"]
    swaps = [f"{span['original']} → {span['replacement']} ({span['confidence']:.2f})" for span in spans]
    return [
        ("language", f"{language}, with words of {other}"),
        *_switched("question", row["question"][-1]["content"], _in(spans, "prompt"), context),
        *_switched("answer", row["answer"], _in(spans, "completion"), context),
        ("switched", "; ".join(swaps)),
        ("ratio", f"{row['ratio']:.2f}"),
        ("shortfall", row["shortfall"]),
    ]


def _switched(label: str, text: str, spans: Sequence[Row], context: ViewContext) -> Fields:
    return [(label, _marked(text, spans, context)), ("original", _original(text, spans) if spans else None)]


def _marked(text: str, spans: Sequence[Row], context: ViewContext) -> Text:
    return marked(text, spans, context.coloured, escaped_lines)


def _in(spans: Sequence[Row], text: str) -> list[Row]:
    """The switched spans of the prompt, or of the completion."""
    return [span for span in spans if span["text"] == text]


def _original(text: str, spans: Sequence[Row]) -> str:
    """A text as it was before its spans were switched."""
    original, end = "", 0
    for span in spans:
        original += text[end : span["start"]] + span["original"]
        end = span["end"]
    return original + text[end:]


def _scored(row: Row, context: ViewContext) -> Fields:
    question, answer = _pairs(row, context)
    of_question, of_answer = (
        {key.removeprefix(text): value for key, value in row.items() if key.startswith(text)}
        for text in ("question_", "answer_")
    )
    return [
        *question,
        ("scores", _scores(of_question)),
        ("not scored", _unscored(of_question, context)),
        *answer,
        ("scores", _scores(of_answer)),
        ("not scored", _unscored(of_answer, context)),
    ]


def _scores(scores: Mapping[str, float | str | None]) -> str:
    """Scores by name, without those that are missing."""
    return ", ".join(f"{name} {_any(score)}" for name, score in scores.items() if score is not None)


def _unscored(scores: Mapping[str, float | str | None], context: ViewContext) -> str:
    """Scores that are missing, with the texts that have none of them: "numbers (sources without numbers)"."""
    declared = context.reasons.scores
    names: dict[str, list[str]] = {}
    for name, value in scores.items():
        if value is None and name in declared:
            names.setdefault(declared[name].unscored, []).append(name)
    return "; ".join(", ".join(of_reason) + (f" ({why})" if why else "") for why, of_reason in names.items())


def texts(row: Row, context: ViewContext) -> Fields:
    """Question and answer in both languages, of a row with the columns `JOINED`."""
    question, answer = _pairs(row, context)
    return [*question, *answer]


def judged(row: Row, context: ViewContext) -> Fields:
    """The verdict of a row with the columns `JOINED`, and its texts."""
    failures = [
        f"{_text_of(failed['text'], context)} {context.reasons.of_text(failed, _counted(failed, row, context))} "
        f"({_weighed(failed['weight'])})"
        for failed in row["failures"]
    ]
    names = {text: _text_of(text, context) for text in TEXTS}
    kept_texts = [
        f"{name} ({_weighed(row[text])})" if row[text] < 1 else name for text, name in names.items() if row[text]
    ]
    verdict = [("kept", ", ".join(kept_texts) or "nothing"), ("failed", "\n".join(failures))]
    return [*verdict, *texts(row, context)]


def _counted(failed: Row, row: Row, context: ViewContext) -> list[str]:
    """The words that a text fails by, if the score counts words."""
    if any(row.get(name) is None for name in (*JOINED, *UNITS)):
        return []
    source = {"messages": row["asked_src"], "source_answer": row["answered_src"]}
    target = {"question": row["asked_tgt"], "answer": row["answered_tgt"]}
    texts = source | target | {"question_units": row["asked_units"], "answer_units": row["answered_units"]}
    pair = text_pairs.OF_TEXT[failed["text"].partition("_")[0]](texts)
    return _counted_words(context.src, context.tgt).of(failed["filter"], pair)


_counted_words = cache(CountedWords)


def _text_of(text: str, context: ViewContext) -> str:
    """One of the four texts, with its language: "answer pt" for `answer_tgt`."""
    part, _, side = text.partition("_")
    return f"{part} {context.src if side == 'src' else context.tgt}"


def _weighed(weight: float) -> str:
    """What becomes of a text with this weight."""
    return {0.0: "dropped", 1.0: "kept"}.get(weight, f"weight {weight:g}")


def _transfer(row: Row, context: ViewContext) -> Fields:
    question, answer = (
        _marked(row[text][-1]["content"], _in(row["switched"], text), context) for text in ("prompt", "completion")
    )
    return [
        ("direction", row["direction"] + (", code-switched" if row["code_switched"] else "")),
        ("task", row["task"]),
        ("prompt", _turns(row["prompt"], question)),
        ("completion", answer),
        *_origin(row),
    ]


def _preference(row: Row, context: ViewContext) -> Fields:
    return [
        ("direction", row["direction"]),
        ("prompt", _turns(row["prompt"])),
        ("chosen", row["chosen"][-1]["content"]),
        ("rejected", _marked(row["rejected"][-1]["content"], row["switched"], context)),
        ("because", row["rejected_kind"].replace("_", " ")),
        ("scored", _compared(row)),
        *_origin(row),
    ]


def _compared(row: Row) -> str | None:
    """The scores of two samples."""
    if row.get("score_rejected") is None:
        return None
    return f"{row['score_chosen']:.3g} and {row['score_rejected']:.3g}, by {row['generator_rejected']}"


def _distilled(row: Row, context: ViewContext) -> Fields:
    return [
        ("direction", row["direction"]),
        ("prompt", _turns(row["prompt"])),
        ("teacher sees", _turns(row["privileged_context"])),
        *_origin(row),
    ]


def _origin(row: Row) -> Fields:
    """What all rows for a trainer have."""
    return [
        ("weight", f"{row['weight']:g}"),
        ("scores", _scores(row["scores"] or {})),
        *((key, row[key]) for key in ("generator", "translator", "source", "split")),
    ]


def _pairs(row: Row, context: ViewContext) -> tuple[Fields, Fields]:
    """Question and answer, each in the source language with the target language below."""
    question: Fields = [
        (f"question {context.src}", _turns(row.get("asked_src"))),
        (f"question {context.tgt}", _turns(row.get("asked_tgt"))),
    ]
    return question, [
        (f"answer {context.src}", row.get("answered_src")),
        (f"answer {context.tgt}", row.get("answered_tgt")),
    ]


def _turns(messages: Sequence[Row] | None, last: Text | None = None) -> Text | None:
    """Messages as one text; `last` replaces the content of the last message."""
    if not messages:
        return None
    texts = [readable(message["content"]) for message in messages[:-1]]
    texts.append(last or readable(messages[-1]["content"]))
    if len(texts) == 1:
        return texts[0]
    named = zip(messages, texts, strict=True)
    return Text("\n").join(Text.assemble(f"{message['role']}: ", text) for message, text in named)


VIEWS: dict[str, Callable[[Row, ViewContext], Fields]] = {
    "answers": _answer,
    "sample_scores": _sample_scores,
    "code_switched": _code_switched,
    "verdicts": judged,
    "transfer_set": _transfer,
    "preferences": _preference,
    "distillation": _distilled,
}
