# sensitivity: what depends on choices of ours. None of it is a part of `all`.


# Verdicts about pairs of cells with constants of tracking moved. The scorecard takes what is there:
# not as an input, which would be made, but by its digest.
rule sensitivity:
    input:
        scores=sensitivity_scores(STUDY),
    output:
        paths.SENSITIVITY,
    log:
        "logs/compare/sensitivity.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        pairs=SENSITIVITY,
        changes=all_changes(STUDY),
        code=code_of("dslt.commands.compare"),
    shell:
        "dslt compare sensitivity --score {input.scores:q} {params.pairs:q}"
        " --change {params.changes:q} --out {output:q} > {log} 2>&1"


# Every cell that runs, with what was set in it and its scores: the results of a grid of settings.
rule grid:
    input:
        scores=[path for cell in STUDY.cells_run for path in STUDY.scores_of(cell)],
    output:
        paths.GRID,
    log:
        "logs/compare/grid.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        cells=assignments(STUDY.choices),
        code=code_of("dslt.commands.compare"),
    shell:
        "dslt compare grid --score {input.scores:q} --cell {params.cells:q} --out {output:q}"
        " > {log} 2>&1"
