# sensitivity: verdicts about pairs of cells with constants of tracking moved. Not a part of `all`,
# whose scorecard takes what is there: not as an input, which would be made, but by its digest.


rule sensitivity:
    input:
        scores=sensitivity_scores(STUDY),
    output:
        paths.SENSITIVITY,
    log:
        "logs/compare/sensitivity.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        pairs=SENSITIVITY,
        changes=moved_by(STUDY),
        bootstrap=BOOTSTRAP,
        code=code_of("dslt.commands.compare"),
    shell:
        "dslt compare sensitivity --score {input.scores:q} {params.pairs:q}"
        " --change {params.changes:q} {params.bootstrap} --out {output:q} > {log} 2>&1"
