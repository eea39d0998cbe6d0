"""Colours of Okabe and Ito (2008), which colour-blind readers tell apart; no drawing library."""

BLACK, GREY = "#000000", "#6E6E6E"
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
