# site: the files beside the report's pages. All that they show or offer stands in the site's own
# folder, which can so be copied to any web server.
from dslt.core.fingerprint import content, content_of
from dslt.study.site import page_jobs, provenance_job, site_pages

PAGES = page_jobs(STUDY, DRAWN, TABLES)
PROVENANCE = provenance_job(STUDY)
OFFERED = [
    *expand(paths.TABLE, table=TABLES, kind=["csv", "md", "tex"]),
    *TRAINED_COMPARED,
    paths.SCORECARD,
]
SITE_PAGES = repeat("--site", site_pages(PAGES))


rule site_assets:
    output:
        expand(
            paths.ASSET,
            asset=["vega.js", *(path.name for path in content("report/assets"))],
        ),
    log:
        "logs/report/assets.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        folder=subpath(output[0], parent=True),
        code=code_of("dslt.report.files"),
        content=content_of("report/assets"),
    shell:
        "dslt report assets --out {params.folder:q} > {log} 2>&1"


# The tables as files, for those who want to go on with them.
rule site_tables:
    input:
        OFFERED,
    output:
        [f"{paths.DOWNLOADS}/{Path(path).name}" for path in OFFERED],
    log:
        "logs/report/tables.log",
    threads: 1
    resources:
        mem_mb=growing(500),
    params:
        folder=subpath(output[0], parent=True),
    shell:
        "cp {input:q} {params.folder:q} > {log} 2>&1"


for _figure in [name for name in DRAWN if CATALOG[name].plot]:

    rule:
        name:
            f"plot_{_figure}"
        input:
            FIGURES[_figure].files,
        output:
            expand(paths.PLOT, figure=_figure, kind=["js", "csv"]),
        log:
            f"logs/report/plots/{_figure}.log",
        threads: 1
        resources:
            mem_mb=growing(1000),
        params:
            figure=_figure,
            options=FIGURES[_figure].options,
            stem=subpath(output[0], strip_suffix=".js"),
            code=code_of("dslt.commands.plot", CATALOG[_figure].plot),
        shell:
            "dslt plot {params.figure} {params.options:q} --out {params.stem:q} > {log} 2>&1"


rule site_figure:
    input:
        png=expand(paths.FIGURE, kind="png", allow_missing=True),
        pdf=expand(paths.FIGURE, kind="pdf", allow_missing=True),
    output:
        picture=paths.PICTURE,
        pdf=paths.PRINT,
    log:
        "logs/report/figures/{figure}.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        code=code_of("dslt.report.files"),
    shell:
        "dslt report picture --picture {input.png:q} --out {output.picture:q} > {log} 2>&1"
        " && cp {input.pdf:q} {output.pdf:q} 2>> {log}"
