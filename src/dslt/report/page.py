"""One page: a py:percent notebook, executed with parameters and rendered without its code."""

import ast
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import jupytext
import nbformat
from nbclient.exceptions import DeadKernelError
from nbconvert import HTMLExporter

from dslt.core.errors import DsltError, unknown
from dslt.core.files import atomic_write
from dslt.report import html

Parameters = dict[str, str | list[str]]
KERNEL = "dslt-page"
START_SECONDS = 300  # a kernel starts in one second, but not on a machine that is fully loaded


def render(
    notebook: Path,
    values: Sequence[tuple[str, str]],
    executed: Path,
    out: Path,
    pages: Sequence[str] = (),
) -> None:
    """Execute a notebook and write it as a page of the site.

    The process's own folder is the notebook's, so relative paths mean the same in both.

    Args:
        notebook: A py:percent notebook with a cell tagged `parameters`.
        values: Names and values; a parameter whose default is a list may be given often.
        executed: Where the executed notebook goes, also when a cell fails.
        out: The HTML page, in the site's folder.
        pages: The pages of the site.

    Raises:
        DsltError: The notebook is missing or malformed, a parameter is unknown or lacking, or a
            cell fails; then the message has the cell's error and `out` is not written.
    """
    source = _read(notebook)
    parameters = fill(declared(source, notebook), values, notebook)
    done = _execute(source, parameters, notebook, executed)
    site = html.Site(tuple(pages) or ("index",), out.stem)
    foot = html.fill("given", parameters=parameters)
    html.write(_title(done), to_html(done), out, site, foot=foot)


def _read(notebook: Path) -> Any:
    """Read a py:percent notebook; its cells get plain ids, so equal runs give equal bytes."""
    if not notebook.is_file():
        raise DsltError(f"{notebook}: no such notebook")
    try:
        source = jupytext.read(notebook, fmt="py:percent")
    except (ValueError, UnicodeDecodeError) as error:
        raise DsltError(f"{notebook}: not a py:percent notebook ({error})") from error
    _number_cells(source)
    return source


def _number_cells(notebook: Any) -> None:
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"


def declared(notebook: Any, where: Path) -> dict[str, Any]:
    """Find the parameters and their defaults in the cell tagged `parameters`.

    Raises:
        DsltError: There is no such cell, or it holds more than assignments of literals.
    """
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise DsltError(f"{where}: {len(cells)} cells tagged `parameters`, expected 1")
    defaults = {}
    try:
        for statement in ast.parse(cells[0].source).body:
            if not isinstance(statement, ast.Assign):
                raise ValueError(f"line {statement.lineno} is not an assignment")
            for target in statement.targets:
                defaults[ast.unparse(target)] = ast.literal_eval(statement.value)
    except (SyntaxError, ValueError) as error:
        raise DsltError(f"{where}: its parameters cell is no list of defaults: {error}") from error
    return defaults


def fill(defaults: Mapping[str, Any], values: Sequence[tuple[str, str]], where: Path) -> Parameters:
    """Match given values with the declared parameters.

    A parameter whose default is a list collects all its values, none included; one whose default
    is None must be given; any other keeps its default.

    Raises:
        DsltError: A name is unknown, given twice without being a list, or lacking.
    """
    found: Parameters = {}
    for name, value in values:
        if name not in defaults:
            raise unknown(f"parameter of {where}", name, defaults)
        if isinstance(defaults[name], list):
            found[name] = [*found.get(name, []), value]
        elif name in found:
            raise DsltError(f"{where}: parameter {name!r} was given twice, it takes one value")
        else:
            found[name] = value
    lacking = [name for name, value in defaults.items() if value is None and name not in found]
    if lacking:
        raise DsltError(f"{where}: parameter {', '.join(lacking)} is needed (-p NAME VALUE)")
    return found


def _execute(source: Any, parameters: Parameters, notebook: Path, executed: Path) -> Any:
    """Run a notebook with papermill; what was reached goes to `executed` in any case."""
    import matplotlib
    import papermill
    from papermill.exceptions import PapermillException, PapermillExecutionError

    with tempfile.TemporaryDirectory(prefix="dslt-page-") as name:
        folder = Path(name)
        prepared, result = folder / "prepared.ipynb", folder / "executed.ipynb"
        nbformat.write(source, prepared)  # type: ignore[no-untyped-call]
        _write_kernel(folder / "data" / "kernels" / KERNEL)
        # The user's kernels, start-up files and history are kept out of the run.
        private = {
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_CONFIG_PATH": "",
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_PATH": "",
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "MPLCONFIGDIR": matplotlib.get_cachedir(),  # one for a while where there is no home
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        try:
            with mock.patch.dict(os.environ, private):
                return papermill.execute_notebook(
                    prepared,
                    result,
                    parameters=parameters,
                    kernel_name=KERNEL,
                    language="python",
                    cwd=Path.cwd(),
                    progress_bar=False,
                    start_timeout=START_SECONDS,
                )
        except PapermillExecutionError as error:
            raise DsltError(
                f"{notebook}: a cell failed with {error.ename}: {error.evalue}\n"
                f"  the cell begins: {error.source.strip().splitlines()[0]}\n"
                f"  the whole trace is in {executed}"
            ) from error
        except (PapermillException, DeadKernelError, RuntimeError) as error:
            raise DsltError(
                f"{notebook}: could not be executed ({type(error).__name__}: {error}); "
                f"what was reached is in {executed}"
            ) from error
        finally:
            if result.exists():
                with atomic_write(executed) as path:
                    path.write_bytes(result.read_bytes())


def _write_kernel(folder: Path) -> None:
    """Describe a kernel that is run by this interpreter, whatever others there are."""
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": argv, "display_name": "Python", "language": "python"}
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(described), encoding="utf-8")


def to_html(executed: Any) -> str:
    """Render an executed notebook as the body of a page: text, tables and figures, no code."""
    _number_cells(executed)
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(executed)
    return str(body)


def _title(notebook: Any) -> str:
    """Take the first heading of a notebook."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    found = re.search(r"^# (.*)", "\n".join(texts), re.MULTILINE)
    return found.group(1).strip() if found else "Report"
