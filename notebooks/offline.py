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
# # Offline training: what each loss does to a network
#
# A Siamese tracker learns before it sees a video: from pairs of a target's template and a search
# region around it. Almost every cell of its response is background, so the paper's argument of
# imbalance holds here too, and it replaces the classification loss. RT-MDNet learns to tell boxes
# on a target from boxes beside it, each video with a classifier of its own, and goes on learning in
# the video that it tracks; here it is validated with what cross-entropy learns on the first frame.
# The cells of one tracker differ in that loss only; network, samples, seeds and schedule are the
# same.

# %% tags=["parameters"]
training = []
figures = []

# %%
from pathlib import Path

from IPython.display import display

from dslt.report import show, tables

# %% [markdown]
# ## The losses
#
# Each loss is cross-entropy times a modulating factor of *l* = 1 - *p*, the probability that a
# sample's own class lacks. Focal loss weakens every sample, hard ones too; shrinkage loss weakens
# only those below 1 - *c* and, with its exponential part, strengthens the hard ones.

# %%
show.figure(figures, "fig06")

# %% [markdown]
# ## Before and after
#
# Success AUC on held-out videos that no training pair is drawn from, of the untrained network (the
# same pretrained backbone with a random neck) and of the trained one. The interval is that of the
# gain: 95 % interval over source videos and seeds, paired. Where it contains 0, the training
# cannot be said to have helped. A random neck spoils some of what the backbone knows already, so a
# part of the gain only makes up for that.

# %%
for path in training:
    display(show.table(tables.training(Path(path))), show.downloads(path))

# %%
show.figure(figures, "fig16")

# %% [markdown]
# ## The same frame, seen by each loss

# %%
show.figure(figures, "fig07")

# %% [markdown]
# ## Score over time
#
# The sequence is the one on which the losses differ most, not picked by hand; so the figure
# exaggerates. A tracker's score is its own confidence: losses are not calibrated alike, so compare
# where a curve falls, not how high it is.

# %%
show.figure(figures, "fig14")

# %%
show.rest(figures)
