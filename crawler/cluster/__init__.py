"""Calls made by cluster workers (Dask); everything else of a run stays in its own process."""
