"""Games, agreements and monitoring: what is given, before anything is solved."""
