# track: one rule per unit, a few sequences of one benchmark in one process (`unit_size`). How the
# sequences are cut into units is no parameter: another cut finds the same files and reruns nothing.
# Snakemake removes the outputs of a job that fails; what is done of a unit waits in state/track.
from dslt.study.producers import look_up_by_end

look_up_by_end()  # each sequence of each benchmark is an output that begins as the others do
DECODERS = 4
# OpenCV's trackers use no network: neither a GPU nor another engine changes them.
learns = lambda wildcards: STUDY.cells[wildcards.cell].entry.learns != "never"
gpus_of = lambda wildcards: GPU * learns(wildcards)


for _benchmark in STUDY.benchmarks_used:
    for _number, _unit in enumerate(STUDY.units(_benchmark)):
        _folder = f"{{cell}}/{_benchmark}/seed{{seed}}"

        rule:
            name:
                f"track_{_benchmark}_{_number}"
            input:
                index=expand(paths.INDEX, benchmark=_benchmark),
                clips=CLIPS[_benchmark],
                weights=lambda wildcards: STUDY.weights(wildcards.cell, wildcards.seed),
                backbone=fetched_weights,
            output:
                boxes=of_unit(paths.BOXES, _benchmark, _unit),
                records=of_unit(paths.FRAMES, _benchmark, _unit),
                training=of_unit(paths.TRAINING_RECORD, _benchmark, _unit),
            log:
                f"logs/track/{_folder}/unit{_number}.log",
            benchmark:
                f"benchmarks/track/{_folder}/unit{_number}.tsv"
            # On a GPU for the frames, which are decoded ahead; torch has one thread anywhere.
            threads: lambda wildcards: DECODERS if gpus_of(wildcards) else 1
            resources:
                gpu=gpus_of,
                mem_mb=growing(SETTINGS.jobs.track.mem_mb),
                runtime=SETTINGS.jobs.track.runtime,
            params:
                settings=lookup("{cell}", within=CELL_SETTINGS),
                sequences=sequences_of,
                folder=subpath(output[0], parent=True),
                place=lambda wildcards: PLACE if learns(wildcards) else "--device cpu",
                protocol=SUPERVISED[_benchmark],
                weights=lambda wildcards, input: repeat("--weights", input.weights),
                lockstep=lambda wildcards: (
                    SETTINGS.lockstep if learns(wildcards) else "never"
                ),
                lanes=lambda wildcards, output: LANES,  # as sequences_of, not recorded
                code=code_for("track", "tracker", "network", "lanes"),
                own=lambda wildcards: DATA.own_content[wildcards.cell],
                libraries=libraries(),
            shell:
                "dslt track --cell {wildcards.cell} --settings {params.settings:q}"
                " --index {input.index:q} --sequence {params.sequences:q}"
                " {params.protocol:q} {params.weights:q} --seed {wildcards.seed} --threads 1"
                " {params.place} --lockstep {params.lockstep} {params.lanes} --states state/track"
                " --out {params.folder:q} > {log} 2>&1"


rule respond:
    input:
        index=paths.INDEX,
        clips=lookup("{benchmark}", within=CLIPS),
        weights=lambda wildcards: STUDY.weights(wildcards.cell, wildcards.seed),
        backbone=fetched_weights,
    output:
        paths.RESPONSE,
    log:
        "logs/track/{cell}/{benchmark}/seed{seed}/{sequence}.response.log",
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=growing(SETTINGS.jobs.track.mem_mb),
        runtime=SETTINGS.jobs.track.runtime,
    params:
        settings=lookup("{cell}", within=CELL_SETTINGS),
        place=PLACE,
        code=code_for("respond", "tracker", "network"),
        own=lambda wildcards: DATA.own_content[wildcards.cell],
        libraries=libraries(),
    shell:
        "dslt respond --cell {wildcards.cell} --settings {params.settings:q}"
        " --weights {input.weights:q} --index {input.index:q} --sequence {wildcards.sequence:q}"
        " --threads {threads} {params.place} --out {output:q} > {log} 2>&1"


rule track:
    input:
        STUDY.tracked(),
