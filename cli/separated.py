"""Options that take several things, separated by commas."""


def separated(text: str | None) -> list[str]:
    """What stands between the commas, where something does; nothing of an option that is not given."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]
