"""Trust when acts misfire or stay hidden."""
