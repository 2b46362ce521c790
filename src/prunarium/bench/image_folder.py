"""A folder of class folders as samples: files are read batch by batch, with timm's transforms of the model.

All images are taken in one fixed shuffled order, so that the first N are a plain random draw (not balanced over the
classes), the same for every model and seed, and part of the first N + 1.
"""

import functools
import hashlib
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from prunarium.bench.samples import Inputs, check_count
from prunarium.errors import PrunariumError, some_of

SHUFFLE_SEED = 0
MOST_READERS = 8
FEW = 64  # images that are not worth starting processes for


def read_image(path: Path) -> Any:
    """An RGB picture from a file.

    Raises:
        PrunariumError: the file is missing or no image.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except FileNotFoundError as error:
        raise PrunariumError(f"{path}: there is no such image") from error
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise PrunariumError(f"{path}: is not an image that can be read; give a PNG or JPEG file") from error


def as_seen(image: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    """What a model sees, for people: a normalised image ``[3, height, width]`` as uint8 ``[height, width, 3]``."""
    picture = image.permute(1, 2, 0) * torch.tensor(std) + torch.tensor(mean)
    return (picture.clamp(0, 1) * 255).round().byte().numpy()


@dataclass(frozen=True)
class _Files(Dataset[Tensor]):
    """Files as a model's inputs; travels to reading processes."""

    paths: tuple[Path, ...]
    transform: Any

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        return self.transform(read_image(self.paths[index]))


@dataclass(frozen=True)
class FolderSamples:
    """Images of class folders.

    Attributes:
        folder: that holds the class folders.
        files: the images with the model's transform, in the order in which they are taken.
        labels: the model's class of each image ``[samples]``.
        mean: of the model's normalisation, by channel.
        std: of the same.
    """

    folder: Path
    files: _Files
    labels: Tensor
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.files)

    @property
    def names(self) -> list[str]:
        """Path of each image below the folder."""
        return [path.relative_to(self.folder).as_posix() for path in self.files.paths]

    @property
    def captions(self) -> tuple[str, ...]:
        """The class folder of each image."""
        return tuple(name.partition("/")[0] for name in self.names)

    @property
    def kinds(self) -> tuple[str, ...]:
        """None: every image is asked the same."""
        return ()

    @property
    def words(self) -> tuple[Sequence[str], ...]:
        """None: the inputs are images."""
        return ()

    @property
    def images(self) -> "_Seen":
        """The picture of each sample, read when it is asked for."""
        return _Seen(self)

    def checksum(self) -> str:
        """sha256 over the path below the folder, size and content of every image that is taken, in order."""
        digest = hashlib.sha256()
        with ThreadPoolExecutor(MOST_READERS) as pool:
            for name, content in zip(self.names, pool.map(_file_digest, self.files.paths), strict=True):
                digest.update(f"{name}\0{content}\n".encode())
        return digest.hexdigest()

    def batch(self, start: int, size: int, device: torch.device) -> Inputs:
        """Inputs of ``size`` samples from ``start`` on; from the beginning again where the samples run out.

        Raises:
            PrunariumError: an image cannot be read.
        """
        images = [self.files[index % len(self)] for index in range(start, start + size)]
        return {"images": torch.stack(images).to(device)}

    def batches(self, size: int, device: torch.device) -> Iterator[Inputs]:
        """All samples in order, ``size`` at a time; reading goes on in processes of its own, ahead of the model.

        Raises:
            PrunariumError: an image cannot be read.
        """
        loader = DataLoader(self.files, batch_size=size, num_workers=_readers(len(self)))
        try:
            for images in loader:
                yield {"images": images.to(device)}
        except PrunariumError as error:  # from a reading process it arrives with that process's traceback before it
            last = str(error).strip().splitlines()[-1]
            raise PrunariumError(last.removeprefix(f"{PrunariumError.__module__}.PrunariumError: ")) from error


@dataclass(frozen=True)
class _Seen:
    samples: FolderSamples

    def __getitem__(self, index: int, /) -> np.ndarray:
        return as_seen(self.samples.files[index], self.samples.mean, self.samples.std)


@dataclass(frozen=True)
class Numbering:
    """Which of a model's classes each class folder is, by the folder's name; and what a person should know of it."""

    numbers: Mapping[str, int]
    note: str = ""


NumberClasses = Callable[[Path, list[str], Any], Numbering]
"""Numbers the class folders of a folder by their names, for a model."""


def by_wordnet_id(folder: Path, names: list[str], model: Any) -> Numbering:
    """Number ImageNet's class folders as timm numbers the classes of the model's head (1k, 12k, 21k, 22k...).

    The folders may be a part of the classes; answers count among all classes of the head.

    Raises:
        PrunariumError: the head is not one of ImageNet's, or lacks a class.
    """
    from timm.data import ImageNetInfo, infer_imagenet_subset

    subset = infer_imagenet_subset(model)
    if subset is None:
        raise PrunariumError(
            f"{folder}: imagenet needs a model with the classes of ImageNet (1000 or more), this one has "
            f"{model.num_classes}; take --benchmark image-folder if they are the folders there"
        )
    numbers = {name: number for number, name in enumerate(ImageNetInfo(subset).label_names())}
    _refuse_unknown(folder, names, numbers, f"the model's {subset} classes")
    return Numbering(numbers, _part_of(names, numbers))


def by_name(folder: Path, names: list[str], model: Any) -> Numbering:
    """Number class folders as the model's configuration names its classes, or in timm's order where it names none.

    Raises:
        PrunariumError: the model has another number of classes, or other ones.
    """
    from timm.data import CustomDatasetInfo
    from timm.utils.misc import natural_key

    if known := (model.pretrained_cfg or {}).get("label_names"):
        info = CustomDatasetInfo(known)
        numbers = {info.index_to_label_name(number): number for number in info.label_indices()}
        _refuse_unknown(folder, names, numbers, "the classes that the model's configuration names")
        return Numbering(numbers, _part_of(names, numbers))
    if len(names) != model.num_classes:
        raise PrunariumError(
            f"{folder}: has {len(names)} class folders ({some_of(names)}), the model has {model.num_classes} classes; "
            "give a checkpoint that was trained on these"
        )
    order = sorted(names, key=natural_key)
    return Numbering({name: number for number, name in enumerate(order)}, _order_note(order, names))


def read_folder(
    folder: Path, number_classes: NumberClasses, model: Any, count: int | None
) -> tuple[FolderSamples, str]:
    """The images of a folder of class folders for a model, and what a person should know of them; nothing is read yet.

    Args:
        folder: that holds the class folders.
        number_classes: ``by_wordnet_id`` or ``by_name``.
        model: a timm classifier.
        count: how many images to take; ``None`` for all.

    Raises:
        PrunariumError: the folder is missing, has no classes or a class without images, or does not fit the model.
    """
    import timm
    from torchvision.datasets.folder import IMG_EXTENSIONS, make_dataset

    names = class_folders(folder)
    numbering = number_classes(folder, names, model)
    found = make_dataset(folder, {name: index for index, name in enumerate(names)}, IMG_EXTENSIONS, allow_empty=True)
    empty = sorted(set(range(len(names))) - {index for _, index in found})
    if empty:
        raise PrunariumError(
            f"{folder}: no images in class folder {some_of([names[index] for index in empty])}; "
            f"images end in {', '.join(IMG_EXTENSIONS)}"
        )
    count = check_count(count, len(found), str(folder))
    chosen = [found[at] for at in np.random.default_rng(SHUFFLE_SEED).permutation(len(found))[:count]]
    config = timm.data.resolve_model_data_config(model)
    if config["input_size"][0] != 3:
        raise PrunariumError(f"{folder}: the model takes {config['input_size'][0]} channels, images here have 3")
    samples = FolderSamples(
        folder=folder,
        files=_Files(tuple(Path(path) for path, _ in chosen), timm.data.create_transform(**config)),
        labels=torch.tensor([numbering.numbers[names[index]] for _, index in chosen]),
        mean=config["mean"],
        std=config["std"],
    )
    return samples, numbering.note


def class_folders(folder: Path) -> list[str]:
    """Names of the class folders, sorted; hidden ones are none.

    Raises:
        PrunariumError: the folder is missing, or holds none.
    """
    if not folder.is_dir():
        raise PrunariumError(f"--data {folder}: there is no such folder")
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not names:
        raise PrunariumError(
            f"--data {folder}: holds no class folders; put the images of each class into a folder of their own "
            "(torchvision.datasets.ImageNet does so with the official archives)"
        )
    return names


def _refuse_unknown(folder: Path, names: list[str], known: Mapping[str, int], what: str) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise PrunariumError(
            f"{folder}: class folder {some_of(unknown)} is none of {what}; leave it out, or give another model"
        )


def _part_of(names: list[str], known: Mapping[str, int]) -> str:
    if len(names) == len(known):
        return ""
    return f"the data have {len(names)} of the model's {len(known)} classes; answers count among all of them"


def _order_note(order: list[str], names: list[str]) -> str:
    """Where timm's order of the folders is not the plain one, which other libraries train with."""
    for number, (ours, plain) in enumerate(zip(order, names, strict=True)):
        if ours != plain:
            return (
                f"class {number} is taken to be '{ours}', as timm numbers folders; torchvision's ImageFolder makes it "
                f"'{plain}', and a checkpoint that was trained so is judged wrongly here"
            )
    return ""


def _readers(images: int) -> int:
    """Processes that read ahead: as many as torch's threads, none for a few images."""
    alone = images < FEW or multiprocessing.current_process().daemon  # which may not start others
    return 0 if alone else min(MOST_READERS, torch.get_num_threads())


def _file_digest(path: Path) -> str:
    about = path.stat()
    return _digest(path, about.st_size, about.st_mtime_ns)


@functools.cache
def _digest(path: Path, size: int, changed: int) -> str:
    """Size and sha256 of a file; once per process, unless it changes."""
    with path.open("rb") as file:
        return f"{size}\0{hashlib.file_digest(file, 'sha256').hexdigest()}"
