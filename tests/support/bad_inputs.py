"""Files, texts and paths as nobody should hand them in, for every option that takes one."""

import gzip
import io
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"question": [f"Why is it {number}?" for number in range(50)]}).write_parquet(buffer)
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("seeds.jsonl", '{"question": "Why?"}\n' * 9)
    return buffer.getvalue()


LINE = b'{"question": "Why is the sky blue?"}\n'
CONTENTS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "a zip": _zip,
    "a gzip that is cut": lambda: gzip.compress(LINE * 500)[:60],
    "a Parquet that is cut": lambda: _parquet()[:-20],
    "a Parquet without its head": lambda: _parquet()[9:],
    "UTF-16": lambda: (LINE * 3).decode().encode("utf-16"),
    "only a BOM": lambda: b"\xef\xbb\xbf",
    "only white space": lambda: b" \n\t\r\n\x0b",
    "NULs": lambda: b"\0" * 1000,
    "NULs in a line": lambda: LINE.replace(b"blue", b"\0" * 10),
    "deep": lambda: b"[" * 200_000,
    "deep mappings": lambda: b'{"a":' * 200_000,
    "a long line": lambda: b'{"question": "' + b"why " * 500_000,
    "noise": lambda: random.Random(7).randbytes(5000),
    "a list of numbers": lambda: b"[1, 2, 3]",
    "a number": lambda: b"17",
    "a huge number": lambda: b'{"question": ' + b"9" * 10_000 + b"}",
    "not a number": lambda: b'{"question": NaN, "id": Infinity}',
    "null": lambda: b"null",
    "surrogates": lambda: b'{"question": "\\ud800 why", "id": "\\udfff"}\n',
    "keys that stand twice": lambda: b'{"question": "a", "question": "b"}\n{"seeds": 1, "seeds": 2}',
    "escapes": lambda: b'{"question": "\\u001b[31m\\u202e", "\\u001b[2J": 1}\n\x1b]0;title\x07: \x1b[2J\n',
    "an alias bomb": lambda: (
        b"a0: &a0 [x, x]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40))
    ),
    "a cycle": lambda: b"src: &a [*a]\n",
    "a tag": lambda: b"src: !!python/object/apply:os.system [ls]\n",
    "a quote that stays open": lambda: b'"question\n' + b"a,b,c\n" * 100,
}
PLACES = {
    "nothing": "none/at all",
    "a directory": ".",
    "a long name": "a" * 300,
    "a long path": "a/" * 3000,
    "a NUL": "a\0b",
    "invalid UTF-8": os.fsdecode(b"a\xff\xfe"),
    "nobody's home": "~nouser/a",
    "a cycle of links": "loop",
    "a link to nothing": "dangling",
    "white space": " ",
    "an option": "--",
    "a device": "/dev/null",
    "escapes": "\x1b[31m\u202ea\nb",
    "a pattern": "[a-z]*?",
    "a server": "http://name:password@[::1",
    "a name of the Hub": "../../etc/passwd",
    "a module": "no.such:Thing",
}
TEXTS = {
    "empty": "",
    "white space": "  ",
    "long": "x" * 5000,
    "escapes": "\x1b[2J\u202e\x07",
    "a surrogate": "\udcff",
    "a NUL": "\0",
    "commas": ",,,",
    "a number": "-1",
    "a huge number": "9" * 5000,
    "a path": "../..",
    "deep": "[" * 5000,
    "emoji": "🏴‍☠️",
}
CHANGES = {
    "no key": "=1",
    "no value": "generator.temperature",
    "infinite": "generator.temperature=.inf",
    "65 bits": "limit=99999999999999999999",
    "a list for a section": "generator=[1, 2]",
    "a section for a text": "src={a: b}",
    "deep": "src=" + "[" * 5000,
    "deep keys": ".".join("a" * 500) + "=1",
    "an alias bomb": "src=[&a [x, x], &b [*a, *a], *b, *c]",
    "a tag": "src=!!python/name:os.system",
    "an address that is cut": "generator.server.url=http://[::1",
    "an address with a password": "generator.server.url=http://ann:secret@host",
    "an address with a wrong port": "generator.server.url=http://127.0.0.1:99999/v1",
    "an address with a word for a port": "generator.server.url=http://127.0.0.1:port/v1",
    "an address without a host": "generator.server.url=http:///v1",
    "an address with an empty label": "generator.server.url=http://a..b/v1",
    "an address with a long label": "generator.server.url=http://" + "a" * 70 + ".org/v1",
    "an address with a wrong octet": "generator.server.url=http://[fe80::1%]/v1",
    "an address that is not ASCII": "generator.server.url=http://\udcff\u202e/v1",
    "an unknown language": "tgt=[xx-yy]",
    "a nameless scorer": "scorers=[{}]",
    "a scorer of nobody": "scorers=['no.such:Thing']",
    "an aligner of nobody": "code_switching.aligner=no.such:Thing",
    "a function of nobody": "scorers=[{kind: function, name: a, function: 'os:nothing'}]",
    "a threshold of nothing": "thresholds.nothing.min=1",
    "shares that are negative": "mix.parallel=-1",
    "a template that fails": "generator.template={{ 1 / 0 }}",
    "a template that is cut": "generator.template={% if",
}


def write_all(folder: Path) -> dict[str, Path]:
    """Write every content into files without an ending, and make the links that `PLACES` names."""
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nothing-there")
    paths = {}
    for number, (name, content) in enumerate(CONTENTS.items()):
        paths[name] = folder / f"bad-{number}"
        paths[name].write_bytes(content())
    return paths
