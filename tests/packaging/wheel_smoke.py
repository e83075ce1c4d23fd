"""Run by wheel_check.sh, outside the checkout: the installed wheel must bring its games."""

from pathlib import Path

import detente as dt
from detente.game.data import games_folder


def main() -> None:
    """Use the catalogue and a scenario of the installed package, and check the answer's certificates."""
    assert games_folder() == Path(dt.__file__).parent / "_games", games_folder()
    assert len(dt.textbook()) >= 25, len(dt.textbook())
    assert len(dt.scenarios()) >= 9, dt.scenarios()
    solution = dt.solve("london-2025")
    solution.verify()
    assert solution.equilibria.complete
    assert str(solution.regions["grim trigger"]["discount"].least) == "375/704"
    print(solution.summary())


if __name__ == "__main__":
    main()
