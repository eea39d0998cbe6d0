"""Where results are: every pattern below `results/` once, for the rules and for the study.

Names in braces are the rules' wildcards; the study fills them in with `str.format`.
"""

from pathlib import Path

from dslt.settings import site

DATA = Path("data")  # what was fetched

INDEX = "results/data/{benchmark}.parquet"
SET_INDEX = "results/data/sets/{set}.parquet"

# An offline training, and the record of first-frame trainings on a benchmark.
TRAINED = "results/train/{cell}/seed{seed}"
MODEL = f"{TRAINED}/model.pt"
TRAINING = f"{TRAINED}/model.json"
VALIDATION = f"{TRAINED}/validation.csv"
FIRST_FRAMES = "results/train/{cell}/{benchmark}/seed{seed}.csv"
FIRST_FRAME_MAPS = "results/train/{cell}/{benchmark}/seed{seed}.npz"

RUN = "results/track/{cell}/{benchmark}/seed{seed}"
BOXES = f"{RUN}/{{sequence}}.txt"
FRAMES = f"{RUN}/{{sequence}}.csv"
TRAINING_RECORD = f"{RUN}/{{sequence}}.training.csv"
RESPONSE = f"{RUN}/{{sequence}}.response.npz"

SCORE = "results/score/{cell}/{benchmark}/seed{seed}.json"
CONFIDENCE = "results/score/{cell}/confidence.json"

COMPARISON = "results/compare/{cell}.json"
SCORECARD = "results/compare/scorecard.csv"
GRID = "results/compare/grid.csv"
SENSITIVITY = "results/compare/sensitivity.csv"
TRAINING_GAINS = "results/compare/training.csv"
TABLE = "results/tables/{table}.{kind}"

FIGURE = "results/figures/{figure}.{kind}"

SITE = "results/report"
PAGE = f"{SITE}/{{page}}.html"
REPORT = f"{SITE}/index.html"
PROVENANCE = f"{SITE}/provenance.html"
# Snakemake's own report holds every file once more, so it is no part of the site.
WORKFLOW_REPORT = "results/workflow/report.html"
# What the pages show or offer stands in the site's own folder, so that it can be copied.
ASSET = f"{SITE}/assets/{{asset}}"
PICTURE = f"{SITE}/figures/{{figure}}.webp"
PRINT = f"{SITE}/figures/{{figure}}.pdf"
PLOT = f"{SITE}/plots/{{figure}}.{{kind}}"
DOWNLOADS = f"{SITE}/tables"
SEQUENCE_PAGE = f"{SITE}/{site.SEQUENCE_PAGE}"
VIDEO = f"{SITE}/videos/{{benchmark}}/{{sequence}}.webm"
