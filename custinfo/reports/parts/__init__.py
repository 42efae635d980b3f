"""What several kinds of report are put together from: periods side by side, plans, what made a change, the trend."""
