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
# Two kinds of statements are kept apart. A printed **claim**, such as "shrinkage beats L2", is
# judged on our own data, video by video. Claims belong to families, each with one metric; p values
# are corrected for the family, so that in a family without any effect a verdict comes up in at most
# one of twenty studies:
#
# - *supported*: the difference has the claimed sign;
# - *contradicted*: it has the opposite sign;
# - *no difference*: the whole interval is within a bound that counts as none;
# - *inconclusive*: none of these can be told, or there are too few videos or seeds to tell;
# - *not run*: this study did not run cells for it.
#
# A printed **number** is compared only where preset, backbone, training data, benchmark and
# protocol are the same as the paper's; elsewhere it is *not comparable*, however close it may look.
# It is *supported* where the mean over at least three seeds lies within a stated tolerance, with
# its interval over seeds. A noisy result supports nothing.

# %% tags=["parameters"]
scorecard = None
sensitivity = None
key = None
figures = []

# %%
from pathlib import Path

from IPython.display import display

from dslt.report import show, summary, tables

path = Path(scorecard)

# %%
for sentence in summary.sentences(path):
    display(show.note(sentence))

# %%
show.table(tables.verdicts(path))

# %% [markdown]
# ## Claims
#
# Each of our benchmarks gives a verdict of its own. Differences are in percentage points for scores
# and in iterations for convergence, where fewer is better.

# %%
show.statements(tables.claims(path))

# %% [markdown]
# ### Do they depend on constants of tracking?
#
# The paper prints few of the constants by which a tracker decides. The target `sensitivity` moves
# ours, most of them down and up, and the release's gate on, in both cells of a pair alike; a
# verdict that changes is *inconclusive*. The note of a claim says where nobody has looked.
# Differences are in percentage points, with `+` for *supported*, `-` for *contradicted* and `?` for
# *inconclusive*, each as if it were the only claim.

# %%
show.note(tables.state_of_sensitivity(Path(sensitivity), key))

# %%
show.table(tables.sensitivity(Path(sensitivity)))

# %% [markdown]
# ## Numbers

# %%
show.statements(tables.numbers(path))

# %%
show.downloads(path)

# %% [markdown]
# ## Claims of ours
#
# What the paper does not ask: does the loss change what a tracker's score is worth? They are
# corrected in families of their own; the page on confidence says what they are about.

# %%
show.statements(tables.own_claims(path))

# %% [markdown]
# *Inconclusive* is a statement about this study, not about the paper: a few source videos rarely
# separate losses that differ by one or two points.

# %%
show.rest(figures)
