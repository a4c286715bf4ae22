"""Extras: what they need, who needs them, and whether it is installed."""

import pytest

from sdrrl_data.doctor import packages
from sdrrl_data.recipe import AlignerConfig, GeneratorEngine, ScorerConfig, TranslatorConfig


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts the metadata of a package before all others."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, version: str, *lines: str) -> None:
        folder = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        content = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines]
        (folder / "METADATA").write_text("\n".join(content) + "\n", encoding="utf-8")

    return install


def checks() -> dict[str, packages.Check]:
    return {check.name: check for check in packages.checks()}


def test_every_extra_that_a_component_declares_is_looked_at():
    says = {name: check.says for name, check in checks().items()}
    for sort in (GeneratorEngine, TranslatorConfig, AlignerConfig, ScorerConfig):
        for word, component in sort.kinds().items():
            assert not component.extra or any(f"{sort.what} {word}" in text for text in says.values())


def test_an_extra_that_no_package_has_is_a_mistake_of_this_list():
    stated = "".join(packages.requires(packages.PACKAGE) or ())
    for extra in packages.users_of_extras():
        assert f'extra == "{extra}"' in stated


def test_what_is_installed_what_is_missing_and_what_is_too_old(install):
    extras = ['there>=2; extra == "nllb"', 'nowhere>=1; extra == "nllb"', 'there>=2; extra == "firefox"', "old<3"]
    install("sdrrl-data", "9", *(f"Requires-Dist: {line}" for line in [*extras, 'old<2; extra == "comet"']))
    install("there", "2.1")
    install("old", "2.5")
    by_name = checks()
    assert by_name["core"].state == by_name["[firefox]"].state == "ok"
    assert by_name["[nllb]"].state == "missing"
    assert by_name["[nllb]"].says.endswith(": nowhere is not installed")
    assert by_name["[nllb]"].remedy == "pip install 'sdrrl-data[nllb]'"
    assert by_name["[comet]"].state == "broken"
    assert by_name["[comet]"].says == "for scorer comet: old 2.5 is installed, and <2 is needed"


def test_vllm_for_a_cpu_serves_as_well(install):
    extras = ['nowhere>=1; extra == "vllm"', 'there>=2; extra == "vllm-cpu"']
    install("sdrrl-data", "9", *(f"Requires-Dist: {line}" for line in extras))
    install("there", "2.1")
    by_name = checks()
    assert "[vllm]" not in by_name
    assert by_name["[vllm-cpu]"] == packages.Check("[vllm-cpu]", "ok", "for engine vllm")
