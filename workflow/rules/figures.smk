# figures: one module per figure of the paper, each a PDF for print and a PNG for the screen.

for _name, _job in FIGURES.items():

    rule:
        name:
            f"figure_{_name}"
        input:
            _job.files,
        output:
            png=paths.FIGURE.format(figure=_name, kind="png"),
            pdf=report(
                paths.FIGURE.format(figure=_name, kind="pdf"),
                caption=f"../report/{_name}.rst",
                category="Figures",
            ),
        log:
            f"logs/figures/{_name}.log",
        threads: 1
        resources:
            mem_mb=growing(1000),
        params:
            figure=_job.verb,
            options=_job.options,
            stem=subpath(output.pdf, strip_suffix=".pdf"),
            code=code_of("dslt.commands.figure", CATALOG[_job.verb].module),
        shell:
            "dslt figure {params.figure} {params.options:q} --out {params.stem:q} > {log} 2>&1"


rule figures:
    input:
        expand(paths.FIGURE, figure=DRAWN, kind=["pdf", "png"]),


rule quick:
    input:
        expand(paths.FIGURE, figure="quick", kind=["pdf", "png"]),
