"""NLLB at the sizes of its 600M model: CTranslate2 beside transformers, and our batches beside plain ones.

The weights are random, so no translation ends by itself: each batch is written to the length of its longest source,
which is about as long as real translations are. The texts are of mixed length, and most of them are short, like
headings, list items and sentences.
"""

import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks._report import report, sized, versions
from sdrrl_data.models.locating import Located, locate
from sdrrl_data.translation.seq2seq_ctranslate2 import CTranslate2Engine
from sdrrl_data.translation.seq2seq_engine import Batch, Decoding, Engine, Search, batched
from sdrrl_data.translation.seq2seq_transformers import TransformersEngine
from tests.support import real_texts

ROOT = Path(__file__).resolve().parents[1]
DATA = real_texts.folder() / "flores-dev/en.txt"
TEXTS, SHORTEST, LONGEST = sized((64, 3, 60), (6, 3, 8))  # words
BEAMS, BATCH_TOKENS, PLAIN_ROWS = 4, 4096, 16
PIECES = sized(8000, 1000)  # of the tokenizer; the model's own table is as large as NLLB's
SIZES = {
    "vocab_size": sized(256_206, 2_000),
    "d_model": sized(1024, 32),
    "encoder_layers": sized(12, 1),
    "decoder_layers": sized(12, 1),
    "encoder_ffn_dim": sized(4096, 64),
    "decoder_ffn_dim": sized(4096, 64),
    "encoder_attention_heads": sized(16, 2),
    "decoder_attention_heads": sized(16, 2),
}


def main() -> None:
    used = versions("ctranslate2", "transformers", "torch")
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    print(f"{os.cpu_count()} cores, OMP_NUM_THREADS {threads}; {used}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        located = _checkpoint(Path(folder) / "random")
        seconds = {
            way: _measure(way, engine, batches, located)
            for way, engine, batches in [
                ("CTranslate2", CTranslate2Engine, _ours),
                ("transformers", TransformersEngine, _ours),
                ("transformers, plain batches", TransformersEngine, _plain),
            ]
        }
    converted, ours, plain = seconds.values()
    report("transformers / CTranslate2: seconds", ours / converted, used, "4")
    report(f"plain batches of {PLAIN_ROWS} / our batches: seconds", plain / ours, used, "2")


def _measure(
    way: str,
    engine: Callable[[Located, Any, Decoding], Engine],
    batches: Callable[[Sequence[Sequence[int]]], Iterator[Batch]],
    located: Located,
) -> float:
    """Seconds for all texts; loading does not count, nor does the first text."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(located.path, src_lang="eng_Latn")
    tokens = tokenizer(_texts())["input_ids"]
    loaded = engine(located, tokenizer, Decoding("m2m_100", "vie_Latn"))
    list(loaded.decode(_to_length(batched(tokens[:1], BATCH_TOKENS)), Search(BEAMS)))
    start = time.perf_counter()
    translated = list(loaded.decode(_to_length(batches(tokens)), Search(BEAMS)))
    seconds = time.perf_counter() - start
    loaded.close()
    rows, read = len(tokens), sum(map(len, tokens))
    written = sum(len(translation) for _, translations in translated for translation in translations)
    print(
        f"    {way:28}{rows} texts of {read:,} tokens in {len(translated)} batches: "
        f"{written:,} written in {seconds:.1f} s",
        flush=True,
    )
    return seconds


def _ours(tokens: Sequence[Sequence[int]]) -> Iterator[Batch]:
    return batched(tokens, BATCH_TOKENS // BEAMS)


def _plain(tokens: Sequence[Sequence[int]]) -> Iterator[Batch]:
    for start in range(0, len(tokens), PLAIN_ROWS):
        rows = tokens[start : start + PLAIN_ROWS]
        yield Batch(range(start, start + len(rows)), rows, limit=0)


def _to_length(batches: Iterator[Batch]) -> Iterator[Batch]:
    return (batch._replace(limit=max(map(len, batch.tokens))) for batch in batches)


def _texts() -> list[str]:
    """Pieces of the corpus, their lengths drawn so that each doubling is as likely as the one before."""
    drawn = random.Random(1)
    words = DATA.read_text("utf-8").split()
    lengths = [round(math.exp(drawn.uniform(math.log(SHORTEST), math.log(LONGEST)))) for _ in range(TEXTS)]
    starts = [drawn.randrange(len(words) - length) for length in lengths]
    return [" ".join(words[start : start + length]) for start, length in zip(starts, lengths, strict=True)]


def _checkpoint(folder: Path) -> Located:
    sys.path.append(str(ROOT))
    from tests.translation.nllb_model import untrained

    untrained(folder, DATA.read_text("utf-8").splitlines(), PIECES, SIZES)
    return locate(str(folder), None, "translator", "")


if __name__ == "__main__":
    main()
