"""One image for a model whose cost alone is measured: the user's, or noise."""

from pathlib import Path
from typing import Any

import numpy as np

from prunarium.bench.image_folder import as_seen, read_image
from prunarium.bench.samples import InMemory


def noise(height: int, width: int) -> Any:
    """An RGB picture of nothing, the same every time."""
    from PIL import Image

    return Image.fromarray(np.random.default_rng(0).integers(256, size=(height, width, 3), dtype=np.uint8))


def one_image(path: Path | None, config: dict[str, Any]) -> InMemory:
    """A picture from a file, or noise, as a timm model with this data configuration takes it.

    Raises:
        PrunariumError: the file is missing or no image.
    """
    import timm

    if path is None:
        _, height, width = config["input_size"]
        image = noise(height, width)
    else:
        image = read_image(path)
    tensor = timm.data.create_transform(**config)(image)
    return InMemory({"images": tensor[None]}, None, as_seen(tensor, config["mean"], config["std"])[None])
