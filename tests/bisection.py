"""Equal prefixes as PrefixKV's paper finds them: by bisection (algorithm 1)."""


def prefix(falling, threshold):
    """The shortest prefix whose cumulative share of the importance reaches a threshold."""
    reached, whole = 0.0, sum(falling)
    for count, importance in enumerate(falling, start=1):
        reached += importance / whole
        if reached >= threshold:
            return count
    return len(falling)


def bisected(layers, total):
    """Entries of each layer, whose importance falls, with the largest threshold that does not exceed the total."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if sum(prefix(falling, middle) for falling in layers) > total:
            high = middle
        else:
            low = middle
    return [prefix(falling, low) for falling in layers]
