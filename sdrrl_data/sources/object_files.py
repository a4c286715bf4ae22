"""Files in object stores, fetched to this machine for as long as this process lives."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sdrrl_data.errors import DatasetNotFound
from sdrrl_data.stores import Address, address_of, of_file

_fetched: dict[Address, tuple[str | None, Path]] = {}  # with the ETag that it had


def local(path: Path, role: str) -> Path:
    """Where a file is on this machine: its path, or for an address that of a copy, as the store has it now.

    Args:
        path: as `place_of` gives it.
        role: what the file is for, for the error's sentence ("seeds").

    Raises:
        DatasetNotFound: the store has no such file.
        StoreUnavailable: the store cannot be used.
        NotInstalled: obstore is not installed.
        UserError: the address is none.
    """
    address = address_of(path)
    if address is None:
        return path
    folder, name = of_file(address)
    try:
        etag = folder.etag(name)
        known, copy = _fetched.get(address, (None, Path()))
        if known is None or known != etag:
            copy = Path(_folder().name, str(len(_fetched)), name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            _fetched[address] = folder.fetch(name, copy).etag, copy
    except FileNotFoundError:
        raise DatasetNotFound(f"{role} {address}: there is no such file") from None
    return _fetched[address][1]


@cache
def _folder() -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="sdrrl-data-files-")
