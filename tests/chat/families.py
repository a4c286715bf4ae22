"""The chat templates of some thirty families, as TRL carries them, and a table of what each does to a conversation.

`python -m tests.chat.families > tests/chat/families.json` writes the table anew: to be read before it is believed.
"""

import json
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from sdrrl_data import recipe
from sdrrl_data.chat.rendering import Chat
from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.protocols import Request, Sampling

trl = pytest.importorskip("trl")

TEMPLATES = {
    path.stem: path.read_text("utf-8") for path in (Path(trl.__file__).parent / "chat_templates").glob("*.jinja")
}
MARKS = re.compile(r"<\|\w[\w ]*\|?>|<\w+\|>|<｜[^｜]+｜>|<(?:start|end)_of_\w+>|\[gMASK\]|<sop>|\[/?INST\]")

QUESTION, ANSWER, REASONING = "What is the sky like?", "The sky is blue.", "It looks blue."
SYSTEM, EARLIER, REPLY = "Be brief.", "And the sea?", "It is green."
ASKED = [{"role": "user", "content": QUESTION}]
TURNS = [{"role": "user", "content": EARLIER}, {"role": "assistant", "content": REPLY}, *ASKED]
CONVERSATIONS = [
    asked for turns in (ASKED, TURNS) for asked in (turns, [{"role": "system", "content": SYSTEM}, *turns])
]
OPTIONS = {"plain": {}, "not thinking": {"enable_thinking": False}, "thinking": {"enable_thinking": True}}


def learn_bytes(folder):
    """Of bytes that are merged, as most models have; its merges join what templates put side by side."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n+", "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    words.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words.train_from_iterator([f"{QUESTION}\n\n{ANSWER}\n\n{REASONING}: A"] * 9, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=words, bos_token="<s>", eos_token="</s>")


def read_pieces(folder):
    """Mistral's of SentencePiece, which puts a space before a text."""
    from transformers import LlamaTokenizer

    data = Path(pytest.importorskip("mistral_common").__file__).parent / "data"
    shutil.copy(data / "mistral_instruct_tokenizer_240323.model.v3", folder / "tokenizer.model")
    return LlamaTokenizer.from_pretrained(folder)


def read_tekken(folder):
    """Mistral's of bytes, with 131,072 tokens."""
    from transformers import AutoTokenizer

    data = Path(pytest.importorskip("mistral_common").__file__).parent / "data"
    shutil.copy(data / "tekken_240911.json", folder / "tekken.json")
    return AutoTokenizer.from_pretrained(folder, bos_token="<s>", eos_token="</s>")


def add_marks(tokenizer):
    """The tokens that the templates mark turns with, as each model has its own."""
    from transformers import AddedToken

    marks = sorted({mark for text in TEMPLATES.values() for mark in MARKS.findall(text)})
    tokenizer.add_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks], special_tokens=True)
    tokenizer.add_tokens([AddedToken(mark, normalized=False) for mark in ("<think>", "</think>")])
    return tokenizer


def open_chat(tokenizer, template, **options):
    tokenizer.chat_template = template
    settings = recipe.GeneratorConfig(model="tiny", max_tokens=100, template_options=options)
    return Chat(tokenizer, settings), ChatTemplate(tokenizer, "model tiny", options=options)


def answered(text, reasoning=None):
    thought = f"<think>\n{reasoning}\n</think>\n\n" if reasoning else ""
    return [{"role": "assistant", "content": thought + text}]


def shown(tokenizer, ids):
    """The text of token ids; behind a token that is taken out, so that SentencePiece keeps a first space."""
    return tokenizer.decode([tokenizer.bos_token_id, *ids]).removeprefix("<s>").replace("▁", " ")


def described(tokenizer, text):
    """What a template does: what is asked, what is learned, what stops; by option, where it differs from plain."""
    rows = {}
    for name, options in OPTIONS.items():
        chat, template = open_chat(tokenizer, text, **options)
        examples = template.examples([(ASKED, answered(ANSWER, reasoning)) for reasoning in (None, REASONING)])
        plain, reasoned = examples
        stop = chat.stop(Request("key", ASKED, 1, Sampling(0.0, 1.0, 1.0, 100)))
        ends = {*stop.tokens, tokenizer.eos_token_id}
        row = {
            # SentencePiece puts a space before a text.
            "asked": shown(tokenizer, plain.prompt).removeprefix(" "),
            "asked with system": shown(tokenizer, template.prompt(CONVERSATIONS[1])).removeprefix(" "),
            "learned": shown(tokenizer, plain.completion),
            "learned with reasoning": "lost" if reasoned.reasoning_lost else shown(tokenizer, reasoned.completion),
            "ends with": tokenizer.convert_ids_to_tokens(next(token for token in plain.completion if token in ends)),
            "stops": " ".join([*sorted(tokenizer.convert_ids_to_tokens(stop.tokens)), *map(repr, stop.texts)]),
        }
        if row not in rows.values():
            rows[name] = row
    return rows


def table(tokenizer):
    """What every template does; those that do the same stand together."""
    groups = {}
    for family, text in sorted(TEMPLATES.items()):
        row = described(tokenizer, text)
        groups.setdefault(json.dumps(row), ([], row))[0].append(family)
    return [{"families": " ".join(families), **row} for families, row in groups.values()]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(table(add_marks(learn_bytes(Path(folder)))), indent=1, ensure_ascii=False))
