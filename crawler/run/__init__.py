"""One run from its first row to its summary: what it is put together from, how it starts, and how it ends."""
