"""Python with the packages of others, which cannot or need not live beside ours."""

import sys
from pathlib import Path


def python_with(*packages: str) -> list[str]:
    """The command of an interpreter that has these, in an environment that uv makes and keeps in its cache."""
    uv = Path(sys.executable).with_name("uv")  # of the extra `comet`
    return [str(uv), "run", "--quiet", "--no-project", *(f"--with={package}" for package in packages), "python"]
