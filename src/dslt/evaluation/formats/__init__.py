"""Result files of other toolkits, read and written, one module per form.

`layouts` finds the files of a folder by its structure, `otb_mat` and `vot` know what is inside
them (boxes as text are `dslt.boxes`), `seconds` reads the records of time, `exporting` puts the
files of a toolkit together and `archive` writes them to a folder or a zip file.
"""
