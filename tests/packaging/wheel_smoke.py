"""Run by wheel_check.sh, outside the checkout: the installed wheel must bring its games."""

from pathlib import Path

import detente as dt
from detente.game.data import games_folder

assert games_folder() == Path(dt.__file__).parent / "_games", games_folder()
assert len(dt.textbook()) >= 25, len(dt.textbook())
assert len(dt.scenarios()) >= 9, dt.scenarios()
solution = dt.solve("london-2025")
solution.verify()
assert solution.equilibria.complete
assert str(solution.regions["grim trigger"]["discount"].least) == "375/704"
print(solution.summary())
