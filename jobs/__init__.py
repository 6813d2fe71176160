"""What runs by the clock: sequencing, expiring proposals, deadlines, sweeping."""
