"""Fingerprints of the code that a stem runs, for the workflow's rules.

Snakemake does not track imported modules. A stem's fingerprint covers the syntax trees of every
module of this package that its command imports, at the top or inside a function, directly or not.
Comments, docstrings and layout do not count.
"""

import ast
import functools
import hashlib
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# Libraries whose version can change a number.
LIBRARIES = (
    "av",
    "numpy",
    "opencv-contrib-python-headless",
    "openvino",
    "pillow",
    "scikit-image",
    "torch",
    "torchvision",
)


@functools.cache
def libraries() -> str:
    """Name the versions of the numerical libraries; CPU and CUDA builds of one release are one."""
    return ", ".join(filter(None, map(_library, LIBRARIES)))


def _library(name: str) -> str | None:
    """Name a library and its version; OpenVINO has no wheel for some platforms."""
    try:
        return f"{name} {metadata.version(name).split('+')[0]}"
    except metadata.PackageNotFoundError:
        return None


def module_path(name: str) -> Path | None:
    """Return the file of a module of this package, or None if there is no such module."""
    base = PACKAGE.joinpath(*name.split(".")[1:])
    for path in (base.with_suffix(".py") if name != "dslt" else None, base / "__init__.py"):
        if path is not None and path.is_file():
            return path
    return None


@functools.cache
def _parse(name: str, path: Path) -> tuple[str, frozenset[str]]:
    """Return a module's hash and the modules of this package that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    imports: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: -(node.level - 1) or None] if node.level else []
            base = ".".join([*parts, node.module] if node.module else parts)
            imports.add(base)
            imports.update(f"{base}.{alias.name}" for alias in node.names)
        _drop_docstring(node)
    own = {full for full in imports if full.split(".")[0] == "dslt"}
    # Importing a.b.c runs a and a.b as well.
    own |= {parent for full in own for parent in _parents(full)}
    return hashlib.sha256(_shape(tree).encode()).hexdigest(), frozenset(own)


def _shape(node: object) -> str:
    """Write a syntax tree down, the same on every Python: empty fields come and go with it."""
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={_shape(value)}"
            for name, value in ast.iter_fields(node)
            if value is not None and value != []
        ]
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(_shape(item) for item in node)}]"
    return repr(node)


def _parents(name: str) -> list[str]:
    """List the packages that importing `name` runs."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _drop_docstring(node: ast.AST) -> None:
    """Remove the docstring of a module, a class or a function."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        first = node.body[0] if node.body else None
        if (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            node.body = node.body[1:]


@functools.cache
def closure(name: str) -> frozenset[str]:
    """Return the modules of this package that importing `name` may run, itself included.

    Raises:
        ValueError: if `name` is no module of this package.
    """
    if module_path(name) is None:
        raise ValueError(f"no module {name!r} in this package")
    seen: set[str] = set()
    waiting = [name, *_parents(name)]
    while waiting:
        module = waiting.pop()
        path = module_path(module)
        if module in seen or path is None:
            continue
        seen.add(module)
        waiting.extend(_parse(module, path)[1])
    return frozenset(seen)


def content(folder: str) -> list[Path]:
    """List the files in a folder of this package that are no code, such as `report/assets`."""
    files = (path for path in (PACKAGE / folder).rglob("*") if path.is_file())
    return sorted(path for path in files if path.suffix not in (".py", ".pyc"))


@functools.cache
def content_of(folder: str) -> str:
    """Hash the names and bytes of `content` to 16 hex digits."""
    digest = hashlib.sha256()
    for path in content(folder):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {len(data)}\n".encode() + data)
    return digest.hexdigest()[:16]


def code_of(*names: str) -> str:
    """Fingerprint several modules, each with all that it imports from this package."""
    return " ".join(fingerprint(name) for name in names)


@functools.cache
def fingerprint(name: str) -> str:
    """Hash the code behind the module `name` to 16 hex digits."""
    parts = []
    for module in sorted(closure(name)):
        path = module_path(module)
        assert path is not None  # closure() holds only modules with a file
        parts.append(f"{module} {_parse(module, path)[0]}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
