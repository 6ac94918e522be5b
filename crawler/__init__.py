"""Nightly keyword crawls of a paid creator search API into SQLite."""
