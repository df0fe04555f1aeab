"""``python -m cleanzh`` is the command."""

from cleanzh.cli import command_line

if __name__ == "__main__":
    command_line()
