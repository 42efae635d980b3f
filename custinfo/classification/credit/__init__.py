"""Credit: what a customer can be trusted with, from scorecard to grade, limit and warning. The rules are data."""
