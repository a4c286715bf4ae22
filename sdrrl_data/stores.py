"""Object stores, `s3://`, `gs://` and `az://`, through obstore: few operations, and one sentence for what fails."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import NotInstalled, StoreUnavailable, UserError

_STORES = {"s3": "S3Store", "gs": "GCSStore", "az": "AzureStore"}
_ADDRESS = re.compile(rf"({'|'.join(_STORES)}):(?:/(.*))?", re.DOTALL)  # a `Path` has lost one of two slashes
CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
# A store that cannot be reached is asked again for about a minute; a large file may take long, but not stand still.
RETRIES: dict[str, Any] = {"max_retries": 12, "retry_timeout": timedelta(minutes=3)}
# Without TLS only where the environment names such an endpoint: a store of one's own.
CLIENT: dict[str, Any] = {"connect_timeout": "10s", "read_timeout": "60s", "timeout": "1h", "allow_http": True}
_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d+)")
_METADATA = ("169.254.169.254", "metadata.google.internal", "metadata/identity")  # asked where there are no credentials
_OWN_ACCOUNT = ("MissingAccount", "Account must be specified")


class Address(NamedTuple):
    """A bucket, or container, and a place in it: a file, or a folder."""

    scheme: str
    bucket: str
    place: str  # "" for all of the bucket

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.place}".rstrip("/")

    @property
    def name(self) -> str:
        """The last part of the place."""
        return self.place.rpartition("/")[2] or self.bucket


class Entry(NamedTuple):
    """What a listing says of an object."""

    key: str
    size: int
    etag: str | None
    time: float  # when it was written, by the store's clock


class Version(NamedTuple):
    """One content of an object, so that another process's is not overwritten."""

    etag: str | None
    version: str | None


def address_of(text: str | PathLike[str]) -> Address | None:
    """The address in an object store that a text, or a path made of it, is; None if it is none.

    Raises:
        UserError: it names no bucket, or a place that no object can have.
    """
    match = _ADDRESS.fullmatch(os.fspath(text))
    if not match:
        return None
    bucket, *parts = [part for part in (match[2] or "").split("/") if part] or [""]
    if not bucket or "@" in bucket or {".", ".."} & {*parts} or "\0" in "/".join(parts):
        raise UserError(
            f"{os.fspath(text)} is not the address of a place in a bucket: give {match[1]}://BUCKET/PLACE; credentials "
            f"are taken from the environment ({CREDENTIALS[match[1]]})"
        )
    return Address(match[1], bucket, "/".join(parts))


class Store:
    """The objects below an address. Keys are relative to it.

    Args:
        address: of a folder.

    Raises:
        NotInstalled: obstore is not installed.
        StoreUnavailable: the environment lacks what the store needs.
    """

    def __init__(self, address: Address) -> None:
        try:
            import obstore
            import obstore.store
        except ImportError:
            raise NotInstalled(f"{address} needs obstore: pip install 'sdrrl-data[cloud]'", "cloud") from None
        self.address = address
        self._obstore: Any = obstore
        with self._said():
            kind: Any = getattr(obstore.store, _STORES[address.scheme])
            self._store = kind(
                address.bucket, prefix=address.place or None, retry_config=RETRIES, client_options=CLIENT
            )

    def list(self, folder: str = "") -> Iterator[Entry]:
        """The objects in a folder and below it.

        Raises:
            StoreUnavailable: they cannot be listed. As of all operations: the store cannot be reached, or refuses.
        """
        with self._said():
            for page in self._obstore.list(self._store, folder or None):
                for meta in page:
                    yield Entry(meta["path"], meta["size"], meta["e_tag"], meta["last_modified"].timestamp())

    def exists(self, key: str) -> bool:
        """Whether there is an object."""
        try:
            self.etag(key)
        except FileNotFoundError:
            return False
        return True

    def etag(self, key: str) -> str | None:
        """What changes with the content of an object.

        Raises:
            FileNotFoundError: as `read`.
        """
        with self._said():
            etag: str | None = self._obstore.head(self._store, key)["e_tag"]
            return etag

    def read(self, key: str) -> tuple[bytes, Version]:
        """The content of an object.

        Raises:
            FileNotFoundError: there is none, or not even the bucket.
        """
        with self._said():
            response = self._obstore.get(self._store, key)
            return bytes(response.bytes()), _version(response.meta)

    def fetch(self, key: str, path: Path) -> Version:
        """Write an object into a file.

        Raises:
            FileNotFoundError: as `read`.
        """
        with self._said():
            response = self._obstore.get(self._store, key)
            with path.open("wb") as file:
                for chunk in response.stream():
                    file.write(chunk)
            return _version(response.meta)

    def write(self, key: str, content: Path | bytes) -> Version:
        """Write an object whole."""
        with self._said(writes=True):
            return _version(self._obstore.put(self._store, key, content))

    def create(self, key: str, content: bytes) -> Version | None:
        """Write an object unless there is one; None if there is."""
        return self._write_if(key, content, "create")

    def update(self, key: str, content: bytes, version: Version) -> Version | None:
        """Write an object if it still has the content that is known; None if it has another, or is gone."""
        known = {"e_tag": version.etag, "version": version.version}
        return self._write_if(key, content, {name: value for name, value in known.items() if value is not None})

    def delete(self, keys: Collection[str]) -> None:
        """Delete objects, as far as they exist."""
        if keys:
            try:
                with self._said():
                    self._obstore.delete(self._store, list(keys))
            except FileNotFoundError:
                if len(keys) > 1:  # some stores refuse to delete what does not exist
                    for key in keys:
                        self.delete([key])

    def copy(self, key: str, to: str) -> None:
        """Copy an object within the store.

        Raises:
            FileNotFoundError: there is none.
        """
        with self._said():
            self._obstore.copy(self._store, key, to)

    def _write_if(self, key: str, content: bytes, mode: Any) -> Version | None:
        from obstore import exceptions

        with self._said(writes=True):
            try:
                return _version(self._obstore.put(self._store, key, content, mode=mode, use_multipart=False))
            except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
                return None

    @contextmanager
    def _said(self, writes: bool = False) -> Iterator[None]:
        """One sentence for an error of the store."""
        from obstore import exceptions

        try:
            yield
        except FileNotFoundError as error:
            if not writes:
                raise
            raise StoreUnavailable(self._sentence(error)) from error  # there is no bucket to write to
        except (exceptions.BaseError, ValueError) as error:
            raise StoreUnavailable(self._sentence(error)) from error

    def _sentence(self, error: BaseException) -> str:
        """What is wrong, and what to do. Of the error itself little is quoted: addresses in it may hold a signature."""
        said, scheme = str(error), self.address.scheme
        code, status = _CODE.search(said), _STATUS.search(said)
        what = f"{code[1]}" if code else f"HTTP {status[1]}" if status else ""
        if isinstance(error, FileNotFoundError) or "NoSuchBucket" in said or "ContainerNotFound" in said:
            why = f"there is no bucket {self.address.bucket}: create it, or correct the address"
        elif any(place in said for place in (*_METADATA, *_OWN_ACCOUNT)):
            why = f"there are no credentials: set {CREDENTIALS[scheme]} in the environment"
        elif status and status[1] in ("301", "400") and code and "Region" in code[1] + said:
            why = f"{what}: set AWS_REGION to the region of the bucket"
        elif status and status[1] in ("401", "403"):
            why = f"access is refused, {what}: look at {CREDENTIALS[scheme]}, and at what they may do there"
        elif status:
            why = f"{what}: see what the store says about it"
        elif "error sending request" in said or "timed out" in said or "timeout" in said.lower():
            why = "it cannot be reached: see that the network and the store work"
        else:
            why = re.sub(r"\w+://\S+", "…", said.partition("\n")[0])[:200]
        return f"{self.address} cannot be used ({why}); what is finished is kept, and the same command goes on with it"


def of_file(address: Address) -> tuple[Store, str]:
    """The folder that a file is in, and the file's key there.

    Raises:
        NotInstalled: obstore is not installed.
        StoreUnavailable: the environment lacks what the store needs.
    """
    folder, _, name = address.place.rpartition("/")
    return Store(address._replace(place=folder)), name


def _version(result: Any) -> Version:
    return Version(result["e_tag"], result["version"])
