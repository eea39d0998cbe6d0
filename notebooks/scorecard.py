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
# # Scorecard: the paper's statements and ours
#
# Two kinds of statements are kept apart. A printed **number** is compared only where preset,
# backbone, training data, benchmark and protocol are the same as the paper's; elsewhere it is *not
# comparable*, however close it may look. A number is *supported* where our 95 % interval holds it,
# which noisy data make easier. A printed **claim**, such as "shrinkage beats L2", is judged on our
# own data by the paired 95 % interval of the difference:
#
# - *supported*: the whole interval has the claimed sign;
# - *contradicted*: the whole interval has the opposite sign;
# - *inconclusive*: the interval contains 0, or there are too few independent videos to tell;
# - *not run*: this study has no cell for it yet.
#
# The intervals are per claim, without correction for the number of claims: of forty orderings
# without any effect, two would be expected to get a verdict by chance.

# %% tags=["parameters"]
scorecard = None
sensitivity = None
key = None
figures = []

# %%
from pathlib import Path

from dslt.report import show, tables

path = Path(scorecard)

# %%
show.table(tables.verdicts(path))

# %% [markdown]
# ## Claims
#
# Each of our benchmarks gives a verdict of its own. Differences are in percentage points for scores
# and in iterations for convergence, where fewer is better.

# %%
show.table(tables.claims(path))

# %% [markdown]
# ### Do they depend on constants of tracking?
#
# The paper prints few of the constants by which a tracker decides. The target `sensitivity` moves
# ours down and up, and switches devices off, in both cells of a claim alike; a verdict that changes
# is *inconclusive*. Differences are in percentage points, with `+` for *supported*, `-` for
# *contradicted* and `?` for *inconclusive*.

# %%
show.note(tables.state_of_sensitivity(Path(sensitivity), key))

# %%
show.table(tables.sensitivity(Path(sensitivity)))

# %% [markdown]
# ## Numbers

# %%
show.table(tables.numbers(path))

# %% [markdown]
# *Inconclusive* is a statement about this study, not about the paper: a few source videos rarely
# separate losses that differ by one or two points.

# %%
show.rest(figures)
