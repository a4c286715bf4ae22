"""The command that trains on several devices."""

import shlex
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal

from sdrrl_data.training import installed

Kind = Literal["ddp", "fsdp", "deepspeed"]


def command(kind: Kind, arguments: Sequence[str]) -> str:
    """The line to type, with the package's configuration of this kind.

    On several machines it is typed on each, with accelerate's own `--num_machines`, `--machine_rank` and
    `--main_process_ip`; `--num_processes` counts the devices of all of them.

    Args:
        kind: how the work is shared: each device has the whole model, or PyTorch or DeepSpeed spreads it over all.
        arguments: of `sdrrl-data train`.

    Raises:
        UserError: what training needs is not installed.
    """
    installed.require()
    import torch

    configuration = Path(str(files("sdrrl_data.training"))) / "launch" / f"{kind}.yaml"
    processes = str(torch.cuda.device_count() or "N")
    launcher = ["accelerate", "launch", "--config_file", str(configuration), "--num_processes", processes]
    return shlex.join([*launcher, "--no_python", "sdrrl-data", "train", *arguments])
