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
        "scorers.md": _components.scorers(),
        "translators.md": _components.translators(),
        "aligners.md": _components.aligners(),
        "engines.md": _components.engines(),
        "architecture.svg": _architecture.drawing(),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
