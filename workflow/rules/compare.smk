# compare: each cell beside the reference cell and the paper, then all cells in the scorecard, and the
# tables.


rule compare:
    input:
        scores=lambda wildcards: STUDY.scores_of(wildcards.cell),
        reference=lambda wildcards: STUDY.reference_scores(wildcards.cell),
        paper=PAPER,
    output:
        paths.COMPARISON,
    log:
        "logs/compare/{cell}.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        cell=lambda wildcards: cell_info(STUDY, wildcards.cell),
        reference=lambda wildcards: STUDY.reference_of(wildcards.cell),
        paper=folder_of("paper"),
        code=code_of("dslt.commands.compare"),
    shell:
        "dslt compare cell --cell {wildcards.cell} --cell-info {params.cell:q}"
        " --reference {params.reference} --score {input.scores:q} --reference-score {input.reference:q}"
        " --paper {params.paper:q} --out {output:q} > {log} 2>&1"


rule scorecard:
    input:
        cells=COMPARED,
        scores=[path for cell in STUDY.cells_run for path in STUDY.scores_of(cell)],
        records=CONVERGED.values(),
        validations=STUDY.validations.values(),
        confidence=confidence.files(STUDY).values(),
        paper=PAPER,
        claims=CLAIMS,
    output:
        report(
            paths.SCORECARD,
            caption="../report/scorecard.rst",
            category="Scorecard",
        ),
    log:
        "logs/compare/scorecard.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        records=assignments(CONVERGED),
        validations=assignments(STUDY.validations),
        paper=folder_of("paper"),
        claims=folder_of("claims"),
        sensitivity=[*SENSITIVITY, "--sensitivity", paths.SENSITIVITY],
        found=sha256_if_there(paths.SENSITIVITY),
        code=code_of("dslt.commands.compare"),
    shell:
        "dslt compare scorecard --compare {input.cells:q} --score {input.scores:q}"
        " --convergence {params.records:q} --validation {params.validations:q}"
        " --confidence {input.confidence:q} --paper {params.paper:q} --claims {params.claims:q}"
        " {params.sensitivity:q} --out {output:q} > {log} 2>&1"


rule compare_training:
    input:
        STUDY.validations.values(),
    output:
        paths.TRAINING_GAINS,
    log:
        "logs/compare/training.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        validations=assignments(STUDY.validations),
        code=code_of("dslt.commands.compare"),
    shell:
        "dslt compare training --validation {params.validations:q}"
        " --out {output:q} > {log} 2>&1"


for _table, _job in TABLES.items():

    rule:
        name:
            f"table_{_table}"
        input:
            _job.files,
        output:
            csv=report(
                paths.TABLE.format(table=_table, kind="csv"),
                caption=f"../report/{_table}.rst",
                category="Tables",
            ),
            md=paths.TABLE.format(table=_table, kind="md"),
            tex=paths.TABLE.format(table=_table, kind="tex"),
        log:
            f"logs/compare/{_table}.log",
        threads: 1
        resources:
            mem_mb=growing(1000),
        params:
            table=_table,
            options=_job.options,
            stem=subpath(output.csv, strip_suffix=".csv"),
            code=code_of("dslt.commands.table", TABLE_CATALOG[_table].module),
        shell:
            "dslt table {params.table} {params.options:q} --out {params.stem:q} > {log} 2>&1"


rule tables:
    input:
        expand(paths.TABLE, table=TABLES, kind=["csv", "md", "tex"]),


rule ablation:
    input:
        COMPARED,
        TRAINED_COMPARED,
        paths.SCORECARD,
