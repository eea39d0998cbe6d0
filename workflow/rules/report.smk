# report: the pages of the site, most of them notebooks, and Snakemake's own report with the
# provenance of every result. The files beside the pages are in site.smk.
#
# What the notebooks import; a notebook's own text is an input of its page.
NOTEBOOK_MODULES = [
    f"dslt.{name}"
    for name in (
        "report.show",
        "report.table1",
        "report.table3",
        "report.tables",
        "report.confidence",
        "figures.balance",
    )
]
# Of every rule that writes pages.
TEMPLATES = content_of("report/templates")


for _page, _job in PAGES.items():

    rule:
        name:
            f"page_{_page}"
        input:
            notebook=here_or_source(f"notebooks/{_page}.py"),
            files=_job.files,
        output:
            paths.PAGE.format(page=_page),
        log:
            notebook=f"logs/report/{_page}.ipynb",
            text=f"logs/report/{_page}.log",
        threads: 1
        resources:
            mem_mb=growing(2000),
        params:
            values=_job.options,
            moved=sha256_if_there(paths.SENSITIVITY) if _page == "scorecard" else "",
            site=SITE_PAGES,
            code=f"{TEMPLATES} {code_of('dslt.report.page', *NOTEBOOK_MODULES)}",
        shell:
            "dslt report page --notebook {input.notebook:q} {params.values:q} {params.site:q}"
            " --executed {log.notebook:q} --out {output:q} > {log.text} 2>&1"


rule index_page:
    input:
        scorecard=paths.SCORECARD,
    output:
        paths.REPORT,
    log:
        "logs/report/index.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        site=SITE_PAGES,
        code=f"{TEMPLATES} {code_of('dslt.report.index')}",
    shell:
        "dslt report index {params.site:q} --scorecard {input.scorecard:q}"
        " --out {output:q} > {log} 2>&1"


rule provenance_page:
    input:
        PROVENANCE.files,
    output:
        paths.PROVENANCE,
    log:
        "logs/report/provenance.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        site=SITE_PAGES,
        options=PROVENANCE.options,
        libraries=libraries(),
        code=f"{TEMPLATES} {code_of('dslt.report.provenance')}",
    shell:
        "dslt report provenance {params.site:q} {params.options:q}"
        " --libraries {params.libraries:q} --out {output:q} > {log} 2>&1"


# The annotated report needs the records of finished jobs, so it comes last, from a second Snakemake
# that only reads (hence no lock) under the same configuration.
rule workflow_report:
    input:
        rules.tables.input,
        rules.figures.input,
        rules.ablation.input,
    output:
        paths.WORKFLOW_REPORT,
    log:
        "logs/report/workflow.log",
    threads: 1
    resources:
        mem_mb=growing(1000),
    params:
        snakefile=os.path.relpath(workflow.main_snakefile),
        overlays=overlays(),
        values=[
            f"{k}={json.dumps(v)}" for k, v in workflow.config_settings.config.items()
        ],
    shell:
        "snakemake -s {params.snakefile:q} --nolock --report {output:q} {params.overlays:q}"
        " --config {params.values:q} -- {input:q} > {log} 2>&1"


rule report:
    input:
        paths.REPORT,
        paths.PROVENANCE,
        expand(paths.PAGE, page=PAGES),
        rules.site_assets.output,
        rules.site_tables.output,
        rules.sequence_pages.input,
        paths.WORKFLOW_REPORT,
