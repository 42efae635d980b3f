"""Who may (permissions), in which state (policies), which fields (visibility). Default deny; all of it is data."""
