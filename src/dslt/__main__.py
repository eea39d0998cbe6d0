"""`python -m dslt` is `dslt`."""

from dslt.cli import main

if __name__ == "__main__":
    main()
