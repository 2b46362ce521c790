"""Questions about images from a Hugging Face dataset on disk: its parquet files, read with pyarrow.

Parquet is what the hub itself holds of nearly every dataset of this kind, with the images inside: ``hf download
--repo-type dataset`` puts such files on the disk, and ``Dataset.to_parquet`` writes them. No other library is needed.

Columns: ``image`` (bytes, or a struct with ``bytes``), ``question``, and ``answers`` (texts, or structs with
``answer``) or ``answer`` (a text); ``answer_type``, where it is there, is the kind of question.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prunarium.bench.answer_texts import given_answers
from prunarium.bench.data_files import drawn, files_of, open_parquet
from prunarium.errors import PrunariumError, some_of


@dataclass(frozen=True)
class Question:
    """What is asked about one image.

    Attributes:
        row: of all files, from 0.
        text: the question.
        answers: the right ones: one, or those of several people.
        kind: of question; empty where the files do not tell.
    """

    row: int
    text: str
    answers: tuple[str, ...]
    kind: str


class QuestionFiles:
    """Questions and their images. Images stay in the files until they are asked for, a group of rows at a time."""

    def __init__(self, path: Path) -> None:
        """Open the files: a folder that holds one split, one file, or a pattern such as ``DIR/validation-*.parquet``.

        Raises:
            PrunariumError: there are none, of several splits, or without the columns that are needed; or pyarrow is
                not installed.
        """
        self.path = path
        self._files = [open_parquet(file) for file in files_of(path, (".parquet",))]
        names = set(self._files[0].schema_arrow.names)
        lacking = [name for name in ("image", "question") if name not in names]
        answers = next((name for name in ("answers", "answer") if name in names), "answers")
        if lacking or answers not in names:
            columns = some_of(sorted(names), 8)
            raise PrunariumError(f"{path}: has no column '{[*lacking, answers][0]}'; its columns are {columns}")
        self._columns = ["question", answers, *(["answer_type"] if "answer_type" in names else [])]
        self._answers = answers
        self._group: tuple[int, int, Any] | None = None

    def __len__(self) -> int:
        return sum(file.metadata.num_rows for file in self._files)

    def questions(self, count: int | None) -> list[Question]:
        """A plain random draw of so many questions, the same for every model and seed; all without a count. They come
        in the order of the files, so that each group of rows is read once.

        Raises:
            PrunariumError: there are not so many, or one has no text or no answer.
        """
        wanted = drawn(count, len(self), str(self.path))
        return [self._question(number, row) for number, row in enumerate(self._rows()) if number in wanted]

    def _rows(self) -> Iterator[dict[str, Any]]:
        for file in self._files:
            for batch in file.iter_batches(columns=self._columns):
                yield from batch.to_pylist()

    def _question(self, number: int, row: dict[str, Any]) -> Question:
        answers = given_answers(row[self._answers])
        if not row["question"] or not answers:
            what = "answer" if row["question"] else "question"
            raise PrunariumError(f"{self.path}: row {number} has no {what}; give a split that has one in every row")
        return Question(number, row["question"], answers, row.get("answer_type") or "")

    def image(self, row: int) -> Any:
        """The RGB picture of a row.

        Raises:
            PrunariumError: it has none, or one that cannot be read.
        """
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(io.BytesIO(self._bytes(row))) as image:
                return image.convert("RGB")
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
            raise PrunariumError(f"{self.path}: the image of row {row} cannot be read") from error

    def digest(self, row: int) -> str:
        """sha256 of the bytes of a row's image."""
        return hashlib.sha256(self._bytes(row)).hexdigest()

    def _bytes(self, row: int) -> bytes:
        start, _, images = self._image_group(row)
        found = images[row - start].as_py()
        content = found.get("bytes") if isinstance(found, dict) else found
        if not isinstance(content, bytes):
            raise PrunariumError(f"{self.path}: row {row} has no image; images must be inside the parquet files")
        return content

    def _image_group(self, row: int) -> tuple[int, int, Any]:
        """First row, end and images of the group of rows that holds a row."""
        if self._group is not None and self._group[0] <= row < self._group[1]:
            return self._group
        start = 0
        for file in self._files:
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                if row < end:
                    images = file.read_row_group(group, columns=["image"])["image"]
                    self._group = (start, end, images)
                    return self._group
                start = end
        raise IndexError(row)
