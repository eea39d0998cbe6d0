"""Benchmarks as data: where sequences come from, which they are, how they are scored.

One entry of `config/benchmarks.yaml` is one benchmark; an overlay may add more. This module is
read while the workflow builds its graph, so it imports neither torch nor OpenCV.
"""

from collections.abc import Mapping
from typing import Any

from dslt.core.errors import DsltError, quote, unknown
from dslt.core.names import NAME, same_name
from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.data.benchmarks.kinds import ClipsBenchmark, FolderBenchmark, SyntheticBenchmark
from dslt.settings.kinds import kinds_of, parse_kind

Benchmark = ClipsBenchmark | SyntheticBenchmark | FolderBenchmark | AnnotationsBenchmark
_KINDS: dict[str, type[Benchmark]] = kinds_of(Benchmark)


def parse_benchmark(name: str, definition: Any) -> Benchmark:
    """Check the definition of a benchmark.

    Raises:
        DsltError: An unknown kind or key (the error lists the allowed ones), a missing key, or a
            value of the wrong type.
    """
    if not NAME.fullmatch(name):
        raise DsltError(f"benchmark {quote(name)}: the name has a space, a slash or a quote in it")
    return parse_kind(_KINDS, definition, f"benchmark {name}")


def find_benchmark(definitions: Mapping[str, Any], name: str) -> tuple[str, Benchmark]:
    """Look a benchmark up by its name or by one of its aliases.

    Args:
        definitions: Entries by name, unchecked (`dslt.core.definitions.read_definitions`).
        name: Name as people write it; case and punctuation do not matter.

    Returns:
        The entry's own name, and the benchmark.

    Raises:
        DsltError: No entry is called so, or several are; the error lists the names. Or the entry
            is wrong.
    """
    if name in definitions:
        return name, parse_benchmark(name, definitions[name])
    found = [key for key in definitions if same_name(key, name)] or [
        key
        for key, values in definitions.items()
        if any(same_name(alias, name) for alias in _aliases(values))
    ]
    if len(found) > 1:
        raise DsltError(f"benchmark {quote(name)} may be {' or '.join(found)}; give the exact name")
    if not found:
        raise unknown("benchmark", name, definitions)
    return found[0], parse_benchmark(found[0], definitions[found[0]])


def _aliases(values: Any) -> list[str]:
    aliases = values.get("aliases") if isinstance(values, dict) else None
    return [str(alias) for alias in aliases] if isinstance(aliases, list | tuple) else []
