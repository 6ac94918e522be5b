"""Texts that would drive a careless pattern to a standstill, against everything here that reads outside text.

Run as a program, `python -m tests.patterns SECONDS [PATTERN …]`, under a limit of CPU time that linear work
stays far below and quadratic work of this length far above.
"""

from __future__ import annotations

import ast
import importlib
import io
import pkgutil
import re
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _constants as op  # the parser of `re` itself says where a pattern repeats
from re import _parser as parser

import crawler

LENGTH = 300_000
TAILS = ("", "\0", "a b", "\n!")
PACKAGE = Path(crawler.__file__).parent
SAMPLES = {
    op.CATEGORY_SPACE: " \n\u3000",
    op.CATEGORY_DIGIT: "7",
    op.CATEGORY_WORD: "a文",
    op.CATEGORY_NOT_SPACE: "a!",
    op.CATEGORY_NOT_DIGIT: "a",
    op.CATEGORY_NOT_WORD: " !",
}
METHODS = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")


def patterns() -> dict[str, tuple[re.Pattern, set[str]]]:
    """Every pattern that a module of the package holds, by its name, with the methods it is used with."""
    found: dict[str, tuple[re.Pattern, set[str]]] = {}
    for info in pkgutil.walk_packages(crawler.__path__, "crawler."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        uses = _uses(Path(module.__file__))
        for name, value in vars(module).items():
            for number, pattern in enumerate(_held(value)):
                # One that is used under another name is used as those of tables are: on a whole text.
                found[f"{info.name}.{name}.{number}"] = (pattern, uses.get(name) or {"match", "fullmatch"})
    return found


def patterns_in_functions() -> set[str]:
    """The files where a pattern is made or used without a name of the module's own."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
                names = {f.attr for f in calls if isinstance(f, ast.Attribute) and _is_re(f.value)}
                if names & {*METHODS, "compile"}:
                    found.add(path.relative_to(PACKAGE).as_posix())
    return found


def attacks(pattern: re.Pattern) -> set[str]:
    """Texts that reach each unbounded repetition of the pattern, go round it very often, and then fail."""
    walked, _before = _walk(parser.parse(pattern.pattern, pattern.flags), "")
    return {before + pump * (LENGTH // len(pump)) + tail for before, pump in walked for tail in TAILS}


def readers() -> dict[str, Callable[[str], object]]:
    """What takes text from outside, patterns made on the spot included."""
    import logging

    from dotenv import dotenv_values

    from crawler.analysis.export.cells import kept_as_text
    from crawler.keywords.validation import identity, keyword_from
    from crawler.maintenance.erasure import plain_name
    from crawler.maintenance.redaction import Mentions
    from crawler.safe_links import picture_link, profile_link
    from crawler.settings.environment import ENV_CHARACTERS_MAX
    from crawler.store.erased import Forgotten, fingerprint
    from crawler.untrusted_text import sanitize
    from crawler.vendor.envelope import read_envelope
    from crawler.vendor.followers import read_count, read_fans, read_labelled
    from crawler.vendor.loose_json import read_loosely
    from crawler.vendor.search_user_v2 import parse_user_search
    from crawler.vendor.token_mask import TokenMask

    logging.disable()  # python-dotenv tells of every line that it cannot read
    masks = [TokenMask("tok/SECRET+8b1f&2c=="), TokenMask("aaaaaaaaaaaaaaaa"), TokenMask("e=")]
    forgotten = Forgotten(("salt",), frozenset([fingerprint("salt", "nobody")]))
    mentions = Mentions(["4m1rr22", "aaaa", "    "])
    places = ("id", "red_id", "name", "desc", "sub_title", "fans", "image", "link")
    return {
        "parse": lambda text: parse_user_search([{"id": "1"} | {place: text} for place in places]),
        "count": read_count,
        "fans": read_fans,
        "labelled": read_labelled,
        "envelope": lambda text: read_envelope(text.encode(errors="replace")),
        "envelope, flawed": lambda text: read_envelope(b"[[\xff" + text.encode(errors="replace")),
        "loose": lambda text: _or_refused(read_loosely, text),
        "mask": lambda text: [mask.in_body(text.encode(errors="replace")) for mask in masks],
        "mask, flawed": lambda text: [
            mask.in_body(b"\xff" + text.encode(errors="replace")) for mask in masks
        ],
        "forgotten": forgotten.named_in,
        "mentions": mentions,
        "erase": plain_name,
        "links": lambda text: (picture_link(text), profile_link(text)),
        "cells": kept_as_text,
        "keyword": lambda text: keyword_from("a:1", text, {"tags": text, "priority": text}),
        "identity": identity,
        "terminal": sanitize,
        ".env": lambda text: dotenv_values(
            stream=io.StringIO(("A=" + text)[:ENV_CHARACTERS_MAX]), interpolate=False
        ),
    }


def hostile_texts() -> Iterator[str]:
    """Long texts that many patterns could stumble over."""
    heads = (
        "",
        "小红书号:",
        "小红书号",
        "粉丝 ",
        "https://",
        "1",
        '"',
        "'",
        "A='",
        'A="',
        "[",
        "%",
        "&#",
        "token=",
    )
    pumps = (
        " ", "a", "7", "0", "\\", "%", "%25", "&", "&amp;", "&#", "&#0", "\\u00",
        "\\u0025", "\\'", '\\"', "=",
        "4m1rr22 ", "e=", ".", ",", "/", "a.", "a ", "\n", "文", "A=1\n", "[", '{"a":', "YQ", "61", "#",
        "\u3000", "\\x", "&#x0",
    )  # fmt: skip
    for head in heads:
        for pump in pumps:
            yield head + pump * (LENGTH // 4 // len(pump)) + "a b"


def _or_refused(read: Callable[[str], object], text: str) -> object:
    try:
        return read(text)
    except ValueError:
        return None


def _held(value: object, depth: int = 0) -> Iterator[re.Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, list | tuple | set | frozenset | dict) and depth < 3:
        for item in value:
            yield from _held(item, depth + 1)
        if isinstance(value, dict):
            yield from _held(list(value.values()), depth + 1)


def _uses(path: Path) -> dict[str, set[str]]:
    """The methods that a module calls on its names."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in METHODS:
            found.setdefault(node.value.id, set()).add(node.attr)
    return found


def _is_re(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "re"


def _walk(sequence: parser.SubPattern, before: str) -> tuple[list[tuple[str, str]], str]:
    """Each repetition as what comes before it and what it repeats; and a text the whole sequence takes."""
    found: list[tuple[str, str]] = []
    for kind, value in sequence:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, inner = value
            inside, after = _walk(inner, before)
            found += inside
            if most > 100:
                found += [(before, pump) for pump in _pumps(inner)]
            before = after if least else before
        elif kind is op.SUBPATTERN:
            inside, before = _walk(value[-1], before)
            found += inside
        elif kind is op.ATOMIC_GROUP:
            inside, before = _walk(value, before)
            found += inside
        elif kind is op.BRANCH:
            walked = [_walk(branch, before) for branch in value[1]]
            found += [each for inside, _after in walked for each in inside]
            before = walked[0][1]
        else:
            before += _characters(kind, value)[:1]
    return found, before


def _pumps(inner: parser.SubPattern) -> list[str]:
    if len(inner) == 1 and inner[0][0] in (op.IN, op.ANY, op.LITERAL, op.NOT_LITERAL):
        return list(_characters(*inner[0]))
    pump = _walk(inner, "")[1]
    return [pump] if pump else []


def _characters(kind: object, value: object) -> str:
    """Some characters that one place of a pattern takes."""
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.ANY:
        return "a "
    if kind is op.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if kind is op.CATEGORY:
        return SAMPLES[value]
    if kind is not op.IN:
        return ""
    if value[0][0] is op.NEGATE:
        excluded = [re.compile("[" + re.escape(_characters(*each)) + "]") for each in value[1:]]
        return "".join(each for each in "a !\\文" if not any(bad.match(each) for bad in excluded))
    ends = [chr(each[0]) if kind is op.RANGE else _characters(kind, each) for kind, each in value]
    return "".join(ends)[:8]


def main(seconds: int, given: list[str]) -> None:
    """Goes through all of it, or through the patterns given, or dies of SIGXCPU."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for name, (pattern, methods) in patterns().items() if not given else ():
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        for text in attacks(pattern):
            subject = text.encode(errors="replace") if isinstance(pattern.pattern, bytes) else text
            for method in methods:
                extra = ("",) if method in ("sub", "subn") else ()
                result = getattr(pattern, method)(*extra, subject)
                list(result) if method == "finditer" else None
    for text in given:
        for attack in attacks(re.compile(text)):
            re.compile(text).fullmatch(attack)
    for name, reader in readers().items() if not given else ():
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        for text in hostile_texts():
            reader(text)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
