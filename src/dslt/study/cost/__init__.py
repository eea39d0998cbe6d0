"""What a study costs: Snakemake's jobs, hours by measured speeds, disk and downloads."""
