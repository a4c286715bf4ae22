"""Writes the pages of docs/reference/ from the code: `python -m docs`. A test fails when they are stale."""

from pathlib import Path

from docs import _architecture, _commands, _components, _settings

FOLDER = Path(__file__).with_name("reference")


def pages() -> dict[str, str]:
    """Each generated page by the name of its file."""
    return {
        "recipe.md": _settings.recipe(),
        "training.md": _settings.training(),
        "commands.md": _commands.page(),
        **_components.pages(),
        "engines.md": _components.engines(),
        "architecture.svg": _architecture.drawing(),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
