"""Classification: Ibis tables in, Ibis tables out, nothing else touched. The rules are data: `data/rules/`."""
