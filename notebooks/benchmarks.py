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
# # Benchmarks: the paper's comparisons with other trackers
#
# Tables 1 and 2 and Fig. 8 to 13, 17 and 18 compare trackers on OTB, UAV-123, VOT and LaSOT. Here
# they are drawn from the runs of this study, with what the paper prints beside them. A row or curve
# says where it comes from: *printed* in the paper, *re-scored here* from published boxes, *run
# here* otherwise. Our clips and synthetic videos are not those benchmarks, so nothing on this page
# may be subtracted across blocks; a benchmark of the paper that was not run is named.

# %% tags=["parameters"]
table = []
figures = []

# %%
from pathlib import Path

from IPython.display import Markdown, display

from dslt.report import show, table1
from dslt.settings.catalog import heading

# %% [markdown]
# ## Runs with resets: Tables 1 and 2
#
# A tracker that loses the target is started again five frames later. Accuracy is the mean overlap
# while it tracks, robustness counts the losses, and the expected average overlap (EAO) puts both
# into one number: the mean overlap to be expected on a sequence of typical length without resets.

# %%
for path in table:
    display(Markdown(f"### {heading(Path(path).stem)}"))
    display(show.note(table1.not_run(Path(path))), show.table(table1.scores(Path(path))))
    display(show.downloads(path))

# %% [markdown]
# ## Expected average overlap: Fig. 10 and 12

# %%
show.figure(figures, "fig10")

# %%
show.figure(figures, "fig12")

# %% [markdown]
# ## Success and precision: Fig. 8, 9, 11 and 13
#
# One pass: a tracker is started once and never helped. The figures differ in the trackers that they
# compare and, in the paper, in the benchmark.

# %%
show.figure(figures, "fig08")

# %%
show.figure(figures, "fig09")

# %%
show.figure(figures, "fig11")

# %%
show.figure(figures, "fig13")

# %% [markdown]
# ## By attribute

# %%
show.figure(figures, "attributes")

# %% [markdown]
# ## Where the tracker does best, and where it fails: Fig. 17 and 18
#
# Sequences and frames are chosen by rules. Fig. 17: the largest lead of the reference's mean
# overlap over the median of the others. Fig. 18: its lowest mean overlap, around its first failure.

# %%
show.figure(figures, "fig17")

# %%
show.figure(figures, "fig18")

# %%
show.rest(figures)
