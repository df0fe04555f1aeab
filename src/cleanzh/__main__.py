"""``python -m cleanzh`` is the command."""

from cleanzh.cli import main

if __name__ == "__main__":
    main()
