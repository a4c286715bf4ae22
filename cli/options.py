"""Options that take several values, separated by commas."""


def split_commas(text: str | None) -> list[str]:
    """The values between the commas, without empty ones; an empty list if the option is not given."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]
