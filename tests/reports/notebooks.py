"""Small notebooks in the place of those that were reviewed: a worker runs them without any figures."""

import nbformat

from custinfo.reports import known, places


def reviewed(monkeypatch, folder, sources, name="monthly"):
    """A notebook of that name whose code cells are `sources`, behind the parameters; listed as one that may be run."""
    parameters = nbformat.v4.new_code_cell('period = as_of = language = ""', id="parameters")
    parameters.metadata["tags"] = ["parameters"]
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    notebook = nbformat.v4.new_notebook(cells=[parameters, *cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    listed(monkeypatch, folder, notebook, name)


def listed(monkeypatch, folder, notebook, name="monthly"):
    """Put a notebook where `places.NOTEBOOKS` will be, listed as one that may be run."""
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")
    (folder / known.LIST).write_text(f'{name} = "{known.digest(folder / f"{name}.ipynb")}"\n')
    monkeypatch.setattr(places, "NOTEBOOKS", folder)
