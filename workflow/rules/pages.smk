# pages: a page and a video for each sequence. A video is made of index and frames alone, so no cell
# repeats it; a page shows every cell of its benchmark.
from dslt.study.sequence_pages import matrix_job, sequence_jobs

for _benchmark, _job in sequence_jobs(STUDY).items():

    rule:
        name:
            f"sequences_{_benchmark}"
        input:
            _job.files,
        output:
            expand(
                paths.SEQUENCE_PAGE,
                benchmark=_benchmark,
                sequence=STUDY.sequences[_benchmark],
            ),
        log:
            f"logs/report/sequences/{_benchmark}.log",
        threads: 1
        resources:
            mem_mb=growing(2000),
        params:
            values=_job.options,
            site=[*SITE_PAGES, "--site-folder", paths.SITE],
            folder=subpath(output[0], parent=True),
            code=f"{code_of('dslt.report.sequences.load')} {content_of('report/templates')}",
        shell:
            "dslt report sequences {params.values:q} {params.site:q} --out {params.folder:q}"
            " > {log} 2>&1"

    for _number, _unit in enumerate(
        STUDY.units(_benchmark) if DATA.has_frames(_benchmark) else ()
    ):

        rule:
            name:
                f"videos_{_benchmark}_{_number}"
            input:
                index=expand(paths.INDEX, benchmark=_benchmark),
                clips=CLIPS[_benchmark],
            output:
                expand(paths.VIDEO, benchmark=_benchmark, sequence=_unit),
            log:
                f"logs/report/videos/{_benchmark}/unit{_number}.log",
            threads: 1
            resources:
                mem_mb=growing(1000),
            params:
                sequences=lambda wildcards, output: [Path(path).stem for path in output],
                folder=subpath(output[0], parent=True),
                code=code_of("dslt.report.sequences.video"),
            shell:
                "dslt report videos --index {input.index:q} --sequence {params.sequences:q}"
                " --out {params.folder:q} > {log} 2>&1"


_matrix = matrix_job(STUDY)
MATRIX_CODE = code_of("dslt.report.sequences.load", "dslt.report.sequences.matrix")


rule matrix_page:
    input:
        _matrix.files,
    output:
        paths.PAGE.format(page="sequences"),
    log:
        "logs/report/sequences.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        values=_matrix.options,
        site=SITE_PAGES,
        code=f"{MATRIX_CODE} {content_of('report/templates')}",
    shell:
        "dslt report matrix {params.values:q} {params.site:q} --out {output:q} > {log} 2>&1"


rule sequence_pages:
    input:
        rules.matrix_page.output,
        [
            expand(pattern, benchmark=name, sequence=STUDY.sequences[name])
            for name in STUDY.runs
            for pattern in [paths.SEQUENCE_PAGE]
            + [paths.VIDEO] * DATA.has_frames(name)
        ],
