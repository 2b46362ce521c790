"""Methods of the registry that fit every model: what is learned of them is as it is before any training."""

from prunarium import load, registry
from prunarium.families import LearnedMethod, TokenMethod


def fresh(name: str) -> TokenMethod:
    """The method as it comes; learned parts as they are before any training."""
    return load(name, weights="random") if issubclass(registry.load_class(name), LearnedMethod) else load(name)
