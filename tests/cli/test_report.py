import pytest

from tests.support.copies import trusted_copy


@pytest.fixture
def copy(small_run, tmp_path):
    return trusted_copy(small_run[1].path, tmp_path / "run")


def test_the_page_is_written_into_the_run(invoke, copy):
    for _ in range(2):  # again, it is written anew
        done = invoke("report", copy)
        assert done.exit_code == 0, done.output
        assert done.output.startswith(f"{copy / 'report.html'} is written (")
    assert (copy / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_another_file_is_not_overwritten_unasked(invoke, copy, tmp_path):
    (tmp_path / "page.html").write_text("mine", encoding="utf-8")
    refused = invoke("report", copy, "--out", "page.html")
    assert refused.exit_code != 0
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "mine"
    assert invoke("report", copy, "--out", "page.html", "--force").exit_code == 0
    assert invoke("report", copy, "--out", "deeper/page.html", "--compare", copy).exit_code == 0
    assert "Compared with run" in (tmp_path / "deeper/page.html").read_text(encoding="utf-8")


def test_a_comparison_leaves_the_report_of_the_run_alone(invoke, copy, tmp_path):
    assert invoke("report", copy).exit_code == 0
    before = (copy / "report.html").read_bytes()
    (tmp_path / "looser.yaml").write_text("thresholds: {length: {max: 100%}}", encoding="utf-8")
    done = invoke("report", copy, "--compare", "looser.yaml")
    assert done.output.startswith(f"{copy / 'compared-with-looser.html'} is written (")
    assert (copy / "report.html").read_bytes() == before
