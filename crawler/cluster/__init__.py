"""Calls on the workers of a Dask cluster; everything else of a run stays in its own process."""
