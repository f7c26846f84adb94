"""What the rest asks of the computer: whole files, installed packages, versions, the machine."""
