DRY = ("generate", "--recipe", "quickstart", "--dry-run")


def test_questions_in_another_language_are_told_in_one_line(invoke, tmp_path):
    questions = [f"Why is the sky so very blue this morning above village number {number}?" for number in range(8)]
    (tmp_path / "seeds.txt").write_text("\n".join(questions))
    done = invoke(*DRY, "--src", "pt", "--tgt", "en", "--seeds", "seeds.txt")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.splitlines() == [
        "warning: seeds: most of the first questions are not in Portuguese (English is the likeliest language): "
        "give others with --seeds, or name their language with --src"
    ]


def test_parts_of_recipes_go_by_name(invoke):
    done = invoke(*DRY, "--with", "no-parallel", "--with", "no-code-switch")
    assert done.exit_code == 0, done.stderr
    assert "recipe:no-code-switch|" in done.stdout
    assert "parallel.en-pt.tsv" not in done.stdout
    assert "pt/code_switched" not in done.stdout
    assert "did you mean no-crossing?" in invoke(*DRY, "--with", "no-crosing").stderr
