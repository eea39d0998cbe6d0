# report: notebooks rendered as HTML pages, one page that links them, and Snakemake's own report
# with the provenance of every result.
#
# What the notebooks import; a notebook's own text is an input of its page.
NOTEBOOK_MODULES = [
    f"dslt.{name}"
    for name in ("report.show", "report.tables", "report.confidence", "figures.balance")
]

for _page, _job in PAGES.items():

    rule:
        name:
            f"page_{_page}"
        input:
            notebook=f"notebooks/{_page}.py",
            files=_job.files,
        output:
            report(
                paths.PAGE.format(page=_page),
                caption=f"../report/{_page}.rst",
                category="Pages",
            ),
        log:
            notebook=f"logs/report/{_page}.ipynb",
            text=f"logs/report/{_page}.log",
        threads: 1
        resources:
            mem_mb=2000,
        params:
            values=_job.options,
            moved=sha256_if_there(paths.SENSITIVITY) if _page == "scorecard" else "",
            code=code_of("dslt.commands.report", *NOTEBOOK_MODULES),
        shell:
            "dslt report page --notebook {input.notebook:q} {params.values:q}"
            " --executed {log.notebook:q} --out {output:q} > {log.text} 2>&1"


rule index_page:
    input:
        pages=expand(paths.PAGE, page=PAGES),
        tables=expand(paths.TABLE, table=TABLES, kind="csv"),
        figures=expand(paths.FIGURE, figure=DRAWN, kind="png"),
        cells=COMPARED,
        scorecard=paths.SCORECARD,
    output:
        report(
            paths.REPORT,
            caption="../report/index.rst",
            category="Pages",
        ),
    log:
        "logs/report/index.log",
    threads: 1
    resources:
        mem_mb=500,
    params:
        workflow=paths.WORKFLOW_REPORT,
        code=code_of("dslt.commands.report"),
    shell:
        "dslt report index --page {input.pages:q} --table {input.tables:q}"
        " --figure {input.figures:q} --compare {input.cells:q}"
        " --scorecard {input.scorecard:q} --workflow {params.workflow:q} --out {output:q}"
        " > {log} 2>&1"


# The annotated report needs the records of finished jobs, so it comes last, from a second Snakemake
# that only reads (hence no lock) under the same configuration.
rule workflow_report:
    input:
        rules.tables.input,
        rules.figures.input,
        rules.ablation.input,
        paths.REPORT,
    output:
        paths.WORKFLOW_REPORT,
    log:
        "logs/report/workflow.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        overlays=[
            os.path.relpath(path) for path in workflow.config_settings.configfiles
        ],
        values=[
            f"{k}={json.dumps(v)}" for k, v in workflow.config_settings.config.items()
        ],
    shell:
        "snakemake --nolock --report {output:q} --configfile config.yaml {params.overlays:q}"
        " --config {params.values:q} -- {input:q} > {log} 2>&1"


rule report:
    input:
        paths.REPORT,
        paths.WORKFLOW_REPORT,
