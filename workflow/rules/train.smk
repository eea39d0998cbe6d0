# train: the offline training of networks, and first-frame training alone, recorded up to a
# cap. Both read training settings only, so a changed tracking value reruns none of it.


# The state of a training that was broken off lies outside its outputs, in a folder that is named
# after everything that decides the result, so the same training goes on from it and no other.
rule train:
    input:
        indexes=lambda wildcards: list(DATA.set_indexes(wildcards.cell).values()),
        backbone=fetched_weights,
        validated=expand(paths.INDEX, benchmark=SETTINGS.training.validated_on),
        clips=[file for name in SETTINGS.training.validated_on for file in CLIPS[name]],
    output:
        model=paths.MODEL,
        origin=f"{paths.TRAINED}/model.json",
        log=f"{paths.TRAINED}/log.csv",
        validation=paths.VALIDATION,
        steps=f"{paths.TRAINED}/steps.jsonl",
    log:
        "logs/train/{cell}/seed{seed}.log",
    benchmark:
        "benchmarks/train/{cell}/seed{seed}.tsv"
    threads: SETTINGS.training.threads + SETTINGS.training.workers
    resources:
        gpu=GPU,
        mem_mb=growing(SETTINGS.jobs.train.mem_mb),
        runtime=SETTINGS.jobs.train.runtime,
        skip=SETTINGS.training.skip_non_finite,  # a parameter would train again when it changes
    params:
        settings=lambda wildcards: STUDY.offline[wildcards.cell].settings,
        sets=lambda wildcards: STUDY.offline[wildcards.cell].sets,
        validation=lambda wildcards: repeat(
            "--validation", filter(None, [STUDY.offline[wildcards.cell].validation])
        ),
        indexes=lambda wildcards: assignments(DATA.set_indexes(wildcards.cell)),
        validated=lambda wildcards, input: repeat("--validation-index", input.validated),
        folder=subpath(output.model, parent=True),
        place=PLACE,
        threads=SETTINGS.training.threads,
        code=code_for("train", "network", "task", "pairs", "tracker"),
        own=lambda wildcards: DATA.own_content[wildcards.cell],
        libraries=libraries(),
    shell:
        "dslt train --cell {wildcards.cell} --settings {params.settings:q}"
        " --training-sets-definition {params.sets:q} --training-index {params.indexes:q}"
        " {params.validation:q} {params.validated:q}"
        " --seed {wildcards.seed} --threads {params.threads}"
        f" --workers {SETTINGS.training.workers} --skip-non-finite {{resources.skip}}"
        " {params.place} --states state/train --out {params.folder:q} > {log} 2>&1"


rule converge:
    input:
        index=paths.INDEX,
        clips=lookup("{benchmark}", within=CLIPS),
        backbone=fetched_weights,
    output:
        csv=paths.FIRST_FRAMES,
        maps=paths.FIRST_FRAME_MAPS,
    log:
        "logs/train/{cell}/{benchmark}/seed{seed}.log",
    benchmark:
        "benchmarks/train/{cell}/{benchmark}/seed{seed}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=growing(SETTINGS.jobs.track.mem_mb),
        runtime=SETTINGS.jobs.track.runtime,
    params:
        settings=lookup("{cell}", within=CELL_TRAINING),
        sequences=lambda wildcards: STUDY.among(wildcards.benchmark),
        iterations=SETTINGS.convergence.iterations,
        place=PLACE,
        code=code_for("converge", "first_frame"),
        own=lambda wildcards: DATA.own_content[wildcards.cell],
        libraries=libraries(),
    shell:
        "dslt converge --cell {wildcards.cell} --settings {params.settings:q}"
        " --index {input.index:q} --sequence {params.sequences:q} --seed {wildcards.seed}"
        " --threads {threads} --iterations {params.iterations}"
        " {params.place} --states state/converge --csv {output.csv:q} --maps {output.maps:q}"
        " > {log} 2>&1"
