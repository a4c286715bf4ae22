import polars as pl

from sdrrl_data.languages import find
from sdrrl_data.run import Run, Task
from sdrrl_data.steps import seeds, translations
from sdrrl_data.steps.references import as_answers
from tests.support.small_models import Sloppy


def test_references_are_translated_and_questions_are_not(tmp_path):
    rows = [("a", "The sky is `wide`.\n\n- and grey"), ("b", None), ("c", "It is blue.")]
    table = pl.DataFrame(
        [
            {"id": id, "messages": [{"role": "user", "content": f"Why {id}?"}], "reference": text, "source": f"s:{id}"}
            for id, text in rows
        ],
        schema=seeds.SCHEMA,
    )
    task = Task(0, [table, table], table.height, Run(tmp_path).table("pt/references").journal(0, "any"))
    answer_task = as_answers(task)
    assert answer_task.tables[1].to_dicts() == [{"id": "a", "answer": rows[0][1]}, {"id": "c", "answer": rows[2][1]}]
    assert answer_task.tables[2].equals(table)
    done: list[float] = []
    english, portuguese = find("en"), find("pt")
    translator = Sloppy(english, portuguese)
    part = translations.translate(
        answer_task._replace(tables=answer_task.tables[:2]), translator, "nllb", english, portuguese, done.append
    )
    (row,) = part.rows.to_dicts()
    assert (row["id"], row["question"], row["answer_translator"]) == ("a", [], "nllb")
    assert row["answer"] == "Uvpt Wkopt vmbpt `wide`.\n\n- jtobpt iqgpt"
    assert len(row["answer_units"]) == 2
    assert part.set_aside.select("id", "reason").rows() == [("c", "it names a colour: “It is blue.”")]
    assert sum(done) == 2
