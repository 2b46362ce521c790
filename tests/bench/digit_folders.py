"""A tiny folder of class folders, and a tiny timm ViT of which it is known what it answers to each of its images."""

import numpy as np
import timm
import torch
from PIL import Image
from timm.data import ImageNetInfo

from prunarium.bench import digits

MODEL = "test_vit"  # timm's: 160 pixels, 100 patch tokens, 6 blocks
EACH = 4  # images in a class folder
SYNSETS = [ImageNetInfo().label_names()[number] for number in (0, 281, 999)]


def make_folder(folder, names=SYNSETS):
    """Embedded digits as pictures of all sizes: coloured and grey ones, and one JPEG."""
    rng = np.random.default_rng(0)
    images, answers = digits.split(train=False)
    for label, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number, image in enumerate(images[answers == label][:EACH]):
            grey = Image.fromarray(image).resize(tuple(rng.integers(40, 260, size=2).tolist()))
            shades = [Image.fromarray((np.asarray(grey) * shade).astype(np.uint8)) for shade in rng.uniform(0.3, 1, 3)]
            picture = grey if number == 1 else Image.merge("RGB", shades)
            picture.save(folder / name / (f"{number}.jpg" if (label, number) == (2, 3) else f"{number}.png"))
    return folder


def peaked_vit(classes):
    """Random weights, with which attention differs from token to token."""
    torch.manual_seed(0)
    model = timm.create_model(MODEL, num_classes=classes).eval()
    with torch.no_grad():
        for block in model.blocks:
            block.attn.qkv.weight.normal_(std=0.3)
    return model


@torch.no_grad()
def teach(model, images, scores):
    """Solve for the head that gives these scores ``[images, classes]`` to these images."""
    features = model.forward_head(model.forward_features(images), pre_logits=True).double()
    model.head.weight.copy_((torch.linalg.pinv(features) @ scores.double()).T)
    model.head.bias.zero_()
    return model


def wanted_scores(labels, classes, ranks):
    """Scores that put the right answer of each image at a rank, 0 for the best ``[images, classes]``."""
    scores = torch.zeros(len(labels), classes)
    for row, (label, rank) in enumerate(zip(labels.tolist(), ranks, strict=True)):
        better = [other for other in range(classes) if other != label][:rank]
        scores[row, better] = torch.arange(20.0, 20.0 + rank)
        scores[row, label] = 10
    return scores
