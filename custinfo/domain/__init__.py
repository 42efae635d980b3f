"""What the other layers speak about, in the standard library alone: errors, people, money, time, text."""
