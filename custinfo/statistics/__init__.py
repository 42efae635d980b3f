"""Figures from the lake's tables: Ibis expressions in, Ibis expressions out; nothing is read, written or drawn here."""
