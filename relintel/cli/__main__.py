"""`python -m relintel.cli`: the command line where the script is not on the path."""

from relintel.cli.main import main

if __name__ == "__main__":
    main()
