"""Result files of other toolkits, read and written, one module per form.

`layouts` finds the files of a folder by its structure, `otb_mat` and `vot` know what is inside them
(boxes as text are `dslt.geometry.boxes`), `seconds` reads the records of time, and `archive` writes
files to a folder or a zip file. `dslt.score.export` puts the files of a toolkit together.
"""
