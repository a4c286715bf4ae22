"""Small COMET models of real classes, with a tokenizer and checkpoints, and what their own `predict` gives.

Run in COMET's environment: `python comet_model.py FOLDER`. It fills FOLDER with `encoder` (what COMET loads by name)
and, for each class of models, a folder as on the Hub, where `expected.json` has the scores of `SENTENCES`.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

SENTENCES = [
    ("The library opens at nine in the morning.", "A biblioteca abre às nove horas da manhã."),
    (
        "Water boils at a lower temperature in the mountains.",
        "A água ferve a uma temperatura mais baixa nas montanhas.",
    ),
    ("She bought two tickets for the concert.", "Ela comprou dois bilhetes."),
    ("The old bridge was closed after the flood.", "Comi uma maçã."),
    ("Yes.", "Sim, é verdade que a biblioteca abre às nove horas."),
    ("A very long way round. " * 60, "Um caminho muito longo. " * 70),  # more than 512 tokens
    ("I do not know.", ""),
]
PIECES = 120
TOKENS = 512
# As the classes' own recipes have them, but small, and with weights large enough to tell sentences apart.
COMMON = {
    "encoder_model": "XLM-RoBERTa",
    "layer_transformation": "softmax",
    "hidden_sizes": [32],
    "final_activation": "Sigmoid",
    "load_pretrained_weights": False,
    "local_files_only": True,
}
WORDS = {"word_layer": 1, "error_labels": ["minor", "major", "critical"], "cross_entropy_weights": None}
# A sentence of 512 tokens needs twice 41 MB, so that memory can be made too small for four of them, and for one.
WIDTH = 20_000


def main() -> None:
    """Build all of them."""
    from comet.models import ReferencelessRegression, UnifiedMetric, XCOMETMetric

    folder = Path(sys.argv[1])
    _encoder(folder / "encoder")
    options = COMMON | {"pretrained_model": str(folder.resolve() / "encoder")}
    kinds: dict[str, Any] = {
        "unified": UnifiedMetric(input_segments=["mt", "src"], **options),
        "xcomet": XCOMETMetric(**options, **WORDS),
        "referenceless": ReferencelessRegression(**options),
    }
    for name, model in kinds.items():
        _save(model, folder / name)
        (folder / name / "expected.json").write_text(json.dumps(_predict(folder / name)))


def _encoder(folder: Path) -> None:
    import sentencepiece
    from transformers import XLMRobertaConfig, XLMRobertaTokenizerFast

    folder.mkdir(parents=True)
    learned = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for sentence in SENTENCES for text in sentence if text]),
        model_writer=learned,
        vocab_size=PIECES,
        model_type="unigram",
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
    )
    (folder / "sentencepiece.bpe.model").write_bytes(learned.getvalue())
    tokenizer = XLMRobertaTokenizerFast(vocab_file=str(folder / "sentencepiece.bpe.model"))
    tokenizer.save_pretrained(folder)
    XLMRobertaConfig(
        vocab_size=len(tokenizer) + 1,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=WIDTH,
        max_position_embeddings=TOKENS + 2,
        pad_token_id=tokenizer.pad_token_id,
        type_vocab_size=1,
    ).save_pretrained(folder)


def _save(model: Any, folder: Path) -> None:
    import pytorch_lightning
    import torch
    import yaml

    generator = torch.Generator().manual_seed(1)
    for weights in model.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=weights.shape[-1] ** -0.5, generator=generator)
    trainer = pytorch_lightning.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
    )
    trainer.strategy.connect(model)
    trainer.save_checkpoint(folder / "checkpoints" / "model.ckpt")
    (folder / "hparams.yaml").write_text(yaml.safe_dump(dict(model.hparams)))


def _predict(folder: Path) -> list[float]:
    from comet import load_from_checkpoint

    model = load_from_checkpoint(str(folder / "checkpoints" / "model.ckpt"), local_files_only=True)
    samples = [{"src": source, "mt": translation} for source, translation in SENTENCES]
    scores: list[float] = model.predict(samples, batch_size=3, gpus=0, num_workers=0, progress_bar=False)["scores"]
    return scores


if __name__ == "__main__":
    main()
