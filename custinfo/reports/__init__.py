"""Reports: figures from the lake, the same figures as HTML, PDF and XLSX, built by Papermill from known notebooks."""
