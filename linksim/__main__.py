"""`python -m linksim`: the command line."""

from linksim.cli import main

if __name__ == "__main__":
    main()
