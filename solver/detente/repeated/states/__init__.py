"""Games with physical states: truce, lapse, dispute, renewal."""
