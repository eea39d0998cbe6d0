"""The pages of the site: what they are called, in which order, and what one finds there."""

from collections.abc import Mapping

# The site's pages by the names of their files, as its navigation calls them and in its order.
SITE: Mapping[str, str] = {
    "index": "Overview",
    "scorecard": "Scorecard",
    "ablation": "Losses",
    "benchmarks": "Trackers",
    "sequences": "Sequences",
    "convergence": "Convergence",
    "offline": "Offline training",
    "confidence": "Confidence",
    "data": "Data",
    "provenance": "Provenance",
}
# What one finds there, on the site's first page.
SITE_WORDS: Mapping[str, str] = {
    "scorecard": "Every claim and number of the paper, with a verdict and an interval.",
    "ablation": "Which loss tracks best, everything else being equal: Table 3, Fig. 1 and 15.",
    "benchmarks": "The comparisons with other trackers: Tables 1 and 2, Fig. 8 to 13, 17 and 18.",
    "sequences": "Every video with the boxes of every tracker on it.",
    "convergence": "How fast each loss trains on a first frame: Fig. 3, 4 and 16.",
    "offline": "What each loss does to a network that is trained offline: Fig. 6, 7, 14 and 16.",
    "confidence": "Does a tracker's score tell when the target is lost?",
    "data": "The videos, their sources and what makes them hard.",
    "provenance": "What each result was made from: settings, data, code and libraries.",
}

# The page of all sequences and that of one, in the site's folder.
MATRIX = "sequences.html"
SEQUENCE_PAGE = "sequences/{benchmark}/{sequence}.html"
