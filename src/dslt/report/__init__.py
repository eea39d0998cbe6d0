"""The report: notebooks rendered to HTML, and one page that links everything."""
