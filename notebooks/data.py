# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Data: the sequences of this study
#
# The paper evaluates on OTB, UAV123, VOT and LaSOT. The default study runs where none of them is at
# hand: on short **real clips**, which ship inside Python packages and were annotated for this
# project, and on **synthetic videos**, which are composed of real photographs and whose boxes are
# exact because the program that draws them knows them. Benchmarks are never averaged together.

# %% tags=["parameters"]
index = []
sequences = []
figures = []

# %%
from pathlib import Path

from IPython.display import Markdown, display

from dslt.report import show, tables
from dslt.settings.catalog import benchmark_title

# %% [markdown]
# Each table lists one benchmark. *Source video* matters for the intervals of this study: several
# clips come from one film, so they are not independent, and intervals count videos.
# *Target absent* counts the frames in which the target is hidden or outside; they have no box and
# do not enter any score. The attributes are those of OTB: IV illumination, SV scale, OCC occlusion,
# DEF deformation, MB motion blur, FM fast motion, IPR and OPR rotation in and out of the plane, OV
# out of view, BC background clutter, LR low resolution.

# %%
for path in index:
    display(Markdown(f"## {benchmark_title(Path(path).stem)}"))
    display(show.table(tables.sequences(Path(path), sequences)))

# %% [markdown]
# ## How far to trust the boxes
#
# The boxes of the clips were drawn by hand at key frames, interpolated, and checked by eye, with an
# error of one to ten pixels depending on the clip (`config/README.md`). They come from fourteen
# source videos, which is few: an interval over them is wide, and it should be.

# %%
show.rest(figures)
