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
# # Ablation: which loss tracks best
#
# Within a tracker, backbone and learning rates are the same and only the loss differs: the
# regression loss of DSLT, the classification loss of SiamFC. The cells of the preset `lite` carry
# the comparison. The preset `paper` keeps the settings printed in the paper, and `released` those
# of the authors' code, both on the same small backbone: they are on record here because settings
# made for other features are not expected to suit it.

# %% tags=["parameters"]
table = []
compare = []
figures = []

# %%
from pathlib import Path

from IPython.display import Markdown, display

from dslt.report import show, tables

# %% [markdown]
# ## Table 3
#
# The printed numbers pool OTB-2015 and UAV123; those of the regression part come from DSLT* with
# ResNet-50, the others from SiamRPN with AlexNet. Ours stand beside them for the record; the two
# columns must not be subtracted from each other.

# %%
for path in table:
    display(show.table(tables.read_csv(Path(path))))

# %% [markdown]
# ## Every cell that was run
#
# One table per benchmark: success AUC and precision in percent, means over sequences; on benchmarks
# with resets the expected average overlap, accuracy and failures. Intervals are 95 % bootstrap
# intervals that draw whole source videos and seeds; the difference to the reference cell is paired,
# sequence by sequence, so its interval is the one to look at. Where it contains 0, this study
# cannot tell the two apart.

# %%
for benchmark, frame in tables.comparisons([Path(path) for path in compare]).items():
    display(Markdown(f"### {benchmark}"), show.table(frame))

# %% [markdown]
# ## Success and precision

# %%
show.figure(figures, "fig15")

# %% [markdown]
# ## The same frames, seen by each loss
#
# The sequences are those on which the losses differ most, the frames are evenly spaced: neither was
# picked by hand. By choosing the largest differences the figure exaggerates them; the tables above
# do not.

# %%
show.figure(figures, "fig01")

# %%
show.rest(figures)
