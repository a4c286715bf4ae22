"""Devices: engines that cannot be imported, or that do not see the GPU."""

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json
from sdrrl_data.doctor import devices

for check in devices.checks():
    print(json.dumps(check))
"""


@pytest.fixture
def look(tmp_path):
    """Looks at the devices of a machine that has only these modules, and a driver that reports these GPUs."""

    def look(modules: dict[str, str], gpus: str = "") -> dict[str, list[str | None]]:
        blocked = {name: f"raise ImportError('no {name}')" for name in ("torch", "ctranslate2")}
        for name, content in (blocked | modules).items():
            file = tmp_path / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        (tmp_path / "vllm").mkdir(exist_ok=True)
        (tmp_path / "vllm" / "__init__.py").touch()
        tool = tmp_path / "nvidia-smi"
        tool.write_text(f"#!/bin/sh\necho '{gpus}'\n" if gpus else "#!/bin/sh\nexit 9\n")
        tool.chmod(0o755)
        variables = os.environ | {"PYTHONPATH": str(tmp_path), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
        words = [sys.executable, "-c", PROGRAM]
        output = subprocess.run(words, env=variables, capture_output=True, text=True, check=True).stdout
        return {name: rest for name, *rest in map(json.loads, output.splitlines())}

    return look


SEES_NOTHING = "def get_cuda_device_count(): return 0"


def test_an_engine_that_cannot_be_imported_is_broken_and_says_why(look):
    library = "libcublas.so.12: cannot open shared object file"
    by_name = look({"ctranslate2": f"raise ImportError({library!r})", "torch": "import os; os.abort()"})
    state, says, remedy = by_name["ctranslate2"]
    assert (state, says) == ("broken", f"cannot be used: ImportError: {library}")
    assert "pip install" in remedy
    assert by_name["torch"][0] == "broken"
    assert by_name["vllm"][0] == "broken"  # a package without its platforms
    assert by_name["GPU"] == ["ok", "none: models run on the CPU", None]


def test_an_engine_that_does_not_see_the_gpu_is_broken(look):
    platform = {"vllm/platforms": "class current_platform: device_type, device_name = 'cuda', 'cuda'"}
    by_name = look(platform | {"ctranslate2": SEES_NOTHING}, gpus="NVIDIA H200")
    assert by_name["GPU"] == ["ok", "NVIDIA H200", None]
    assert by_name["vllm"] == ["ok", "runs on cuda", None]
    assert by_name["ctranslate2"][:2] == ["broken", "does not see the GPU, and uses the CPU"]


def test_on_a_machine_without_a_gpu_an_engine_runs_on_the_cpu(look):
    assert look({"ctranslate2": SEES_NOTHING})["ctranslate2"] == ["ok", "runs on the CPU", None]
