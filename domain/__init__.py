"""The rules of post-loan management (贷后管理): pure, without I/O, clock or framework."""
