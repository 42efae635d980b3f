"""What people touch: one widget per page, drawn by hand-written scripts, with every action authorised in Python."""
