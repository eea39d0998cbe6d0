# score: one cell, benchmark and seed, by the benchmark's protocol; and the confidence of a cell's
# trackers in all of its one-pass runs, seconds for all of them in one process.


rule score:
    input:
        index=paths.INDEX,
        boxes=lambda wildcards: STUDY.box_files(
            wildcards.cell, wildcards.benchmark, wildcards.seed, ".txt", ".csv"
        ),
    output:
        paths.SCORE,
    log:
        "logs/score/{cell}/{benchmark}/seed{seed}.log",
    threads: 1
    resources:
        mem_mb=growing(SETTINGS.jobs.score.mem_mb),
        runtime=SETTINGS.jobs.score.runtime,
    params:
        folder=lambda wildcards: STUDY.result_folder(
            wildcards.cell, wildcards.benchmark, wildcards.seed
        ),
        sequences=lambda wildcards: STUDY.among(wildcards.benchmark),
        origin=lambda wildcards: STUDY.result_origin(
            wildcards.cell, wildcards.benchmark
        ),
        protocol=lookup("{benchmark}", within=PROTOCOLS),
        code=code_of("dslt.commands.score"),
    shell:
        "dslt score --index {input.index:q} --sequence {params.sequences:q}"
        " --results {params.folder:q} --box-origin {params.origin} --protocol-definition {params.protocol:q}"
        " --cell {wildcards.cell} --seed {wildcards.seed} --json {output:q} > {log} 2>&1"


rule confidence:
    input:
        indexes=lambda wildcards: confidence.indexes(STUDY, wildcards.cell),
        scores=lambda wildcards: confidence.scores(STUDY, wildcards.cell),
    output:
        paths.CONFIDENCE,
    log:
        "logs/score/{cell}/confidence.log",
    threads: 1
    resources:
        mem_mb=growing(SETTINGS.jobs.score.mem_mb),
        runtime=SETTINGS.jobs.score.runtime,
    params:
        runs=lambda wildcards: assignments(confidence.runs(STUDY, wildcards.cell)),
        sequences=lambda wildcards: confidence.sequences(STUDY, wildcards.cell),
        protocol=confidence.protocol_json(STUDY),
        code=code_of("dslt.commands.confidence"),
    shell:
        "dslt confidence --cell {wildcards.cell} --index {input.indexes:q} --run {params.runs:q}"
        " --sequence {params.sequences:q} --protocol-definition {params.protocol:q}"
        " --out {output:q} > {log} 2>&1"
