"""Hook points joined to history: which there are, since when, where the kernel runs a program."""
