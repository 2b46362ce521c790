"""What families share whose methods take entries from a key-value cache: masks, refusals, the cache itself."""
