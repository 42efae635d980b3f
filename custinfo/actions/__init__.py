"""What people do: check the actor, check the state, write and audit. One file for each noun."""
