"""The command that trains on several devices."""

import shlex
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal

from sdrrl_data.training import installed

Sharing = Literal["ddp", "fsdp", "deepspeed"]


def command(kind: Sharing, arguments: Sequence[str]) -> str:
    """The command line, with the package's configuration for this kind.

    On several machines, run it on each of them, with accelerate's `--num_machines`, `--machine_rank` and
    `--main_process_ip` added; `--num_processes` then is the number of devices of all machines together.

    Args:
        kind: how the devices share the work: each has the whole model (ddp), or PyTorch (fsdp) or DeepSpeed divides it.
        arguments: of `sdrrl-data train`.

    Raises:
        NotInstalled: what training needs is missing.
    """
    installed.require()
    import torch

    configuration = Path(str(files("sdrrl_data.training"))) / "launch" / f"{kind}.yaml"
    processes = str(torch.cuda.device_count() or "N")
    launcher = ["accelerate", "launch", "--config_file", str(configuration), "--num_processes", processes]
    return shlex.join([*launcher, "--no_python", "sdrrl-data", "train", *arguments])
