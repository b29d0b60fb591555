"""Studio: the process that keeps the bases resident, swaps their adapters, writes lines and paints portraits."""
