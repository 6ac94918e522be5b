"""Rare and dangerous work on a database: verify and repair, prune, erase."""
