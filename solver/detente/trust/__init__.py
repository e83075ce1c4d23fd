"""A partner who may not keep the agreement: how much trust it needs, what moves reveal, what can stand in for trust."""
