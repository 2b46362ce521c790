"""Weights of timm models: from a local file, or pretrained ones on this machine. Nothing is fetched unasked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError, did_you_mean, some_of

HUB_FILES = ("model.safetensors", "pytorch_model.bin")


class NoWeightsError(PrunariumError):
    """The pretrained weights are not on this machine; the message says what to fetch and where to put it."""


def check_name(name: str) -> None:
    """Refuse a name of which timm has no model or no such weights.

    Raises:
        PrunariumError: timm does not know it.
    """
    import timm

    plain, _, tag = name.partition(".")
    if not timm.is_model(plain):
        raise PrunariumError(f"timm has no model '{name}'{did_you_mean(plain, timm.list_models())}")
    if tag and name not in (tagged := timm.list_pretrained(f"{plain}.*")):
        raise PrunariumError(f"timm has no weights '{name}'{did_you_mean(name, tagged)}")


def with_checkpoint(name: str, path: Path) -> nn.Module:
    """A timm model with local weights, and as many classes as they have.

    Args:
        name: of the model.
        path: a file of torch or safetensors, or a folder with ``config.json``, as timm's ``save_for_hf`` writes it;
            the folder also holds how images are to be cut and normalised, and the names of the classes.

    Raises:
        PrunariumError: there is no such checkpoint, it cannot be read, or it is of another model.
    """
    check_name(name)
    file = _weights_of(path) if path.is_dir() else path
    if not file.is_file():
        raise PrunariumError(f"{file}: there is no such checkpoint; give the path of a weights file")
    weights = _read(file)
    model = _described(name, path) if path.is_dir() else _with_classes_of(weights, name)
    _check_fit(name, file, weights, model.state_dict())
    model.load_state_dict(weights)
    return model


def pretrained(name: str) -> nn.Module:
    """A timm model with its pretrained weights, which must be on this machine.

    Raises:
        NoWeightsError: they are not.
        PrunariumError: timm has no such model, or the file that is here does not fit.
    """
    import timm

    check_name(name)
    path = _cached(timm.get_pretrained_cfg(name))
    if path is None:
        raise NoWeightsError(_how_to_fetch(name))
    try:
        return timm.create_model(name, pretrained=True, pretrained_cfg_overlay={"file": str(path)})
    except Exception as error:  # whatever a damaged file makes torch or timm raise
        raise PrunariumError(f"{path}: does not fit {name}: {_first_line(error)}; delete and fetch it again") from error


def download(name: str) -> None:
    """Fetch a timm model's pretrained weights into the cache, unless they are there.

    Raises:
        PrunariumError: timm has no such model or no weights for it, or they cannot be fetched.
    """
    import timm

    check_name(name)
    config = timm.get_pretrained_cfg(name)
    if _cached(config) is not None:
        return
    try:
        requests.head(_address(config), timeout=10, allow_redirects=True)  # the hub's client retries for a minute
        timm.create_model(name, pretrained=True)
    except Exception as error:  # no network, no such file, no room on the disk: all end here
        raise PrunariumError(f"{_how_to_fetch(name)} (downloading failed: {_first_line(error)})") from error


def _weights_of(folder: Path) -> Path:
    return next((folder / file for file in HUB_FILES if (folder / file).is_file()), folder / HUB_FILES[0])


def _described(name: str, folder: Path) -> nn.Module:
    """The model that a folder's configuration describes, without weights."""
    import timm

    try:
        architecture = json.loads((folder / "config.json").read_text(encoding="utf-8"))["architecture"]
        model = timm.create_model(f"local-dir:{folder}") if architecture == name.partition(".")[0] else None
    except Exception as error:  # whatever timm raises on a file that somebody else wrote
        raise PrunariumError(
            f"{folder}: holds no config.json of a timm model; give the weights file instead"
        ) from error
    if model is None:
        raise PrunariumError(f"{folder}: does not fit {name}: its config.json is of {architecture}")
    return model


def _with_classes_of(weights: Mapping[str, Tensor], name: str) -> nn.Module:
    """The model with as many classes as the weights have."""
    import timm

    config = timm.get_pretrained_cfg(name)
    layers = (config.classifier if config else None) or "head"
    head = weights.get(f"{layers if isinstance(layers, str) else layers[0]}.weight")
    return timm.create_model(name) if head is None else timm.create_model(name, num_classes=len(head))


def _read(path: Path) -> Mapping[str, Tensor]:
    from timm.models import load_state_dict

    try:
        weights = load_state_dict(str(path))
    except Exception as error:  # torch, pickle, zip and safetensors each have their own
        raise PrunariumError(f"{path}: is not a checkpoint that can be read: {_first_line(error)}") from error
    if not weights or not all(isinstance(value, Tensor) for value in weights.values()):
        raise PrunariumError(
            f"{path}: is not a checkpoint that can be read: it holds other things than weights by name"
        )
    return weights


def _check_fit(name: str, path: Path, weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Every weight there, none besides, each of the right shape."""
    faults = []
    if lacking := sorted(wanted.keys() - weights.keys()):
        faults.append(f"it lacks {some_of(lacking)}")
    if strange := sorted(weights.keys() - wanted.keys()):
        faults.append(f"it has {some_of(strange)}")
    shapes = [
        (key, list(weights[key].shape), list(wanted[key].shape)) for key in sorted(wanted.keys() & weights.keys())
    ]
    faults += [f"its {key} is {there}, the model's {ours}" for key, there, ours in shapes if there != ours][:1]
    if faults:
        raise PrunariumError(f"{path}: does not fit {name}, it is of another model: {'; '.join(faults)}")


def _files(config: Any) -> tuple[str, ...]:
    return (config.hf_hub_filename,) if config.hf_hub_filename else HUB_FILES


def _cached(config: Any) -> Path | None:
    """The file of a model's pretrained weights where hub or torch keep it, if it is there."""
    if config is None:
        return None
    if config.hf_hub_id:
        from huggingface_hub import try_to_load_from_cache

        repository, _, revision = config.hf_hub_id.partition("@")
        found = (try_to_load_from_cache(repository, file, revision=revision or None) for file in _files(config))
        return next((Path(path) for path in found if isinstance(path, str)), None)
    path = _torch_folder() / Path(config.url or "").name
    return path if path.is_file() else None


def _torch_folder() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def _address(config: Any) -> str:
    if not config.hf_hub_id:
        return config.url
    from huggingface_hub import hf_hub_url

    repository, _, revision = config.hf_hub_id.partition("@")
    return hf_hub_url(repository, _files(config)[0], revision=revision or None)


def _how_to_fetch(name: str) -> str:
    import timm

    config = timm.get_pretrained_cfg(name)
    if config is None or not (config.hf_hub_id or config.url):
        return f"timm has no pretrained weights for {name}; give --checkpoint, or a model of timm.list_pretrained()"
    if config.hf_hub_id:
        from huggingface_hub import constants

        repository = config.hf_hub_id.partition("@")[0]
        place = f"'hf download {repository}' where there is a network, copied to {constants.HF_HUB_CACHE}"
    else:
        place = f"the same file in {_torch_folder()}"
    return (
        f"the pretrained weights of {name} are not on this machine: give --download, or fetch {_address(config)} and "
        f"give it as --checkpoint, or have {place}"
    )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
