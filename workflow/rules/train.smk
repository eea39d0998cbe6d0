# train: first-frame training alone, recorded up to a cap. It reads training settings only, so a
# changed tracking value reruns none of it.


rule converge:
    input:
        index="results/data/{benchmark}.json",
        clips=lookup("{benchmark}", within=CLIPS),
    output:
        csv="results/train/{cell}/{benchmark}/seed{seed}.csv",
        maps="results/train/{cell}/{benchmark}/seed{seed}.npz",
    log:
        "logs/train/{cell}/{benchmark}/seed{seed}.log",
    benchmark:
        "benchmarks/train/{cell}/{benchmark}/seed{seed}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=2000,
    params:
        settings=lookup("{cell}", within=CELL_TRAINING),
        iterations=SETTINGS.convergence.iterations,
        device=SETTINGS.device,
        code=code_of("dslt.commands.converge"),
        libraries=libraries(),
    shell:
        "dslt converge --cell {wildcards.cell} --settings {params.settings:q}"
        " --index {input.index:q} --seed {wildcards.seed} --threads {threads} --iterations {params.iterations}"
        " --device {params.device} --csv {output.csv:q} --maps {output.maps:q} > {log} 2>&1"
