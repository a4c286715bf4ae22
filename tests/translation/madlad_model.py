"""An untrained model of MADLAD's architecture (T5 with gated layers), with a tokenizer that has its tags."""

import json
from collections.abc import Sequence
from pathlib import Path

TAGS = ("<2en>", "<2pt>", "<2zh_Hant>", "<2fil>", "<2de>")
SIZES = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 2}


def untrained(folder: Path, texts: Sequence[str], pieces: int = 200) -> Path:
    """Save a tokenizer that was trained on texts, and a model with random weights."""
    import sentencepiece
    import torch
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_prefix=str(folder / "spiece"),
        vocab_size=pieces,
        hard_vocab_limit=False,
        unk_id=0,
        pad_id=1,
        eos_id=2,
        bos_id=-1,
        user_defined_symbols=[*TAGS],
        minloglevel=2,
    )
    tokenizer = T5Tokenizer.from_pretrained(str(folder), extra_ids=0, legacy=False)
    tokenizer.save_pretrained(folder)
    # As in MADLAD's own file; this class writes that the third piece is the unknown one.
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    content["model"]["unk_id"] = 0
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    torch.manual_seed(3)
    config = T5Config(
        vocab_size=len(tokenizer),
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=0,
        **SIZES,
    )
    model = T5ForConditionalGeneration(config)
    # Random weights of the usual size write one token for ever.
    with torch.no_grad():
        for weights in model.parameters():
            weights.normal_(std=0.4)
    model.save_pretrained(folder)
    return folder
