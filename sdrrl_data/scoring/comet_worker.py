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
"""Runs in COMET's own environment: one model that scores batch after batch.

It is started with the number of a file descriptor, and exchanges the messages of sdrrl_data/processes/worker.py as
JSON; the first message is the folder of a checkpoint, and a job is a batch, `[[source, translation], ...]`.
"""

import gc
import json
import os
import pickle
import re
import sys
import zipfile
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

AHEAD = 2  # batches that it holds at a time, so that it need not wait for the run
# torch's messages for a CPU; for the memory of a GPU it has an error class.
NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc")
# Classes that Lightning wrote into checkpoints, and what is made of them instead. Up to 1.0, the hyperparameters could
# be an AttributeDict, with a Namespace in it; up to 1.4, the classes of callbacks (COMET used two) were keys.
HARMLESS = {
    "pytorch_lightning.utilities.parsing.AttributeDict": dict,
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint": object,
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping": object,
    "argparse.Namespace": Namespace,
}
NUMBERS = ("float64", "float32", "int64", "int32", "bool")  # of numpy, which a hyperparameter or a best score may be


class Unfit(Exception):
    """Why the model cannot be used."""


def main() -> None:
    """Serve until the run sends no more jobs."""
    # Otherwise the modules beside this one would be imported instead of libraries: comet.py instead of COMET.
    beside = Path(__file__).resolve().parent
    sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != beside]
    from multiprocessing.connection import Connection

    connection = Connection(int(sys.argv[1]))

    def receive() -> Any:
        return json.loads(connection.recv_bytes())

    def send(*message: Any) -> None:
        connection.send_bytes(json.dumps(message).encode())

    with suppress(EOFError, ConnectionError):  # the run is gone
        _serve(receive, send)
    os._exit(0)  # the libraries take seconds to shut down


def _serve(receive: Callable[[], Any], send: Callable[..., None]) -> None:
    try:
        model = _load(Path(receive()))
    except Unfit as reason:
        send("failed", str(reason))
        return
    send("ready", AHEAD)
    while message := receive():
        if message[0] == "drop":
            send("dropped")
            continue
        _, number, batch = message
        scores = _scores_if_they_fit(model, batch)
        send(*(("too_large", number) if scores is None else ("done", number, scores)))


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
        with torch.serialization.safe_globals(_harmless()):
            mapped = zipfile.is_zipfile(checkpoint)  # with torch 1.6, Lightning wrote files that cannot be mapped
            saved = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=mapped)
            saved_weights = {*saved["state_dict"]}
            only_in_yaml = not saved.get("hyper_parameters")
            del saved
            model = load_from_checkpoint(str(checkpoint), reload_hparams=only_in_yaml, local_files_only=True)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = model.to(device).eval()
    except pickle.UnpicklingError as error:
        if named := re.search(r"GLOBAL (\S+)", str(error)):
            raise Unfit(f"the checkpoint holds more than weights, which could run code: {named[1]}") from error
        raise Unfit("the checkpoint is damaged, or holds more than weights, which could run code") from error
    except Exception as error:
        if _of_memory(error):
            raise Unfit("there is not enough memory to load it") from error
        reason = (str(error).strip() or type(error).__name__).split("\n")[0]
        raise Unfit(f"the checkpoint cannot be loaded: {reason}") from error
    # COMET leaves missing weights at their random initial values. Position ids are not weights, and not always saved.
    if missing := sorted(name for name in model.state_dict().keys() - saved_weights if "position_ids" not in name):
        raise Unfit(f"the checkpoint lacks {len(missing)} of the model's weights, such as {missing[0]}")
    return model


def _harmless() -> list[Any]:
    """What a checkpoint may hold besides what torch allows, in the form that `torch.serialization.safe_globals` takes.

    Only plain data is ever made of it.
    """
    import numpy as np

    scalar = np.float64().__reduce__()[0]
    scalars = [(scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]  # of numpy 1 and 2
    types = [np.dtype, *(type(np.dtype(name)) for name in NUMBERS)]
    return [*((stand_in, name) for name, stand_in in HARMLESS.items()), *scalars, *types]


def _scores_if_they_fit(model: Any, batch: list[list[str]]) -> list[float] | None:
    """The scores; None if there is not enough memory for so many."""
    try:
        return _scores(model, batch)
    except Exception as error:
        if not _of_memory(error):
            raise
    # Only after the error is gone, because it holds references to tensors.
    _give_memory_back()
    return None


def _scores(model: Any, batch: list[list[str]]) -> list[float]:
    """The same scores as by the model's `predict`, without the Trainer that `predict` makes for every call."""
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
