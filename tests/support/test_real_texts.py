"""Every text that is part of the repository is named, with the licence under which it is passed on."""

import tomllib
from fnmatch import fnmatch

from tests.support.real_texts import PACKED, folder

REUSE = tomllib.loads((PACKED / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]


def test_every_text_has_one_licence_and_is_unpacked():
    names = [str(path.relative_to(PACKED)) for path in PACKED.rglob("*.bz2")]
    assert names
    for name in names:
        [licence] = [entry for entry in REUSE if any(fnmatch(name, pattern) for pattern in entry["path"])]
        assert licence["SPDX-License-Identifier"]
        assert (folder() / name.removesuffix(".bz2")).stat().st_size > 0


def test_the_notice_names_every_folder_and_licence():
    notice = (PACKED / "README.md").read_text(encoding="utf-8")
    for entry in REUSE:
        licence = entry["SPDX-License-Identifier"].removeprefix("LicenseRef-")
        assert licence.replace("-", " ") in notice.replace("-", " ")
        assert entry["path"][0].split("/")[0] in notice
