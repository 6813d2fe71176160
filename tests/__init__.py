"""Every rule and every door, tried."""
