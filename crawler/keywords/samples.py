"""The sample keyword files that come with the program: never crawled for money by accident."""

from __future__ import annotations

import hashlib
from pathlib import Path

SAMPLES = frozenset(
    {
        "dafc65c4daef45216ea193d507a4c60619b317bbb6bf17fd90981a6cb7e03bd7",  # beauty-and-outfits.txt
        "0a188d83350ccd7678053ec63491dc7bd31ded4b1ff38354d48bd6ccef74f04b",  # home-pets-and-hobbies.jsonl
        "b171fc962d1478ebbb84d048082b0be4abf24707ec248acc2a6a650e51d3088d",  # lifestyle.csv
    }
)
"""SHA-256 of each, with line feeds alone: a checkout may have brought other ends of lines."""

_BYTES_MAX = 64 * 1024


def is_sample(file: Path) -> bool:
    """Whether a file is one of the samples, as it came; one that was changed is the user's own."""
    try:
        if not file.is_file() or file.stat().st_size > _BYTES_MAX:
            return False
        content = file.read_bytes()
    except OSError:
        return False  # whoever reads it says so
    return digest(content) in SAMPLES


def digest(content: bytes) -> str:
    """What stands for a sample in `SAMPLES`."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
