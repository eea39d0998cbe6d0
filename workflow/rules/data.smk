# data: clips from the package index, and one index per benchmark (sequences, frames, boxes).


for _name, _fetch in STUDY.fetches.items():

    rule:
        name:
            f"fetch_{_name}"
        output:
            _fetch.files,
        log:
            f"logs/data/fetch_{_name}.log",
        threads: 1
        resources:
            network=1,
        params:
            name=_name,
            definition=_fetch.definition,
            code=code_of("dslt.commands.fetch"),
        shell:
            "dslt fetch {params.name} --definition {params.definition:q} --out data/clips"
            " > {log} 2>&1"


rule index:
    input:
        clips=lookup("{benchmark}", within=CLIPS),
        truth=lambda wildcards: STUDY.benchmarks[wildcards.benchmark].input_files(),
    output:
        "results/data/{benchmark}.json",
    log:
        "logs/data/{benchmark}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        definition=lookup("{benchmark}", within=STUDY.definitions),
        listing=lambda wildcards: STUDY.listing(wildcards.benchmark),
        code=code_of("dslt.commands.index"),
        libraries=libraries(),
    shell:
        "dslt index {wildcards.benchmark} --definition {params.definition:q} --data data"
        " --out {output:q} > {log} 2>&1"
