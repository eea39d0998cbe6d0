# data: what is fetched (clips from the package index, published data and weights from their hosts),
# and one index per benchmark and training set. Unpacked frames are no rule's output: a receipt stands
# for them. The command `dslt index` makes both kinds of index, so each rule fingerprints the module
# that makes its own: a change of the training sets' code makes no benchmark's index again. What was
# fetched is known by its checksums, so no change of code fetches it again.


for _name, _fetch in DATA.fetches.items():

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
        shell:
            "dslt fetch {params.name} --definition {params.definition:q} --out data/downloads/clips"
            " > {log} 2>&1"


for _name, _fetch in DATA.weights.items():

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
            mem_mb=growing(SETTINGS.jobs.fetch.mem_mb),
            runtime=SETTINGS.jobs.fetch.runtime,
        params:
            name=_name,
            definition=_fetch.definition,
        shell:
            "dslt fetch {params.name} --definition {params.definition:q} --data data > {log} 2>&1"


rule fetch_download:
    output:
        "data/downloads/{download}/receipt.json",
    log:
        "logs/data/fetch_{download}.log",
    threads: 1
    resources:
        network=1,
        mem_mb=growing(SETTINGS.jobs.fetch.mem_mb),
        runtime=SETTINGS.jobs.fetch.runtime,
    params:
        definition=lookup("{download}", within=STUDY.downloads),
        # As `lanes` in track.smk, not recorded.
        agreed=lambda wildcards, output: ["--agree"]
        * (wildcards.download in SETTINGS.agreed),
    shell:
        "dslt fetch {wildcards.download} --definition {params.definition:q} {params.agreed}"
        " --data data > {log} 2>&1"


rule fetch:
    input:
        DATA.fetched,


rule index:
    input:
        clips=lookup("{benchmark}", within=CLIPS),
        receipt=lambda wildcards: DATA.receipts(wildcards.benchmark),
        truth=lambda wildcards: STUDY.benchmarks[wildcards.benchmark].input_files(),
    output:
        paths.INDEX,
    log:
        "logs/data/{benchmark}.log",
    threads: SETTINGS.jobs.index.threads
    resources:
        mem_mb=growing(SETTINGS.jobs.index.mem_mb),
        runtime=SETTINGS.jobs.index.runtime,
    params:
        definition=lookup("{benchmark}", within=STUDY.definitions),
        download=lambda wildcards: repeat(
            "--download-definition", DATA.download_definitions(wildcards.benchmark)
        ),
        listing=lambda wildcards: DATA.listing(wildcards.benchmark),
        code=code_of("dslt.data.benchmarks.build_index"),
        libraries=libraries(),
    shell:
        "dslt index {wildcards.benchmark} --definition {params.definition:q}"
        " {params.download:q} --data data --jobs {threads} --out {output:q} > {log} 2>&1"


rule index_set:
    input:
        receipt=lambda wildcards: DATA.set_receipts(wildcards.set),
    output:
        paths.SET_INDEX,
    log:
        "logs/data/sets/{set}.log",
    threads: SETTINGS.jobs.index.threads
    resources:
        mem_mb=growing(SETTINGS.jobs.index.mem_mb),
        runtime=SETTINGS.jobs.index.runtime,
    params:
        definition=lambda wildcards: DATA.set_definition(wildcards.set),
        code=code_of("dslt.data.pairs.sets.open"),
        libraries=libraries(),
    shell:
        "dslt index {wildcards.set} --definition {params.definition:q} --data data"
        " --jobs {threads} --out {output:q} > {log} 2>&1"
