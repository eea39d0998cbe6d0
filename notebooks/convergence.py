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
# # Convergence: what each loss does to the first-frame training
#
# A tracker of this kind learns its regression from the first frame alone, in a few dozen steps.
# Almost all cells of the response map belong to the background and are easy; the paper's argument
# is that their sheer number drowns the few hard ones, and that shrinking the loss of the easy ones
# makes the training faster and the tracker better. This page looks at the first half of that.

# %% tags=["parameters"]
convergence = []
figures = []

# %%
from dslt.figures import balance
from dslt.figures import fig16 as convergence_module
from dslt.report import show
from dslt.report.links import by_cell

# %% [markdown]
# ## The losses
#
# With the error *l* of a cell, L2 is its square and L3 its cube. The shrinkage loss multiplies the
# square by a factor between 0 and 1 that rises steeply around *l* = *c*: large errors keep their L2
# loss, small ones lose most of it. L3 shrinks all errors below 1, the large ones too.

# %%
show.figure(figures, "fig04")

# %% [markdown]
# ## The imbalance
#
# Patch, label and the responses after training on one first frame, and how many cells of the map
# are left with which error. The maps are those at the end of the recorded training: where both the
# loss's own value and the common criterion (see *Speed*) have converged, or else at the cap
# (`convergence.iterations`, 2,000 by default); so the number of steps differs between losses. The
# axis of counts is logarithmic.

# %%
show.figure(figures, "fig03")

# %% [markdown]
# ## Speed
#
# Every loss trains from the same start on the same first frames. A training counts as converged
# when the mean of five successive values is below a twentieth of the first value. It is recorded
# until both values below have converged, for at least 100 iterations and at most the cap.
#
# Which value? A loss's *own* value is what the paper's figure and the released code use, but it
# cannot be compared between losses: the cube of a small number is smaller than its square, so L3
# "converges" early by construction. The *common criterion* is therefore shown beside it: the sum of
# squared errors with the weight exp(Y), the same for all losses. Trainings that never got there are
# drawn as hollow triangles at the cap and counted, not left out.

# %%
show.figure(figures, "fig16")

# %%
show.table(by_cell(convergence_module.summary(convergence_module.load(convergence)), "loss"))

# %% [markdown]
# The *mean* includes trainings that did not converge with the cap in their place, so it is a lower
# bound wherever *converged* is smaller than *runs*.
#
# What differs from the paper: in the default study the features come from EfficientNet-Lite0. Each
# cell's preset is in its label; the default study records the preset `paper`. The paper prints no
# numbers for this figure, so there is nothing to compare digit by digit; the scorecard judges its
# claim that shrinkage needs fewer iterations.

# %% [markdown]
# ## The balance of the two branches
#
# The response is the sum of two heads, one on the fused map of both taps and one on the deep tap
# alone. How much of the trained response's peak does the fused head give? The paper's two learning
# rates, 40 to 1, are there to balance the heads; where one gives next to nothing, what the study
# says about the residual connections says little.

# %%
show.table(by_cell(balance.shares(convergence), "loss"))

# %%
show.rest(figures)
