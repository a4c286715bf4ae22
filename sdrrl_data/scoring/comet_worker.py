# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = [
#     "unbabel-comet==2.2.7",
#     "pytorch-lightning>=2.6",
#     "sentencepiece<0.2.1",  # later ones ask for a newer protobuf than unbabel-comet allows
#     "setuptools<81",
#     "torch>=2.6,<2.14",
# ]
# ///
"""What runs in COMET's own environment: one model, which scores batch after batch.

Started with the folder of a checkpoint. Each line of its input is a batch, `[[source, translation], ...]`. Each line of
its output answers: first `{"ready": true}` or `{"failed": "why"}`, then `{"scores": [...]}` or `{"memory": true}`.
"""

import gc
import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

# Of torch on a CPU; for memory of a GPU it has a class.
NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc")


class Unfit(Exception):
    """Why no score will come of this."""


def main() -> None:
    """Serve until the input ends."""
    # What libraries print must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # The modules beside this one would stand in for libraries: comet.py for COMET.
    beside = Path(__file__).resolve().parent
    sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != beside]

    def answer(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=answers, flush=True)

    try:
        model = _load(Path(sys.argv[1]))
    except Unfit as reason:
        answer({"failed": str(reason)})
        return
    answer({"ready": True})
    for line in sys.stdin:
        answer(_answer(model, json.loads(line)))
    os._exit(0)  # the libraries take seconds on their way out


def _load(folder: Path) -> Any:
    try:
        from comet import load_from_checkpoint  # type: ignore[import-not-found]
    except ImportError as error:
        raise Unfit(f"COMET cannot be imported ({error})") from error
    import torch

    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
        raise Unfit(f"torch {torch.__version__} may run code that a checkpoint brings: torch 2.6 or newer is needed")
    checkpoint = folder / "checkpoints" / "model.ckpt"
    try:
        model = load_from_checkpoint(str(checkpoint), local_files_only=True)
        # COMET leaves weights that are missing as they were drawn.
        given = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)["state_dict"]
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = model.to(device).eval()
    except pickle.UnpicklingError as error:
        raise Unfit("the checkpoint is damaged, or holds more than weights, which could run code") from error
    except Exception as error:
        if _of_memory(error):
            raise Unfit("there is not enough memory to load it") from error
        reason = (str(error).strip() or type(error).__name__).split("\n")[0]
        raise Unfit(f"the checkpoint cannot be loaded: {reason}") from error
    # Older encoders kept their positions, which are no weights.
    if missing := sorted(name for name in model.state_dict().keys() - given.keys() if "position_ids" not in name):
        raise Unfit(f"the checkpoint lacks {len(missing)} of the model's weights, such as {missing[0]}")
    return model


def _answer(model: Any, batch: list[list[str]]) -> dict[str, Any]:
    try:
        return {"scores": _scores(model, batch)}
    except Exception as error:
        if not _of_memory(error):
            raise
    # Not before the error is gone, which holds on to what was computed.
    _give_memory_back()
    return {"memory": True}


def _scores(model: Any, batch: list[list[str]]) -> list[float]:
    """The same as the model's `predict` gives, without the Trainer that this makes for every call."""
    import torch

    inputs = model.prepare_for_inference([{"src": source, "mt": translation} for source, translation in batch])
    with torch.inference_mode():
        prediction = model.predict_step(model.transfer_batch_to_device(inputs, model.device, 0))
    scores: list[float] = prediction["scores"].tolist()
    return scores


def _of_memory(error: Exception) -> bool:
    import torch

    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY)


def _give_memory_back() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
