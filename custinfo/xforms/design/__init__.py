"""Checks of an XLSForm as its designer wrote it: each finding names sheet, row and column."""
