"""Questions from the parquet files of a Hugging Face data set: every form that the hub has, and every fault."""

import numpy as np
import pytest

from prunarium import PrunariumError
from prunarium.bench.question_files import QuestionFiles

from .hub_directories import picture, png, rows, write

ANSWERS = [[f"answer {number}"] for number in range(8)]


def test_files_of_a_split_are_one_data_set(tmp_path):
    for number in range(2):
        write(tmp_path / "data" / f"validation-0000{number}-of-00002.parquet", rows(ANSWERS[4 * number :][:4]))
    files = QuestionFiles(tmp_path)
    assert [question.answers[0] for question in files.questions(None)] == [text for [text] in ANSWERS]
    for row in (0, 3, 7, 1):
        assert np.array_equal(files.image(row), picture(row % 4))


def test_a_draw_is_random_and_the_same_every_time(tmp_path):
    path = write(tmp_path / "test.parquet", rows([["yes"]] * 40))
    drawn = [question.row for question in QuestionFiles(path).questions(10)]
    assert drawn == sorted(drawn) != list(range(10))
    assert drawn == [question.row for question in QuestionFiles(path).questions(10)]
    assert set(drawn) < {question.row for question in QuestionFiles(path).questions(20)}


def test_every_form_of_answers_and_images(tmp_path):
    image = png(picture(0))
    structs = [{"answer": "yes", "answer_id": 1}, {"answer": "no", "answer_id": 2}]
    forms = {
        "structs": {"image": {"bytes": image}, "answers": structs, "answer_type": "yes/no"},
        "texts": {"image": {"bytes": image}, "answers": ["yes", "no"]},
        "one": {"image": image, "answer": "yes"},
    }
    for name, form in forms.items():
        files = QuestionFiles(write(tmp_path / f"{name}.parquet", [{"question": "what?", **form}]))
        [question] = files.questions(None)
        assert question.answers == (("yes",) if name == "one" else ("yes", "no"))
        assert question.kind == ("yes/no" if name == "structs" else "")
        assert files.image(0).size == picture(0).size


def test_a_split_is_chosen_by_a_pattern(tmp_path):
    write(tmp_path / "data" / "train-00000-of-00001.parquet", rows(ANSWERS[:2]))
    write(tmp_path / "data" / "validation-00000-of-00001-0123456789abcdef.parquet", rows(ANSWERS[:3]))
    with pytest.raises(
        PrunariumError, match=r"holds several splits \(data/train, data/validation\); give the files of"
    ):
        QuestionFiles(tmp_path)
    assert len(QuestionFiles(tmp_path / "data" / "validation-*.parquet")) == 3


def without(row, name):
    return {key: value for key, value in row.items() if key != name}


ROW = {"image": {"bytes": b"no image"}, "question": "what?", "answers": ["yes"]}
FAULTS = {
    "no image column": (without(ROW, "image"), "has no column 'image'; its columns are answers, question"),
    "no question column": (without(ROW, "question"), "has no column 'question'"),
    "no answers column": (without(ROW, "answers"), "has no column 'answers'"),
    "no question": ({**ROW, "question": None}, "row 0 has no question"),
    "no answers": ({**ROW, "answers": []}, "row 0 has no answer; give a split that has one in every row"),
    "an image beside the file": ({**ROW, "image": {"bytes": None, "path": "a.png"}}, "row 0 has no image; images must"),
    "no image": ({**ROW, "image": None}, "row 0 has no image"),
    "a broken image": (ROW, "the image of row 0 cannot be read"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_one_line(tmp_path, name):
    row, words = FAULTS[name]
    second = {**ROW, "image": {"bytes": png(picture(1)), "path": "b.png"}}
    path = write(tmp_path / "test.parquet", [row, {key: second[key] for key in row}])
    with pytest.raises(PrunariumError) as error:
        files = QuestionFiles(path)
        files.questions(None)
        files.image(0)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_files_that_are_none(tmp_path):
    with pytest.raises(PrunariumError, match="holds no parquet files; give the folder of a dataset as the hub has it"):
        QuestionFiles(tmp_path)
    (tmp_path / "test.parquet").write_bytes(b"no table")
    with pytest.raises(PrunariumError, match=r"test.parquet: is not a parquet file that can be read"):
        QuestionFiles(tmp_path)
    files = QuestionFiles(write(tmp_path / "test.parquet", rows(ANSWERS)))
    with pytest.raises(PrunariumError, match=r"--samples 9: .* has 8; give a number from 1 to 8"):
        files.questions(9)
