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
# # Confidence: does the score tell where the target is?
#
# Every deep tracker gives its box a score. Whoever uses one wants to know from that score whether
# the target is lost. The paper does not ask this; the questions and claims on this page are ours.
#
# - **Can it keep silent?** If only frames with a score above a threshold are reported, precision is
#   the mean overlap of what is reported, recall the overlap that is found of all visible frames.
#   *F* is their harmonic mean at the best threshold, *Pr* and *Re* are the two there, as in
#   long-term tracking (VOT-LT). Precise boxes raise them, too, not only a good score.
# - **Does it rank?** A frame is a hit where the overlap is at least one half. *AUROC* is the
#   probability that a hit has a higher score than another frame: 0.5 is chance, and how often the
#   tracker fails does not matter. *AP*, the average precision of hits, depends on both.
# - **Does it mean the same elsewhere?** The scores of each video become probabilities of a hit by
#   a monotone map that was fitted on the other videos. *ECE* is how far these probabilities are
#   from the share of hits, on average; 0 is perfect. A score that says nothing can have a small
#   one, so it is read beside AUROC.
# - **TNR**, the true negative rate: of the frames in which the target is not there at all, the
#   share with a score below the threshold of F. It has an interval where six source videos or more
#   have such frames; the default study's have fewer.

# %% tags=["parameters"]
table = []
scorecard = None
figures = []

# %%
from pathlib import Path

from IPython.display import display

from dslt.report import confidence, show, tables

# %% [markdown]
# ## All trackers
#
# In brackets 95 % intervals over source videos and seeds. Differences are paired, video by video,
# and taken to the cell with the shrinkage loss; of ECE, less is better.

# %%
for path in map(Path, table):
    display(show.table(confidence.table(path)), show.note(confidence.left_out(path)))
    display(show.downloads(path))

# %% [markdown]
# ## Curves
#
# The middle panels show why a fixed threshold does not carry over from one loss to another: the
# same score stands for other shares of hits. The right panels show what is left of that once the
# scores are mapped to probabilities on other videos; on the diagonal they are right.

# %%
show.figure(figures, "confidence")

# %% [markdown]
# ## Does the shrinkage loss give a better score?
#
# Claims of ours, judged as the paper's are, but in families of their own: the paper's verdicts are
# the same with and without them. Of each family one metric is judged, AUROC for ranking and ECE
# for the meaning of a score; F and AP are shown beside it.

# %%
show.statements(tables.own_claims(Path(scorecard)))

# %%
show.rest(figures)
