# The whole study; `snakemake --cores 8 all` runs it, `snakemake -n` shows what is left to do.
configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/track.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.figures.input,
        rules.ablation.input,
        rules.report.input,


# One cell: `snakemake results/compare/<cell>.json`. The named targets:
#   quick     two cells, three clips, one figure
#   track     the boxes of every cell
#   tables, figures, ablation, report
